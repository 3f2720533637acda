"""Sheet By Op Type of a comparison: kernel time by op, whatever the builds call it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfsheet.analysis.compare import Comparison
from perfsheet.analysis.compare.result import OpTypeChange
from perfsheet.render.workbook.marks import delta_bar
from perfsheet.render.workbook.sheet import Field, write_table_sheet
from perfsheet.render.workbook.theme import Styles

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

TITLE = "By Op Type"
BEFORE, NOW = 4, 5
"""Columns of the times, which the chart on Summary draws."""


def write(sheet: Worksheet, styles: Styles, found: Comparison) -> None:
    """Write the table."""
    fields = _fields(found)
    after = write_table_sheet(sheet, styles, fields, found.op_types)
    delta_bar(sheet, [field.header for field in fields].index("DIFFERENCE [ns]"), 1, after - 1)


def _fields(found: Comparison) -> list[Field[OpTypeChange]]:
    per_pass: list[Field[OpTypeChange]] = [
        Field("BEFORE [ns a pass]", lambda one: one.times.base_pass_ns, "ns", 13),
        Field("NOW [ns a pass]", lambda one: one.times.new_pass_ns, "ns", 13),
        Field("DIFFERENCE [ns a pass]", lambda one: one.times.delta_pass_ns, "delta_ns", 15),
    ]
    return [
        Field("OP", lambda one: one.op_type, width=42),
        Field("CATEGORY", lambda one: one.category, width=16),
        Field("OPS BEFORE", lambda one: one.base_count, "count", 9),
        Field("OPS NOW", lambda one: one.new_count, "count", 9),
        Field("BEFORE [ns]", lambda one: one.times.base_ns, "ns", 15),
        Field("NOW [ns]", lambda one: one.times.new_ns, "ns", 15),
        Field("DIFFERENCE [ns]", lambda one: one.times.delta_ns, "delta_ns", 24),
        Field("DIFFERENCE", lambda one: one.times.delta, "delta_percent", 11),
        *(per_pass if found.per_pass else ()),
        Field("COUNTS", lambda one: "yes" if one.times.beyond_noise else "noise", width=9),
    ]
