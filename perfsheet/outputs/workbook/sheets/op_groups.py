"""Sheet Op Groups: identical ops together, most kernel time first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfsheet.analysis import Analysis
from perfsheet.outputs.workbook.sheets import all_ops
from perfsheet.outputs.workbook.tables import write_table_sheet
from perfsheet.outputs.workbook.theme import Styles
from perfsheet.tables import In
from perfsheet.tables.groups import GROUPS, op_groups

if TYPE_CHECKING:
    from perfsheet.outputs.workbook.worksheet import LongWorksheet

TITLE = "Op Groups"
_SHOWN = 2000


def write(sheet: LongWorksheet, styles: Styles, analysis: Analysis) -> None:
    """Write a row per group."""
    groups = op_groups(analysis, _SHOWN)
    columns = [column.changed(wrap=False) for column in GROUPS.columns_in(In.SHEET, groups)]
    links = all_ops.row_links(analysis)
    layout = write_table_sheet(sheet, styles, columns, groups, freeze="op_code", row_link=links)
    sheet.print_area(0, 0, layout.after + 1, layout["first_row"])
    if len(groups) < len(analysis.groups):
        note = f"{len(analysis.groups) - len(groups):,} groups with less kernel time are not listed."
        sheet.write_string(layout.after + 1, 1, note, styles["quiet"])
