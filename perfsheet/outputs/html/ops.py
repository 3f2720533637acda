"""The rankings on the page: single ops, filterable by text, category and flag, and identical ops together."""

from __future__ import annotations

from perfsheet.analysis import Analysis
from perfsheet.analysis.ops.categories import category
from perfsheet.outputs.html.document import Section
from perfsheet.outputs.html.table import page_table
from perfsheet.tables.groups import GROUPS, op_groups
from perfsheet.tables.ops import OPS, top_ops

SHOWN = 2000
"""More would make the page heavy; the workbook has all."""
_GROUPS = 200


def ops_section(analysis: Analysis) -> Section:
    """The filters, then the ranking."""
    ops = top_ops(analysis, SHOWN)
    total = analysis.summary.timed_rows
    longest = f"the {len(ops):,} longest of {total:,} ops; the workbook has all of them" if total > len(ops) else ""
    categories = [category(code) for code in OPS["op_code"].listed(ops)]
    # What the filters look at.
    attributes = [
        {"data-c": name, "data-f": " ".join(flags)} for name, flags in zip(categories, ops.flags, strict=True)
    ]
    data = {
        "table": page_table("ops-table", OPS, ops, attributes),
        "categories": sorted(set(categories)),
        "flags": [flag for flag in analysis.flag_masks if any(flag in flags for flags in ops.flags)],
        "note": longest,
    }
    return Section("ops", "Top ops", "ops.html", data)


def groups_section(analysis: Analysis) -> Section:
    """Identical ops together."""
    groups = op_groups(analysis, _GROUPS)
    left_out = len(analysis.groups) - len(groups)
    note = f"{left_out:,} groups with less kernel time are not listed" if left_out else ""
    tables = [("", page_table("groups-table", GROUPS, groups))]
    return Section("groups", "Identical ops together", "tables.html", {"note": note, "tables": tables})
