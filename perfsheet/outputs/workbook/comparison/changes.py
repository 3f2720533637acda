"""Sheet Changes: what changed, equal changes together, the largest difference first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfsheet.compare import Comparison
from perfsheet.compare.results import ChangeGroup, Times
from perfsheet.outputs.workbook.comparison import fields
from perfsheet.outputs.workbook.sheet import Field, write_table_sheet
from perfsheet.outputs.workbook.theme import Styles
from perfsheet.text import comparison

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

TITLE = "Changes"


def write(sheet: Worksheet, styles: Styles, found: Comparison) -> None:
    """Write the table; without changes it says so."""
    columns = _columns(found)
    after = write_table_sheet(sheet, styles, columns, found.groups, freeze=2)
    fields.bars(sheet, found, columns, after - 1)
    if not found.groups:
        sheet.write_string(after, 1, "No op changed.", styles["text"])


def _columns(found: Comparison) -> list[Field[ChangeGroup]]:
    return [
        Field("STATUS", lambda one: one.status, width=10),
        Field("OP CODE", lambda one: one.op_code, width=34),
        Field("OPS", lambda one: one.count, "count", 7),
        fields.before(_times),
        fields.now(_times),
        *fields.differences(found, _times),
        Field("SHAPE, LAYOUT BEFORE", lambda one: one.base, "wrap", 38),
        Field("SHAPE, LAYOUT NOW", lambda one: one.new, "wrap", 38),
        Field("WHAT CHANGED", comparison.what, "wrap", 80),
    ]


def _times(one: ChangeGroup) -> Times:
    return one.times
