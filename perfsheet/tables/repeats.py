"""The tables of `--repeat`: the runs side by side, and what every op took in all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from perfsheet.analysis import Analysis
from perfsheet.analysis.repeats import RepeatedRun, Repeats
from perfsheet.analysis.statistics import Spreads
from perfsheet.light_dataclass import dataclass
from perfsheet.tables.column import Column, In, Mark, Table, each
from perfsheet.tables.kinds import COUNT, LABEL, NS, TEXT, YES_NO, Kind
from perfsheet.tables.op_rows import OpRows
from perfsheet.tables.ops import OPS
from perfsheet.tables.spreads import spread_columns, spreads_at

_RUNNING = "docs/running.md"


@dataclass(frozen=True, eq=False)
class RepeatRows(OpRows):
    """Ops of the run that is shown, with what each took in all aligned runs."""

    repeats: Repeats

    @property
    def noisy(self) -> list[bool]:
        """Which of the ops vary more than `--noisy` percent."""
        noisy: list[bool] = self.repeats.noisy[self.positions].tolist()
        return noisy


def repeated_ops(analysis: Analysis, repeats: Repeats) -> RepeatRows:
    """Every op of the run that is shown, in execution order."""
    return RepeatRows(analysis, np.arange(len(analysis.ops)), repeats)


def by_median(analysis: Analysis, repeats: Repeats, count: int | None = None) -> RepeatRows:
    """The first `count` ops by median kernel duration, longest first (None = all; unknown ones come last)."""
    return RepeatRows(analysis, np.argsort(-repeats.median_ns, kind="stable")[:count], repeats)


def columns_of_runs(repeats: Repeats, most: int) -> list[Column[RepeatRows]]:
    """A column with the kernel durations of each aligned run, of the first `most` of them."""

    def durations(line: int) -> Callable[[RepeatRows], Any]:
        return lambda rows: repeats.durations[line, rows.positions]

    aligned = [run for run in repeats.runs if run.aligned][:most]
    return [
        Column(f"run_{line + 1}_ns", run.label, NS, durations(line), "kernel duration in that run", width=12)
        for line, run in enumerate(aligned)
    ]


def _note(run: RepeatedRun) -> str:
    return "shown below" if run.shown else f"left out: {run.difference}" if run.difference else ""


def _role(run: RepeatedRun) -> str:
    return "shown" if run.shown else "aligned" if run.aligned else "left out"


def _tests(run: RepeatedRun) -> str:
    return "failed" if run.tests_failed else "passed" if run.tests else ""


# fmt: off
RUNS: Table[Sequence[RepeatedRun]] = Table(
    "repeats_runs",
    "Runs of this target",
    "The runs of `--repeat` side by side: sheet Summary, the terminal, `repeats.runs` in JSON.",
    (
        Column("label", "Run", LABEL, each(lambda run: run.label), "the run's name", _RUNNING),
        Column("path", "Capture", LABEL, each(lambda run: run.path), "its ops CSV", _RUNNING, outputs=In.JSON),
        Column("ops", "Device ops", COUNT, each(lambda run: run.ops), "device ops of the run", _RUNNING),
        Column("kernel_duration_ns", "Kernel duration", NS, each(lambda run: run.kernel_ns),
            "Σ kernel duration of the run", _RUNNING, short="Kernel"),
        Column("tests", "Tests", TEXT, each(lambda run: run.tests), "what its tests said, in one line", _RUNNING,
            outputs=In.JSON | In.TERMINAL, text=lambda tests: tests or "–",
            tone=lambda runs: ["bad" if run.tests_failed else "" for run in runs], drop=1),
        Column("tests_failed", "Tests failed", YES_NO, each(lambda run: run.tests_failed), "whether a test failed",
            _RUNNING, outputs=In.JSON),
        Column("tests_outcome", "Tests", LABEL, each(_tests), "passed or failed; empty = unknown", _RUNNING,
            outputs=In.SHEET),
        Column("aligned", "Aligned", YES_NO, each(lambda run: run.aligned),
            "whether it has the same ops, in the same order, as most of the runs", _RUNNING, outputs=In.JSON),
        Column("shown", "Shown", YES_NO, each(lambda run: run.shown),
            "whether all other figures are of this run: the aligned one of median kernel time", _RUNNING,
            outputs=In.JSON),
        Column("role", "Role", LABEL, each(_role),
            "shown: all other figures are of this run; aligned: in the statistics; left out: it has other ops",
            _RUNNING, outputs=In.SHEET),
        Column("difference", "Difference", TEXT, each(lambda run: run.difference),
            "where its ops differ from those of the other runs", _RUNNING, outputs=In.JSON | In.SHEET),
        Column("note", "Note", LABEL, each(_note), "role and difference", _RUNNING, outputs=In.TERMINAL, flexible=True,
            tone=lambda runs: ["warn" if run.difference else "quiet" for run in runs]),
    ),
    outputs=In.JSON | In.TERMINAL | In.SHEET,
)


def _noisy_text(noisy: bool) -> str:
    return "noisy" if noisy else ""


_NOISY = Kind("noisy", _noisy_text, bool, cell=_noisy_text, number=False, width=9)


def _noisy(rows: RepeatRows) -> list[bool]:
    return rows.noisy


def _spreads(rows: RepeatRows) -> Spreads:
    return spreads_at(rows.repeats.spreads, rows.positions)


_SETTINGS: dict[str, dict[str, Any]] = {"median_ns": {"bar": True}, "cv_pct": {"mark": Mark("noisy", _noisy)}}

REPEATS: Table[RepeatRows] = Table(
    "repeats_ops",
    "Repeats",
    "What every op took in all aligned runs of `--repeat`: sheet Repeats, the terminal, `repeats.ops` in JSON.",
    (
        OPS["op_code"],
        OPS["device_id"].changed(outputs=In.SHEET),
        OPS["core_count"].changed(outputs=In.SHEET, mark=None),
        *(column.changed(**_SETTINGS.get(column.key, {})) for column in spread_columns(_spreads)),
        OPS["row"].changed(drop=3),
        Column("noisy", "Noise", _NOISY, _noisy, "noisy: CV above `--noisy` percent", _RUNNING,
            tone=lambda rows: ["warn" if noisy else "" for noisy in rows.noisy]),
    ),
    outputs=In.JSON | In.TERMINAL | In.SHEET,
)
