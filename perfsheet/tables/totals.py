"""The tables of totals: kernel time by op type, category and device."""

from __future__ import annotations

from collections.abc import Sequence

from perfsheet.analysis import Analysis
from perfsheet.analysis.ops.device_ops import Ops
from perfsheet.analysis.results import OpType
from perfsheet.analysis.time_split import TimePart
from perfsheet.analysis.windows.devices import DeviceTotal, Step
from perfsheet.tables.column import Column, In, Rows, Table, each
from perfsheet.tables.kinds import CORES, COUNT, ID, LABEL, NS, PERCENT, RATE, ROW

_WINDOWS = "docs/windows.md"
OpTypeRows = Rows[Analysis, OpType]
StepRows = Rows[Analysis, Step]


def _core_span(total: OpType) -> tuple[int, ...]:
    return tuple(dict.fromkeys(count for count in (total.cores_min, total.cores_max) if count is not None))


def _of_busiest(totals: Sequence[DeviceTotal]) -> list[float | None]:
    most = max((total.kernel_ns for total in totals if total.kernel_ns > 0), default=0.0)
    return [total.kernel_ns / most if most and total.kernel_ns >= 0 else None for total in totals]


def _device_ops(rows: StepRows) -> Ops:
    return rows.source.facts.scope.every


def _slowest(rows: StepRows) -> list[int]:
    """The slowest op of each step, by its position among the ops of every device."""
    within = rows.source.facts.scope.within
    return [int(within[step.slowest]) for step in rows]


# fmt: off
OP_TYPES: Table[OpTypeRows] = Table(
    "op_types",
    "By op type",
    "Kernel time by op code: sheet By Op Type, the page.",
    (
        Column("op_code", "Op code", LABEL, each(lambda total: total.op_code), "the device operation",
            outputs=In.JSON | In.PAGE | In.SHEET, width=42, code=True),
        Column("category", "Category", LABEL, each(lambda total: total.category), "what kind of op it is", width=18),
        Column("count", "Ops", COUNT, each(lambda total: total.count), "device ops"),
        Column("kernel_duration_ns", "Kernel duration", NS, each(lambda total: total.kernel_ns),
            "Σ kernel duration of the ops", bar=True, width=20),
        Column("share_pct", "Share", PERCENT, each(lambda total: total.share),
            "kernel duration / Σ kernel duration of the window", "docs/formulas.md", width=9),
        Column("median_ns", "Median", NS, each(lambda total: total.median_ns), "median kernel duration of one op",
            outputs=In.JSON | In.PAGE | In.SHEET, width=13),
        Column("longest_ns", "Longest", NS, each(lambda total: total.longest_ns), "longest kernel duration of one op",
            outputs=In.JSON | In.PAGE | In.SHEET, width=13),
        Column("cores", "Cores", LABEL, each(lambda total: [total.cores_min, total.cores_max]),
            "least and most cores of the ops", outputs=In.JSON),
        Column("core_span", "Cores", CORES, each(_core_span), "least and most cores of the ops", outputs=In.SHEET,
            width=9),
        Column("low_core_count", "Ops on few cores", COUNT, each(lambda total: total.low_core_count),
            "ops on low_cores_pct of their worker grid or less", "docs/rules.md", outputs=In.JSON | In.PAGE | In.SHEET,
            width=13),
    ),
    outputs=In.JSON | In.PAGE | In.MARKDOWN | In.SHEET,
)

CATEGORIES: Table[OpTypeRows] = Table(
    "categories",
    "By category",
    "Kernel time by category: sheet By Op Type, the page, Markdown.",
    tuple(column for column in OP_TYPES.columns if column.key != "op_code"),
)

TIME_SPLIT: Table[Sequence[TimePart]] = Table(
    "time_split",
    "Where the time goes",
    "The elapsed device time of one inference in parts that add up to it: every JSON's `capture`, Summary, the page, "
    "Markdown.",
    (
        Column("part", "Part", LABEL, each(lambda part: part.part), "what the device does, or waits for", _WINDOWS),
        Column("group", "Group", LABEL, each(lambda part: part.group),
            "compute, data movement, collectives or idle", _WINDOWS),
        Column("ns", "Time", NS, each(lambda part: part.ns), "time in it", _WINDOWS, bar=True),
        Column("share_pct", "Share", PERCENT, each(lambda part: part.share), "time / elapsed time", _WINDOWS),
    ),
    outputs=In.JSON | In.PAGE | In.MARKDOWN | In.SHEET,
)

DEVICES: Table[Sequence[DeviceTotal]] = Table(
    "device_totals",
    "Devices",
    "What each device took: every JSON's `capture`, sheet Devices, the page.",
    (
        Column("device_id", "Device", ID, each(lambda total: total.device), "the device"),
        Column("ops", "Ops", COUNT, each(lambda total: total.ops), "its device ops"),
        Column("kernel_duration_ns", "Kernel duration", NS, each(lambda total: total.kernel_ns),
            "Σ kernel duration of its ops", bar=True),
        Column("fps", "FPS alone", RATE, each(lambda total: total.fps),
            "1e9 × batch / its kernel duration, if the others never made it wait", unit=""),
        Column("of_busiest", "Of the busiest", PERCENT, _of_busiest, "kernel duration / that of the busiest device",
            outputs=In.PAGE | In.SHEET),
    ),
    outputs=In.JSON | In.PAGE | In.SHEET,
)

STEPS: Table[StepRows] = Table(
    "device_steps",
    "Where devices wait for each other",
    "The same op on several devices; those whose slowest device takes most beyond the mean: sheet Devices.",
    (
        Column("op_code", "Op code", LABEL, lambda rows: [_device_ops(rows).codes[at] for at in _slowest(rows)],
            "the device operation", outputs=In.SHEET),
        Column("devices", "Devices", COUNT, each(lambda step: step.devices), "devices that ran the op",
            outputs=In.SHEET),
        Column("slowest_ns", "Slowest", NS, each(lambda step: step.longest_ns), "the longest kernel duration",
            outputs=In.SHEET),
        Column("mean_ns", "Mean", NS, each(lambda step: step.mean_ns), "the mean kernel duration", outputs=In.SHEET),
        Column("fastest_ns", "Fastest", NS, each(lambda step: step.shortest_ns), "the shortest kernel duration",
            outputs=In.SHEET),
        Column("beyond_mean_ns", "Slowest − mean", NS, each(lambda step: step.longest_ns - step.mean_ns),
            "what the slowest device takes beyond the mean", outputs=In.SHEET),
        Column("slowest_device", "Slowest device", ID,
            lambda rows: [int(_device_ops(rows).device[at]) for at in _slowest(rows)], "the device that took longest",
            outputs=In.SHEET),
        Column("row", "File row", ROW, lambda rows: rows.source.every.row_refs(_slowest(rows)),
            "row of the capture with the slowest op", outputs=In.SHEET),
    ),
)
