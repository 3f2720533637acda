"""Sheet By Op Type of a comparison: kernel time by op, whatever the builds call it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfsheet.compare import Comparison
from perfsheet.compare.results import OpTypeChange, Times
from perfsheet.outputs.workbook.comparison import fields
from perfsheet.outputs.workbook.sheet import Field, write_table_sheet
from perfsheet.outputs.workbook.theme import Styles

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

TITLE = "By Op Type"


def write(sheet: Worksheet, styles: Styles, found: Comparison) -> None:
    """Write the table."""
    columns = _columns(found)
    after = write_table_sheet(sheet, styles, columns, found.op_types)
    fields.bars(sheet, found, columns, after - 1)


def columns_of_times(found: Comparison) -> tuple[int, int]:
    """Where the times before and now stand that can be compared, for the chart on Summary."""
    headers = [field.header for field in _columns(found)]
    names = (fields.BEFORE_A_PASS, fields.NOW_A_PASS) if found.per_pass else (fields.BEFORE, fields.NOW)
    return headers.index(names[0]), headers.index(names[1])


def _columns(found: Comparison) -> list[Field[OpTypeChange]]:
    return [
        Field("OP", lambda one: one.op_type, width=42),
        Field("CATEGORY", lambda one: one.category, width=16),
        Field("OPS BEFORE", lambda one: one.base_count, "count", 9),
        Field("OPS NOW", lambda one: one.new_count, "count", 9),
        fields.before(_times),
        fields.now(_times),
        *fields.differences(found, _times),
    ]


def _times(one: OpTypeChange) -> Times:
    return one.times
