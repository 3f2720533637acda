"""The tables of a comparison: headline metrics, op types, changes, ops, host ops and findings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from perfsheet.analysis.graph.groups import UNKNOWN
from perfsheet.analysis.graph.sources import Source
from perfsheet.analysis.ops.categories import short_code
from perfsheet.comparison import Comparison, results
from perfsheet.comparison.results import (
    Figure,
    HostChange,
    LineChange,
    OpTypeChange,
    Span,
    Times,
)
from perfsheet.tables.column import Column, In, Rows, Table, each
from perfsheet.tables.kinds import (
    COUNT,
    DELTA_NS,
    DELTA_PERCENT,
    LABEL,
    LIST,
    NS,
    SOURCE,
    YES_NO,
    Kind,
    number,
    percent,
)
from perfsheet.text import comparison as text
from perfsheet.text import formats

_COMPARE = "docs/compare.md"
ALL = In.JSON | In.TEXT | In.SHEET
AnyRows = Rows[Comparison, Any]


def whole(value: float | None) -> str:
    """A time in whole ns."""
    return formats.whole(None if value is None else round(value))


# Kernel times of op types, changes and ops


class Total(NamedTuple):
    """All ops together."""

    times: Times


class TimeKeys(NamedTuple):
    """The columns of the times that can be compared."""

    base: str
    new: str
    delta: str
    delta_pct: str


_OF_WINDOW = TimeKeys("base_ns", "new_ns", "delta_ns", "delta_pct")
_OF_PASS = TimeKeys("per_pass_base_ns", "per_pass_new_ns", "per_pass_delta_ns", "per_pass_delta_pct")


def time_keys(comparison: Comparison) -> TimeKeys:
    """Those of a mean pass where the windows hold different numbers of passes, else those of the windows."""
    return _OF_PASS if comparison.per_pass else _OF_WINDOW


def _per_pass(rows: AnyRows) -> bool:
    return rows.source.per_pass


def _per_window(rows: AnyRows) -> bool:
    return not rows.source.per_pass


def _tones(rows: AnyRows) -> list[str]:
    return [_tone(rows.source.span(item.times).delta_ns, item.times.beyond_noise) for item in rows]


def _tone(delta: float | None, counts: bool, lower_is_better: bool = True) -> str:
    if not counts:
        return "quiet"
    return "" if not delta else "good" if (delta < 0) == lower_is_better else "bad"


def _span_data(span: Span) -> dict[str, Any]:
    return {
        "base_ns": number(span.base_ns),
        "new_ns": number(span.new_ns),
        "delta_ns": number(span.delta_ns),
        "delta_pct": percent(span.delta),
    }


_SPAN = Kind("span of times", str, _span_data)


def _spans(keys: TimeKeys, of: Callable[[Times], Span], unit: str, meaning: str, **shown: Any) -> list[Column[AnyRows]]:
    """The columns of a span: before, now, difference, relative difference."""

    def values(value: Callable[[Span], float | None]) -> Callable[[AnyRows], list[Any]]:
        return each(lambda item: value(of(item.times)))

    # fmt: off
    return [
        Column(keys.base, "Before", NS, values(lambda span: span.base_ns),
            f"Σ kernel duration before{meaning}; 0 without an op, empty = unknown", _COMPARE, text=whole,
            unit=f"ns{unit}", drop=2, width=14, **shown),
        Column(keys.new, "Now", NS, values(lambda span: span.new_ns),
            f"Σ kernel duration now{meaning}; 0 without an op, empty = unknown", _COMPARE, text=whole, unit=f"ns{unit}",
            width=14, **shown),
        Column(keys.delta, "Difference", DELTA_NS, values(lambda span: span.delta_ns),
            f"now − before{meaning}; negative = faster", _COMPARE, unit=f"ns{unit}", tone=_tones, bar=True,
            short="Diff.", **shown),
        Column(keys.delta_pct, "Difference", DELTA_PERCENT, values(lambda span: span.delta),
            f"(now − before) / before{meaning}", _COMPARE, unit=f"%{unit}", tone=_tones, short="Diff.", **shown),
    ]
    # fmt: on


# fmt: off
TIMES: Table[AnyRows] = Table(
    "compared_times",
    "Kernel times",
    "Kernel time before and now, in the tables of op types, changes and ops.",
    (
        *_spans(_OF_WINDOW, lambda times: times.window, "", "", outputs=ALL, text_when=_per_window),
        *_spans(_OF_PASS, lambda times: times.mean_pass, "/pass", ", mean pass", outputs=In.TEXT | In.SHEET,
            when=_per_pass),
        Column("per_pass", "Per pass", _SPAN, each(lambda item: item.times.mean_pass),
            "`base_ns`, `new_ns`, `delta_ns`, `delta_pct` of a mean pass", _COMPARE, outputs=In.JSON),
        Column("beyond_noise", "Beyond noise", YES_NO, each(lambda item: item.times.beyond_noise),
            "whether the difference is larger than the noise", _COMPARE, outputs=In.JSON | In.PAGE | In.SHEET, width=9),
        Column("noise_ns", "Noise", NS, each(lambda item: item.times.noise_ns),
            "what the difference (of a mean pass) must exceed; null = not measured", _COMPARE, outputs=In.JSON),
    ),
)
# fmt: on
BASE_TIMES, NEW_TIMES = TIMES.pick("base_ns", "per_pass_base_ns"), TIMES.pick("new_ns", "per_pass_new_ns")
DIFFERENCES = TIMES.pick(
    "delta_ns", "delta_pct", "per_pass_delta_ns", "per_pass_delta_pct", "per_pass", "beyond_noise", "noise_ns"
)


def without(outputs: In, *columns: Column[AnyRows]) -> list[Column[AnyRows]]:
    """The columns, not shown in these outputs."""
    return [column.changed(outputs=column.outputs & ~outputs) for column in columns]


# Headline metrics

FigureRows = Rows[Comparison, Figure]
_UNITS = {results.TIME: "ns", results.RATE: "1/s", results.SHARE: "%", results.COUNT: ""}
_STYLES = {results.TIME: "ns", results.COUNT: "count", results.RATE: "decimal", results.SHARE: "percent"}
_DELTA_STYLES = {
    results.TIME: "delta_ns",
    results.COUNT: "delta_count",
    results.RATE: "delta_decimal",
    results.SHARE: "delta_points",
}


class Amount(NamedTuple):
    """A figure in the unit of its headline metric: a time, a count, a rate or a share."""

    kind: str
    value: float | None


def _amount_data(amount: Amount) -> float | int | None:
    return percent(amount.value) if amount.kind == results.SHARE else number(amount.value)


def _points(amount: Amount) -> float | None:
    return _amount_data(amount) if amount.kind == results.SHARE else amount.value


_AMOUNT = Kind("amount", lambda amount: text.amount(*amount), _amount_data, "ns", lambda amount: amount.value)
_DIFFERENCE = Kind(
    "difference of amounts", lambda amount: text.difference(*amount), _amount_data, "delta_ns", _points, signed=True
)


def _amounts(value: Callable[[Figure], float | None]) -> Callable[[FigureRows], list[Amount]]:
    return each(lambda figure: Amount(figure.kind, value(figure)))


def _figure_tones(rows: FigureRows) -> list[str]:
    return [
        "" if figure.lower_is_better is None else _tone(figure.delta, figure.comparable, figure.lower_is_better)
        for figure in rows
    ]


def _styles(rows: FigureRows) -> list[str]:
    return [_STYLES[figure.kind] for figure in rows]


def _delta_styles(rows: FigureRows) -> list[str]:
    return [_DELTA_STYLES[figure.kind] for figure in rows]


# fmt: off
FIGURES: Table[FigureRows] = Table(
    "compared_figures",
    "Headline metrics",
    "The headline metrics of both captures: `compare`.",
    (
        Column("id", "ID", LABEL, each(lambda figure: figure.id), "the id of the metric", outputs=In.JSON),
        Column("label", "Metric", LABEL, each(lambda figure: figure.label), "what it is", outputs=In.JSON),
        Column("metric", "Metric", LABEL,
            each(lambda figure: f"{figure.label} [ns]" if figure.kind == results.TIME else figure.label),
            "what it is, with the unit of times", outputs=In.TEXT | In.SHEET, own=True, flexible=True),
        Column("unit", "Unit", LABEL, each(lambda figure: _UNITS[figure.kind]), "`ns`, `1/s`, `%`; blank for counts",
            outputs=In.JSON),
        Column("base", "Before", _AMOUNT, _amounts(lambda figure: figure.base), "of the capture before", _COMPARE,
            outputs=ALL, cell_style=_styles),
        Column("new", "Now", _AMOUNT, _amounts(lambda figure: figure.new), "of the capture now", _COMPARE, outputs=ALL,
            cell_style=_styles),
        Column("delta", "Difference", _DIFFERENCE, _amounts(lambda figure: figure.delta),
            "now − before; of shares in percentage points", _COMPARE, outputs=ALL, tone=_figure_tones,
            cell_style=_delta_styles),
        Column("delta_pct", "Difference", DELTA_PERCENT, each(lambda figure: figure.relative),
            "(now − before) / before", _COMPARE, outputs=ALL, tone=_figure_tones, drop=1, short="Diff."),
    ),
)
# fmt: on


# Op types and host ops


def _moved_from(change: LineChange) -> Source | None:
    same = (
        change.source
        and change.base
        and (change.source.file, change.source.line) == (change.base.file, change.base.line)
    )
    return None if same else change.base


# fmt: off
OP_TYPES: Table[Rows[Comparison, OpTypeChange]] = Table(
    "compared_op_types",
    "By op type",
    "Kernel time by op, whatever the builds call it: `compare`, sheet By Op Type.",
    (
        Column("op_type", "Op type", LABEL, each(lambda op_type: op_type.op_type), "the device operation", _COMPARE,
            outputs=ALL, flexible=True, narrow=short_code, code=True, width=42),
        Column("category", "Category", LABEL, each(lambda op_type: op_type.category), "the kind of op",
            outputs=In.JSON | In.PAGE | In.SHEET, width=16),
        Column("counts", "Ops", LABEL, each(lambda op_type: text.from_to(op_type.base_count, op_type.new_count)),
            "ops before → now", outputs=In.TERMINAL, right=True, drop=1),
        Column("base_count", "Ops before", COUNT, each(lambda op_type: op_type.base_count), "ops before",
            outputs=ALL & ~In.TERMINAL),
        Column("new_count", "Ops now", COUNT, each(lambda op_type: op_type.new_count), "ops now",
            outputs=ALL & ~In.TERMINAL),
        *BASE_TIMES, *NEW_TIMES, *DIFFERENCES,
    ),
)

LINES: Table[Rows[Comparison, LineChange]] = Table(
    "compared_lines",
    "By line",
    "Kernel time by line of the source, with the graph reports of both sides: `compare`, sheet By Line.",
    (
        Column("source", "Line", SOURCE, each(lambda change: change.source), "the line now, or before if it is gone",
            _COMPARE, outputs=ALL, text=lambda source: UNKNOWN if source is None else source.place, code=True),
        Column("function", "Function", LABEL,
            each(lambda change: "" if change.source is None else change.source.function),
            "the function that the line is in", _COMPARE, outputs=In.TEXT | In.SHEET, flexible=True, drop=2, code=True,
            width=34),
        Column("calls", "Call", LIST, each(lambda change: change.calls), "the Python calls of TTNN", _COMPARE,
            outputs=ALL, flexible=True, drop=3, code=True, width=34),
        Column("base_source", "Was", SOURCE, each(_moved_from), "where its ops came from before, if from elsewhere",
            _COMPARE, outputs=ALL, drop=4, code=True),
        Column("counts", "Ops", LABEL, each(lambda change: text.from_to(change.base_count, change.new_count)),
            "ops of a pass before → now", outputs=In.TERMINAL, right=True, drop=1),
        Column("base_count", "Ops before", COUNT, each(lambda change: change.base_count), "ops of a pass before",
            outputs=ALL & ~In.TERMINAL),
        Column("new_count", "Ops now", COUNT, each(lambda change: change.new_count), "ops of a pass now",
            outputs=ALL & ~In.TERMINAL),
        *BASE_TIMES, *NEW_TIMES, *DIFFERENCES,
    ),
)

HOST_OPS: Table[Rows[Comparison, HostChange]] = Table(
    "compared_host_ops",
    "Host ops between device ops",
    "Host ops between device ops, by op code: `compare`.",
    (
        Column("op_code", "Host op", LABEL, each(lambda host_op: host_op.op_code), "the host operation",
            outputs=In.JSON | In.TEXT, flexible=True, code=True),
        Column("base_count", "Ops before", COUNT, each(lambda host_op: host_op.base_count), "how many before",
            outputs=In.JSON | In.TEXT),
        Column("new_count", "Ops now", COUNT, each(lambda host_op: host_op.new_count), "how many now",
            outputs=In.JSON | In.TEXT),
        Column("base_host_ns", "Host time before", NS, each(lambda host_op: host_op.base_ns), "Σ host duration before",
            outputs=In.JSON | In.PAGE),
        Column("new_host_ns", "Host time now", NS, each(lambda host_op: host_op.new_ns), "Σ host duration now",
            outputs=In.JSON | In.PAGE),
    ),
)
# fmt: on
