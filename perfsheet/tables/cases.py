"""The tables of `run --split-cases`: the cases side by side, and the kernel time of each op code in all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from perfsheet.analysis.cases import Case, OpCodeOfCases
from perfsheet.analysis.rules import low_core_count, reshard
from perfsheet.analysis.statistics import Spreads
from perfsheet.analysis.summary import CaptureSummary
from perfsheet.tables.column import Column, In, Table, each
from perfsheet.tables.kinds import COUNT, DECIMAL, LABEL, NS, PERCENT, RATE, TEXT
from perfsheet.tables.runs import REPORTED_PCC, pcc_tones
from perfsheet.tables.spreads import as_spreads, spread_columns
from perfsheet.text import formats
from perfsheet.text.safe import clean

Cases = Sequence[Case]
_RUNNING, _RULES, _FORMULAS = "docs/running.md", "docs/rules.md", "docs/formulas.md"
_TONES = {"skipped": "warn", "passed": "good"}


def _of_summary(value: Callable[[CaptureSummary], Any]) -> Callable[[Cases], list[Any]]:
    return each(lambda case: value(case.summary) if case.summary else None)


def _tones(cases: Cases) -> list[str]:
    return [
        "bad" if case.problem and case.outcome == "passed" else _TONES.get(case.outcome or "", "bad") for case in cases
    ]


def _spreads(cases: Cases) -> Spreads:
    return as_spreads([case.kernel_spread for case in cases])


def _repeated(cases: Cases) -> bool:
    return any(case.kernel_spread for case in cases)


def _outcome(outcome: str | None) -> str:
    return outcome or "no verdict"


def _duration(case: Case) -> float | None:
    return None if case.duration_s is None else round(case.duration_s, 3)


# fmt: off
CASES: Table[Cases] = Table(
    "cases",
    "Cases",
    "The cases of a target side by side, each profiled on its own: `run --split-cases`, sheet Cases.",
    (
        Column("number", "#", COUNT, each(lambda case: case.number), "place in the order of the run", _RUNNING,
            outputs=In.TERMINAL | In.SHEET, width=6),
        Column("nodeid", "Case", LABEL, each(lambda case: case.nodeid), "its pytest node id; leads to its ranking",
            _RUNNING, outputs=In.JSON | In.TERMINAL | In.SHEET, flexible=True, narrow=formats.short_nodeid, width=60),
        Column("outcome", "Outcome", LABEL, each(lambda case: case.outcome), "what pytest said of it; null = nothing",
            _RUNNING, outputs=In.JSON | In.TERMINAL | In.SHEET, text=_outcome, cell=_outcome, tone=_tones, width=12),
        Column("device_ops", "Device ops", COUNT, _of_summary(lambda summary: summary.ops),
            "device ops of the case", outputs=In.TERMINAL | In.SHEET, drop=3, width=10),
        Column("kernel_duration_ns", "Kernel duration", NS, each(lambda case: case.kernel_ns),
            "Σ kernel duration of its ops", _FORMULAS, outputs=In.JSON | In.TERMINAL | In.SHEET, short="Kernel",
            bar=True),
        *(
            column.changed(
                outputs=In.TERMINAL | In.SHEET if column.key == "cv_pct" else In.SHEET, when=_repeated, drop=4
            )
            for column in spread_columns(_spreads)
            if column.outputs & In.SHEET
        ),
        Column("fps", "FPS", RATE, _of_summary(lambda summary: summary.fps.all),
            "1e9 × batch / kernel time of the busiest device", _FORMULAS, outputs=In.TERMINAL | In.SHEET, unit=""),
        Column("few_cores_pct", "Time on few cores", PERCENT, each(lambda case: case.share_of(low_core_count.RULE.id)),
            "kernel time of ops on few cores", _RULES, outputs=In.TERMINAL | In.SHEET, short="Few cores", drop=1),
        Column("reshards_pct", "Time in reshards", PERCENT, each(lambda case: case.share_of(reshard.RULE.id)),
            "kernel time of ops that only change how a tensor is sharded", _RULES, outputs=In.TERMINAL | In.SHEET,
            short="Reshards", drop=2),
        Column("sol_known_pct", "Speed of light known for", PERCENT,
            _of_summary(lambda summary: summary.speed_of_light.known_share),
            "kernel time of the ops whose speed of light is known", "docs/speed-of-light.md", outputs=In.SHEET,
            width=14),
        Column("longest_op_code", "Longest op code", LABEL,
            each(lambda case: case.longest.op_code if case.longest else None), "the op code with the most kernel time",
            outputs=In.SHEET, width=34),
        Column("longest_share_pct", "Its share", PERCENT,
            each(lambda case: case.longest.share if case.longest else None),
            "kernel time of that op code / kernel time of the case", outputs=In.SHEET, width=9),
        Column("duration_s", "Test duration", DECIMAL, each(_duration), "what pytest measured", _RUNNING,
            outputs=In.JSON | In.SHEET, unit="s", width=12),
        Column("pcc", "PCC", REPORTED_PCC, each(lambda case: case.pcc),
            "the lowest that its test reported; null = none, or one that cannot be", "docs/accuracy.md",
            outputs=In.JSON | In.TERMINAL | In.SHEET, tone=lambda cases: pcc_tones(case.pcc for case in cases), drop=1,
            when=lambda cases: any(case.pcc for case in cases)),
        Column("problem", "Problem", TEXT, each(lambda case: case.problem),
            "why there is no report, or what to know about it", _RUNNING, outputs=In.JSON | In.SHEET, wrap=True,
            width=60),
        Column("warnings", "Warnings", TEXT, _of_summary(lambda summary: "; ".join(summary.warnings)),
            "what limits how far its figures can be relied on", "docs/reliability.md", outputs=In.SHEET, wrap=True,
            width=60),
        Column("csv", "Ops CSV", LABEL, each(lambda case: case.csv), "its capture", outputs=In.JSON | In.SHEET,
            width=60),
    ),
)
# fmt: on


def op_codes_table(cases: Cases) -> Table[Sequence[OpCodeOfCases]]:
    """Kernel time of every op code, with a column per case."""

    def durations(index: int) -> Callable[[Sequence[OpCodeOfCases]], list[Any]]:
        return each(lambda row: row.kernel_ns[index])

    def header(case: Case) -> str:
        return clean(f"{case.number}: {formats.short_nodeid(case.nodeid)} [ns]", 255)

    return Table(
        "cases_op_codes",
        "Cases By Op Code",
        "Kernel time of every op code, a column per case: `run --split-cases`, sheet Cases By Op Code.",
        (
            Column("op_code", "Op code", LABEL, each(lambda row: row.op_code), outputs=In.SHEET, width=36),
            *(
                Column(f"case_{case.number}_ns", "Case", NS, durations(index), outputs=In.SHEET, exact=header(case))
                for index, case in enumerate(cases)
            ),
        ),
    )
