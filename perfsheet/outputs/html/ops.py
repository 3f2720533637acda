"""The ranking on the page: filterable by text, category and flag."""

from __future__ import annotations

from perfsheet.analysis import Analysis
from perfsheet.analysis.ops.categories import category
from perfsheet.analysis.ops.shape import shape_of
from perfsheet.analysis.results import OpGroup, RankedOp
from perfsheet.analysis.rules import low_core_count
from perfsheet.outputs.html.drawing import safe
from perfsheet.outputs.html.table import Column, table
from perfsheet.text import formats

SHOWN = 2000
"""More would make the page heavy; the workbook has all."""
_GROUPS = 200


def ops_section(analysis: Analysis) -> str:
    """The filters, then the ranking."""
    ops = analysis.top(SHOWN)
    total = analysis.summary.timed_rows
    longest = f"the {len(ops):,} longest of {total:,} ops; the workbook has all of them" if total > len(ops) else ""
    categories = sorted({category(op.op_code) for op in ops})
    flags = [flag for flag in analysis.flag_masks if any(flag in op.flags for op in ops)]
    note = f'<p class="note">{safe(longest)}</p>' if longest else ""
    return (
        f'<div class="filters" data-table="ops-table">'
        f'<label>Find <input type="search" placeholder="op code, shape, layout, flag, row"></label>'
        f"{_choice('Category', 'c', categories)}{_choice('Flag', 'f', flags)}"
        f'<button type="button" class="finding-chip" hidden></button>'
        f'<output aria-live="polite"></output></div>{note}{table("ops-table", _columns(analysis, ops), ops, _row)}'
    )


def groups_section(analysis: Analysis) -> str:
    """Identical ops together."""
    groups = analysis.groups[:_GROUPS]
    left_out = len(analysis.groups) - len(groups)
    note = f'<p class="note">{left_out:,} groups with less kernel time are not listed</p>' if left_out else ""
    return note + table("groups-table", _group_columns(analysis), groups)


def _choice(label: str, name: str, options: list[str]) -> str:
    listed = "".join(f"<option>{safe(one)}</option>" for one in options)
    return f'<label>{label} <select name="{name}"><option value="">all</option>{listed}</select></label>'


def _row(op: RankedOp) -> str:
    """What the filters look at: category and flags."""
    return f' data-c="{safe(category(op.op_code))}" data-f="{safe(" ".join(op.flags))}"'


def _columns(analysis: Analysis, ops: list[RankedOp]) -> list[Column[RankedOp]]:
    several_files = len(analysis.summary.paths) > 1
    longest = ops[0].kernel_ns if ops else 0.0
    corrected = any(op.utilization_corrected is not None for op in ops)

    def bar(op: RankedOp) -> str:
        return f' style="--p:{100 * op.kernel_ns / longest:.1f}%"' if longest else ""

    def few(op: RankedOp) -> str:
        return ' data-mark="few"' if low_core_count.RULE.id in op.flags else ""

    return [
        Column("#", lambda op: str(op.rank)),
        Column("Op code", lambda op: op.op_code, number=False),
        Column("Shape", lambda op: op.shape, number=False),
        Column("Layout in → out", lambda op: op.layout, number=False, wrap=True),
        *([Column[RankedOp]("Device", lambda op: str(op.device))] if len(analysis.summary.devices) > 1 else []),
        Column("Cores", lambda op: formats.cores_of_grid(op.core_count, op.worker_cores), attributes=few),
        Column("Kernel [ns]", lambda op: formats.whole(op.kernel_ns), attributes=bar),
        Column("Share %", lambda op: formats.in_percent(op.share)),
        Column("Cum. %", lambda op: formats.in_percent(op.cumulative)),
        Column("Util. %", lambda op: formats.in_percent(op.utilization), attributes=lambda op: _mark(op.utilization)),
        Column(
            "Util. by grid %",
            lambda op: formats.in_percent(op.utilization_grid),
            attributes=lambda op: _mark(op.utilization_grid),
        ),
        *(
            [Column[RankedOp]("Util. corrected %", lambda op: formats.in_percent(op.utilization_corrected))]
            if corrected
            else []
        ),
        Column("Speed of light %", lambda op: formats.in_percent(op.sol)),
        Column("Bound", lambda op: formats.bound(op.bound), number=False),
        Column("Flags", lambda op: formats.flags(op.flags), number=False, wrap=True),
        Column("Findings", lambda op: " ".join(analysis.findings_of.get(op.position, ())), number=False),
        Column("Row", lambda op: formats.place(op.row, several_files)),
    ]


def _mark(fraction: float | None) -> str:
    """Above 100 % is not physical."""
    return ' data-mark="bad" title="not physical: above 100 %"' if fraction is not None and fraction > 1 else ""


def _group_columns(analysis: Analysis) -> list[Column[OpGroup]]:
    def shape(group: OpGroup) -> str:
        return shape_of(analysis.ops, int(group.positions[0])).shape

    def layout(group: OpGroup) -> str:
        return shape_of(analysis.ops, int(group.positions[0])).layout

    longest = analysis.groups[0].kernel_ns if analysis.groups else 0.0

    def bar(group: OpGroup) -> str:
        return f' style="--p:{100 * group.kernel_ns / longest:.1f}%"' if longest else ""

    return [
        Column("#", lambda group: str(group.rank)),
        Column("Op code", lambda group: group.signature.op_code, number=False),
        Column("Shape", shape, number=False),
        Column("Layout in → out", layout, number=False, wrap=True),
        Column("Count", lambda group: f"{group.count:,}"),
        Column("Cores", lambda group: formats.span(group.cores)),
        Column("Σ kernel [ns]", lambda group: formats.whole(group.kernel_ns), attributes=bar),
        Column("Median [ns]", lambda group: formats.whole(group.median_ns)),
        Column("Share %", lambda group: formats.in_percent(group.share)),
        Column("Cum. %", lambda group: formats.in_percent(group.cumulative)),
        Column("Fidelity", lambda group: group.signature.math_fidelity, number=False),
    ]
