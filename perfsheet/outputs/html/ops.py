"""The ranking on the page: filterable by text, category and flag."""

from __future__ import annotations

from perfsheet.analysis import Analysis
from perfsheet.analysis.ops.categories import category
from perfsheet.outputs.html.drawing import safe
from perfsheet.outputs.html.table import table_of
from perfsheet.tables.groups import GROUPS, op_groups
from perfsheet.tables.ops import OPS, top_ops

SHOWN = 2000
"""More would make the page heavy; the workbook has all."""
_GROUPS = 200


def ops_section(analysis: Analysis) -> str:
    """The filters, then the ranking."""
    ops = top_ops(analysis, SHOWN)
    total = analysis.summary.timed_rows
    longest = f"the {len(ops):,} longest of {total:,} ops; the workbook has all of them" if total > len(ops) else ""
    categories = [category(code) for code in OPS["op_code"].listed(ops)]
    flags = [flag for flag in analysis.flag_masks if any(flag in own for own in ops.flags)]
    note = f'<p class="note">{safe(longest)}</p>' if longest else ""
    # What the filters look at.
    attributes = [
        f' data-c="{safe(name)}" data-f="{safe(" ".join(own))}"'
        for name, own in zip(categories, ops.flags, strict=True)
    ]
    return (
        f'<div class="filters" data-table="ops-table">'
        f'<label>Find <input type="search" placeholder="op code, shape, layout, flag, row"></label>'
        f"{_choice('Category', 'c', sorted(set(categories)))}{_choice('Flag', 'f', flags)}"
        f'<button type="button" class="finding-chip" hidden></button>'
        f'<output aria-live="polite"></output></div>{note}{table_of("ops-table", OPS, ops, attributes)}'
    )


def groups_section(analysis: Analysis) -> str:
    """Identical ops together."""
    groups = op_groups(analysis, _GROUPS)
    left_out = len(analysis.groups) - len(groups)
    note = f'<p class="note">{left_out:,} groups with less kernel time are not listed</p>' if left_out else ""
    return note + table_of("groups-table", GROUPS, groups)


def _choice(label: str, name: str, options: list[str]) -> str:
    listed = "".join(f"<option>{safe(option)}</option>" for option in options)
    return f'<label>{label} <select name="{name}"><option value="">all</option>{listed}</select></label>'
