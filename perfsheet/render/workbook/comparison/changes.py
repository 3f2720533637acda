"""Sheet Changes: what changed, equal changes together, the largest difference first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfsheet.analysis.compare import Comparison
from perfsheet.analysis.compare.result import ChangeGroup
from perfsheet.render import differences
from perfsheet.render.workbook.marks import delta_bar
from perfsheet.render.workbook.sheet import Field, write_table_sheet
from perfsheet.render.workbook.theme import Styles

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

TITLE = "Changes"


def write(sheet: Worksheet, styles: Styles, found: Comparison) -> None:
    """Write the table; without changes it says so."""
    fields = _fields(found)
    after = write_table_sheet(sheet, styles, fields, found.groups, freeze=2)
    delta_bar(sheet, [field.header for field in fields].index("DIFFERENCE [ns]"), 1, after - 1)
    if not found.groups:
        sheet.write_string(after, 1, "No op changed.", styles["text"])


def _fields(found: Comparison) -> list[Field[ChangeGroup]]:
    per_pass: list[Field[ChangeGroup]] = [
        Field("BEFORE [ns a pass]", lambda one: one.times.base_pass_ns, "ns", 13),
        Field("NOW [ns a pass]", lambda one: one.times.new_pass_ns, "ns", 13),
        Field("DIFFERENCE [ns a pass]", lambda one: one.times.delta_pass_ns, "delta_ns", 15),
    ]
    return [
        Field("STATUS", lambda one: one.status, width=10),
        Field("OP CODE", lambda one: one.op_code, width=34),
        Field("OPS", lambda one: one.count, "count", 7),
        Field("BEFORE [ns]", lambda one: one.times.base_ns, "ns", 13),
        Field("NOW [ns]", lambda one: one.times.new_ns, "ns", 13),
        Field("DIFFERENCE [ns]", lambda one: one.times.delta_ns, "delta_ns", 20),
        Field("DIFFERENCE", lambda one: one.times.delta, "delta_percent", 11),
        *(per_pass if found.per_pass else ()),
        Field("COUNTS", lambda one: "yes" if one.times.beyond_noise else "noise", width=9),
        Field("SHAPE, LAYOUT BEFORE", lambda one: one.base, "wrap", 38),
        Field("SHAPE, LAYOUT NOW", lambda one: one.new, "wrap", 38),
        Field("WHAT CHANGED", lambda one: differences.changes(one.changes), "wrap", 80),
    ]
