"""The tables of a history: series, runs, trends, changes, ops, causes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from typing import Any

import numpy as np

from perfsheet.history import texts
from perfsheet.history.causes import CauseTrend
from perfsheet.history.growth import OpTrend
from perfsheet.history.metrics import Metric
from perfsheet.history.series import Key, Run, Series
from perfsheet.history.targets import TargetRow
from perfsheet.history.trend import Change, Moved, Trend
from perfsheet.light_dataclass import dataclass
from perfsheet.tables.column import Column, In, Table, each
from perfsheet.tables.kinds import (
    COUNT,
    DECIMAL,
    DELTA_NS,
    DELTA_PERCENT,
    LABEL,
    NS,
    PERCENT,
    RATE,
    TEXT,
    YES_NO,
    Kind,
)
from perfsheet.text import formats

_DOC = "docs/history.md"


def iso(time: datetime | None) -> str | None:
    """A time in UTC, as JSON has it."""
    return None if time is None else time.astimezone(timezone.utc).isoformat(timespec="seconds")


def _day(time: datetime | None) -> str:
    return "–" if time is None else f"{time:%Y-%m-%d}"


def run_data(run: Run | None) -> dict[str, Any] | None:
    """A run as a JSON object."""
    if run is None:
        return None
    return {"run": run.run_id, "commit": run.commit, "branch": run.branch, "time": iso(run.time)}


DAY = Kind("day", _day, iso, cell=_day, number=False, width=12)
RUN = Kind(
    "run",
    lambda run: "–" if run is None else run.label,
    run_data,
    cell=lambda run: "" if run is None else run.label,
    number=False,
    width=24,
)
_KEPT = Kind(
    "kept",
    lambda kept: "–" if kept is None else "yes" if kept else "NO",
    lambda kept: kept,
    cell=lambda kept: "" if kept is None else "yes" if kept else "no",
    number=False,
)
MODEL = Kind("model", lambda key: key.name, lambda key: key.model, cell=lambda key: key.name, number=False, width=34)
"""The key of a series: its name for people, the model alone for programs, which have the rest in columns."""
_COMMIT = Kind("commit", lambda commit: (commit or "")[:9], lambda commit: commit or None, number=False, width=14)
_RUN_ID = Kind("run id", lambda run_id: run_id[:12], str, number=False, width=16)


def _moved_data(moved: Sequence[Moved]) -> list[dict[str, Any]]:
    return [
        {
            "signature_id": one.op.signature_id,
            "op_code": one.op.op_code,
            "shape": one.op.shape,
            "source": one.op.source or None,
            "before_ns": one.before_ns,
            "after_ns": one.after_ns,
        }
        for one in moved
    ]


_MOVED = Kind(
    "ops that moved",
    lambda moved: "; ".join(map(texts.moved, moved)),
    _moved_data,
    cell=lambda moved: "; ".join(map(texts.moved, moved)),
    number=False,
    width=70,
)


@dataclass(frozen=True)
class ChangeOf:
    """A change with the trend that it is of; None = of an op."""

    trend: Trend
    change: Change


def _figures(figure: Callable[[Any], tuple[Metric, float]]) -> Callable[[Sequence[Any]], list[str]]:
    """Texts of values, each with the unit of its metric."""
    return lambda rows: [texts.figure(*figure(row)) for row in rows]


def _whole_ns(value: float | None) -> str:
    return formats.whole(None if value is None else round(value))


def _of_series(key: Callable[[Any], Key]) -> tuple[Column[Any], ...]:
    """What else tells series apart, for programs."""
    return (
        Column("setting", "Setting", TEXT, each(lambda one: key(one).setting), "its variant", _DOC, outputs=In.DATA),
        Column(
            "batch_size",
            "Batch",
            DECIMAL,
            each(lambda one: key(one).batch),
            "samples of one inference",
            _DOC,
            outputs=In.DATA,
        ),
        Column(
            "sequence_length",
            "Sequence length",
            COUNT,
            each(lambda one: key(one).sequence_length),
            "of records that state it",
            _DOC,
            outputs=In.DATA,
        ),
        Column(
            "selection",
            "Selection",
            TEXT,
            each(lambda one: key(one).selection),
            "options that chose the window",
            _DOC,
            outputs=In.DATA,
        ),
    )


def _fraction(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else value


def _latest(column: str) -> Callable[[Series], float | None]:
    def latest(series: Series) -> float | None:
        values = series.values(column)
        known = values[np.isfinite(values) & series.complete]
        return float(known[-1]) if known.size else None

    return latest


def _spark(series: Series) -> str:
    values = series.values("kernel_duration_ns")
    return texts.sparkline(values[np.isfinite(values) & series.complete], 24)


_MODEL = "model; for people with all that tells series apart"

# fmt: off
SERIES: Table[Sequence[Series]] = Table(
    "history_series",
    "Series",
    "The runs of one model on one board: `history list`.",
    (
        Column("kind", "Kind", LABEL, each(lambda one: one.key.kind), "`capture` or `record`", _DOC, width=10, drop=4,
            when=lambda rows: any(one.key.kind != "capture" for one in rows)),
        Column("model", "Model", MODEL, each(lambda one: one.key), _MODEL, _DOC, flexible=True, width=36),
        *_of_series(lambda one: one.key),
        Column("board", "Board", LABEL, each(lambda one: one.key.on), "board, and how many devices", _DOC, width=16),
        Column("runs", "Runs", COUNT, each(len), "runs", _DOC, width=8),
        Column("incomplete", "Incomplete", COUNT, each(lambda one: int((~one.complete).sum())),
            "runs that lack ops or durations, and are left out of trends", _DOC, width=12, drop=8,
            when=lambda rows: any((~one.complete).any() for one in rows)),
        Column("first", "First", DAY, each(lambda one: one.runs[0].time), "time of the first commit, or run", _DOC,
            drop=11),
        Column("last", "Last", DAY, each(lambda one: one.runs[-1].time), "of the last one", _DOC),
        Column("commit", "Last commit", _COMMIT, each(lambda one: one.runs[-1].commit), "its commit", _DOC, drop=10,
            when=lambda rows: any(one.runs[-1].commit for one in rows)),
        Column("kernel_duration_ns", "Last kernel time", NS, each(_latest("kernel_duration_ns")),
            "Σ kernel duration of the last run that has one", _DOC, short="Kernel"),
        Column("fps", "Last FPS", RATE, each(_latest("fps")), "samples per second of that", _DOC, short="FPS",
            drop=9),
        Column("trend", "Kernel time", LABEL, each(_spark), "kernel time over the runs", _DOC,
            outputs=In.TEXT | In.SHEET, width=26, drop=7),
    ),
)

RUNS: Table[Sequence[tuple[Series, int]]] = Table(
    "history_runs",
    "Runs",
    "The runs, the newest first: `history list --runs`.",
    (
        Column("run", "Run", _RUN_ID, each(lambda one: one[0].runs[one[1]].run_id), "as `history show` takes it",
            _DOC),
        Column("time", "Time", DAY, each(lambda one: one[0].runs[one[1]].time), "of its commit, else of the run", _DOC),
        Column("model", "Model", MODEL, each(lambda one: one[0].key), _MODEL, _DOC, flexible=True, width=36),
        *_of_series(lambda one: one[0].key),
        Column("board", "Board", LABEL, each(lambda one: one[0].key.on), "board, and how many devices", _DOC, width=16),
        Column("branch", "Branch", TEXT, each(lambda one: one[0].runs[one[1]].branch), "branch", _DOC, drop=10,
            when=lambda rows: any(one[0].runs[one[1]].branch for one in rows)),
        Column("commit", "Commit", _COMMIT, each(lambda one: one[0].runs[one[1]].commit), "commit", _DOC,
            when=lambda rows: any(one[0].runs[one[1]].commit for one in rows)),
        Column("kernel_duration_ns", "Kernel time", NS,
            each(lambda one: one[0].values("kernel_duration_ns")[one[1]]), "Σ kernel duration", _DOC, short="Kernel"),
        Column("fps", "FPS", RATE, each(lambda one: _fraction(one[0].values("fps")[one[1]])), "samples per second",
            _DOC, drop=8),
        Column("ops", "Ops", COUNT, each(lambda one: one[0].values("ops")[one[1]]), "device ops", _DOC, drop=9),
        Column("incomplete", "Incomplete", TEXT, each(lambda one: one[0].rows["incomplete"][one[1]].as_py()),
            "what it lacks; blank = nothing", _DOC,
            when=lambda rows: any(one[0].rows["incomplete"][one[1]].as_py() for one in rows)),
        Column("host", "Host", TEXT, each(lambda one: one[0].runs[one[1]].host), "machine", _DOC, drop=11,
            when=lambda rows: any(one[0].runs[one[1]].host for one in rows)),
        Column("capture", "Capture", LABEL, each(lambda one: one[0].runs[one[1]].capture), "where its file was", _DOC,
            outputs=In.DATA | In.SHEET, width=50),
    ),
)

TRENDS: Table[Sequence[Trend]] = Table(
    "history_trends",
    "Trends",
    "A figure of every series over its runs: `history trend`.",
    (
        Column("model", "Model", MODEL, each(lambda one: one.series.key), _MODEL, _DOC, flexible=True, width=34),
        *_of_series(lambda one: one.series.key),
        Column("board", "Board", LABEL, each(lambda one: one.series.key.on), "board, and how many devices", _DOC,
            width=14),
        Column("metric", "Figure", LABEL, each(lambda one: one.metric.name), "the figure", _DOC,
            outputs=In.DATA | In.SHEET),
        Column("unit", "Unit", LABEL, each(lambda one: one.metric.kind.unit), "its unit, blank = none", _DOC,
            outputs=In.DATA | In.SHEET, width=7),
        Column("runs", "Runs", COUNT, each(lambda one: len(one.values)), "runs that have it", _DOC, width=8),
        Column("unknown", "Without", COUNT, each(lambda one: one.unknown), "runs that lack it", _DOC, outputs=In.DATA),
        Column("first", "First level", DECIMAL, each(lambda one: one.first), "median before the first change", _DOC,
            row_texts=_figures(lambda one: (one.metric, one.first)), width=16),
        Column("level", "Level now", DECIMAL, each(lambda one: one.level), "median since the last change", _DOC,
            row_texts=_figures(lambda one: (one.metric, one.level)), width=16),
        Column("change_pct", "Change", DELTA_PERCENT, each(lambda one: one.moved), "level now / first level − 1", _DOC),
        Column("cv_pct", "Noise", PERCENT, each(lambda one: one.steps.cv),
            "standard deviation of the runs around their levels / their mean", _DOC),
        Column("changes", "Changes", COUNT, each(lambda one: len(one.changes)), "change points", _DOC, width=9),
        Column("last_change", "Since", RUN, each(lambda one: one.changes[-1].at if one.changes else None),
            "the first run after the last change", _DOC),
        Column("bimodal", "Two levels", YES_NO, each(lambda one: one.steps.bimodal is not None),
            "whether its runs alternate between two levels by nature", _DOC, outputs=In.DATA | In.SHEET),
        Column("trend", "Trend", LABEL, each(lambda one: texts.sparkline(one.values, 24)), "over the runs", _DOC,
            outputs=In.TEXT | In.SHEET, width=26),
    ),
)

CHANGES: Table[Sequence[ChangeOf]] = Table(
    "history_changes",
    "Changes",
    "Change points, the newest first: `history trend`.",
    (
        Column("model", "Model", MODEL, each(lambda one: one.trend.series.key), _MODEL, _DOC,
            flexible=True, width=30),
        Column("board", "Board", LABEL, each(lambda one: one.trend.series.key.on), "board, and how many devices", _DOC,
            width=12),
        Column("metric", "Figure", LABEL, each(lambda one: one.trend.metric.name), "the figure", _DOC, outputs=In.DATA),
        Column("unit", "Unit", LABEL, each(lambda one: one.trend.metric.kind.unit), "its unit, blank = none", _DOC,
            outputs=In.DATA | In.SHEET, width=7),
        Column("gain", "Gain", YES_NO, each(lambda one: one.change.gain), "whether it is for the better", _DOC,
            width=8),
        Column("size_pct", "Size", DELTA_PERCENT, each(lambda one: _fraction(one.change.step.size)),
            "after / before − 1; empty = from 0", _DOC),
        Column("before", "Before", DECIMAL, each(lambda one: one.change.step.before), "median of the runs before it",
            _DOC, row_texts=_figures(lambda one: (one.trend.metric, one.change.step.before)), width=14),
        Column("after", "After", DECIMAL, each(lambda one: one.change.step.after), "median of the runs after it", _DOC,
            row_texts=_figures(lambda one: (one.trend.metric, one.change.step.after)), width=14),
        Column("last_before", "After run", RUN, each(lambda one: one.change.last_before),
            "the last run that is before it in any case", _DOC),
        Column("at", "At run", RUN, each(lambda one: one.change.at), "the most likely first run on the new level", _DOC,
            outputs=In.DATA),
        Column("first_after", "By run", RUN, each(lambda one: one.change.first_after),
            "the first run that is after it in any case", _DOC),
        Column("confidence_pct", "Confidence", DECIMAL, each(lambda one: texts.confidence_pct(one.change)),
            "100 % − how often noise alone shows such a split anywhere in these runs, rounded down", _DOC, unit="%",
            width=14),
        Column("ops", "Ops that moved", _MOVED, each(lambda one: one.change.moved),
            "signatures whose median time per run moved most", _DOC, wrap=True, width=70),
    ),
)

OPS: Table[Sequence[OpTrend]] = Table(
    "history_ops",
    "Ops",
    "Op signatures over the runs, those that grew most first: `history ops`.",
    (
        Column("signature_id", "Signature", LABEL, each(lambda one: one.op.signature_id), "as --op takes it", _DOC,
            width=18, drop=12),
        Column("op", "Op", LABEL, each(lambda one: one.op.name), "op code and shape", _DOC, flexible=True, width=44,
            code=True),
        Column("source", "Source", TEXT, each(lambda one: one.op.source), "line of Python, where known", _DOC, drop=13,
            when=lambda rows: any(one.op.source for one in rows), width=28),
        Column("count", "Ops", COUNT, each(lambda one: float(one.counts[-1])), "ops of the last run", _DOC, width=7,
            drop=8),
        Column("before_ns", "First runs", NS, each(lambda one: one.before_ns),
            "median Σ kernel duration over the first runs (10, a third at the most)", _DOC,
            text=_whole_ns, drop=11),
        Column("after_ns", "Last runs", NS, each(lambda one: one.after_ns), "the same over the last runs", _DOC,
            text=_whole_ns, drop=9),
        Column("delta_ns", "Growth", DELTA_NS, each(lambda one: one.delta_ns), "last runs − first runs", _DOC,
            width=14),
        Column("change_pct", "Growth", DELTA_PERCENT,
            each(lambda one: one.after_ns / one.before_ns - 1 if one.before_ns else None), "last runs / first runs − 1",
            _DOC),
        Column("since", "Last change", RUN, each(lambda one: one.since.at if one.since else None),
            "the first run after the last change", _DOC),
        Column("size_pct", "Its size", DELTA_PERCENT,
            each(lambda one: _fraction(one.since.step.size) if one.since else None), "after / before − 1", _DOC,
            drop=10),
        Column("changes", "Changes", COUNT, each(lambda one: len(one.changes)), "change points", _DOC, outputs=In.DATA),
        Column("trend", "Trend", LABEL, each(lambda one: texts.sparkline(one.values, 20)), "over the runs", _DOC,
            outputs=In.TEXT | In.SHEET, width=24, drop=7),
    ),
)

CAUSES: Table[Sequence[CauseTrend]] = Table(
    "history_causes",
    "Causes",
    "What to fix first, over the runs of a series: `history trend --causes`.",
    (
        Column("title", "Cause", LABEL, each(lambda one: one.title), "the cause", "docs/rules.md", width=30),
        Column("subject", "Ops in question", LABEL, each(lambda one: one.subject), "the op, or the chain of ops", _DOC,
            flexible=True, width=40, code=True),
        Column("runs", "Runs", COUNT, each(lambda one: one.runs), "runs that have it", _DOC, width=8, drop=8),
        Column("first", "First", RUN, each(lambda one: one.first), "the first of them", _DOC, drop=11),
        Column("last", "Last", RUN, each(lambda one: one.last), "the last of them", _DOC, drop=10),
        Column("there", "Still there", YES_NO, each(lambda one: one.there), "whether the last run of the series has it",
            _DOC, short="There", drop=9),
        Column("expected_saving_ns", "Expected saving", NS, each(lambda one: one.expected_ns),
            "expected saving in the last run that has it", _DOC, text=formats.saving_figure, short="Saves"),
        Column("trend", "Expected saving", LABEL, each(lambda one: texts.sparkline(one.values, 20)),
            "over the runs, 0 where it is not there", _DOC, outputs=In.TEXT | In.SHEET, width=24, short="Over runs",
            drop=7),
    ),
)

@dataclass(frozen=True)
class Point:
    """A figure of one run."""

    key: Key
    metric: Metric
    run: Run
    value: float


def points(trends: Sequence[Trend]) -> list[Point]:
    """The figures of all runs of some trends."""
    return [Point(of.series.key, of.metric, run, float(value))
        for of in trends for run, value in zip(of.series.runs, of.values, strict=True)]


POINTS: Table[Sequence[Point]] = Table(
    "history_points",
    "Runs of a trend",
    "A figure of every run: `history trend --csv`.",
    (
        Column("model", "Model", MODEL, each(lambda one: one.key), _MODEL, _DOC),
        *_of_series(lambda one: one.key),
        Column("board", "Board", LABEL, each(lambda one: one.key.on), "board, and how many devices", _DOC),
        Column("metric", "Figure", LABEL, each(lambda one: one.metric.name), "the figure", _DOC),
        Column("time", "Time", DAY, each(lambda one: one.run.time), "of the commit, else when it ran", _DOC),
        Column("branch", "Branch", TEXT, each(lambda one: one.run.branch), "branch", _DOC),
        Column("commit", "Commit", _COMMIT, each(lambda one: one.run.commit), "commit", _DOC),
        Column("run", "Run", _RUN_ID, each(lambda one: one.run.run_id), "the run", _DOC),
        Column("value", "Value", DECIMAL, each(lambda one: one.value), "the figure of the run", _DOC),
    ),
    outputs=In.CSV | In.JSON | In.SHEET,
)


@dataclass(frozen=True)
class OpPoint:
    """A signature in one run."""

    of: OpTrend
    place: int

    @property
    def run(self) -> Run:
        """The run."""
        return self.of.series.runs[self.place]


def op_points(trends: Sequence[OpTrend]) -> list[OpPoint]:
    """Every run of some signatures."""
    return [OpPoint(of, place) for of in trends for place in range(len(of.values))]


OP_POINTS: Table[Sequence[OpPoint]] = Table(
    "history_op_points",
    "Runs of an op",
    "A signature in every run: `history ops --csv`.",
    (
        Column("signature_id", "Signature", LABEL, each(lambda one: one.of.op.signature_id), "the signature", _DOC),
        Column("model", "Model", MODEL, each(lambda one: one.of.series.key), _MODEL, _DOC),
        *_of_series(lambda one: one.of.series.key),
        Column("board", "Board", LABEL, each(lambda one: one.of.series.key.on), "board, and how many devices", _DOC),
        Column("op", "Op", LABEL, each(lambda one: one.of.op.name), "op code and shape", _DOC),
        Column("time", "Time", DAY, each(lambda one: one.run.time), "of the commit, else when it ran", _DOC),
        Column("branch", "Branch", TEXT, each(lambda one: one.run.branch), "branch", _DOC),
        Column("commit", "Commit", _COMMIT, each(lambda one: one.run.commit), "commit", _DOC),
        Column("run", "Run", _RUN_ID, each(lambda one: one.run.run_id), "the run", _DOC),
        Column("count", "Ops", COUNT, each(lambda one: float(one.of.counts[one.place])), "ops of it", _DOC),
        Column("kernel_duration_ns", "Kernel time", NS, each(lambda one: float(one.of.values[one.place])),
            "Σ kernel duration, 0 where the run does not have it", _DOC),
    ),
    outputs=In.CSV | In.JSON | In.SHEET,
)

TARGETS: Table[Sequence[TargetRow]] = Table(
    "history_targets",
    "Targets",
    "Measured, target, distance, direction, since when: `history targets`.",
    (
        Column("model", "Model", LABEL, each(lambda one: one.model), "model, setting, batch", _DOC, flexible=True,
            width=32),
        Column("board", "Board", LABEL, each(lambda one: one.board), "board, or machine", _DOC, width=14, drop=8),
        Column("target", "Target", LABEL, each(lambda one: one.target), "metric, or limit of a budget", _DOC, width=26,
            flexible=True),
        Column("unit", "Unit", LABEL, each(lambda one: one.unit), "`ns`, `%`, `1/s`; blank = that of the target",
            _DOC, width=6),
        Column("measured", "Measured", DECIMAL, each(lambda one: one.measured), "in the last run; empty = not measured",
            _DOC, width=16),
        Column("expected", "Target value", DECIMAL, each(lambda one: one.expected), "the target", _DOC, short="Wanted",
            width=16),
        Column("low", "At least", DECIMAL, each(lambda one: one.low), "the least that is allowed", _DOC, drop=11),
        Column("high", "At most", DECIMAL, each(lambda one: one.high), "the most that is allowed", _DOC, drop=11),
        Column("distance_pct", "Distance", DELTA_PERCENT, each(lambda one: one.distance), "measured / target − 1",
            _DOC),
        Column("ok", "Kept", _KEPT, each(lambda one: one.ok), "whether the last run keeps it; empty = not measured",
            _DOC, width=7),
        Column("direction", "Direction", LABEL, each(lambda one: one.direction),
            "the last run beside the median of up to ten before it: better, worse, or steady within the noise", _DOC,
            drop=9, width=11),
        Column("since", "Since", RUN, each(lambda one: one.since), "the first run of the present state, kept or missed",
            _DOC, drop=7),
        Column("always", "From the start", YES_NO, each(lambda one: one.always),
            "whether that is the first run of the series", _DOC, outputs=In.DATA),
        Column("problem", "Problem", TEXT, each(lambda one: one.problem), "why it is not measured", _DOC, drop=4,
            outputs=In.DATA | In.SHEET | In.PAGE),
        Column("source", "Source", LABEL, each(lambda one: one.source), "file of the target", _DOC,
            outputs=In.DATA | In.SHEET),
    ),
)
# fmt: on
