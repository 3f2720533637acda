"""Sheet By Op Type: kernel time by op code, and below it by category."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfsheet.analysis import Analysis
from perfsheet.outputs.workbook.tables import Placement, write_table, write_table_sheet
from perfsheet.outputs.workbook.theme import Styles
from perfsheet.tables import In, Rows
from perfsheet.tables.totals import OP_TYPES

if TYPE_CHECKING:
    from perfsheet.outputs.workbook.worksheet import LongWorksheet

TITLE = "By Op Type"


def write(sheet: LongWorksheet, styles: Styles, analysis: Analysis) -> None:
    """Write both tables."""
    by_code, by_category = Rows(analysis, analysis.op_types), Rows(analysis, analysis.categories)
    columns = OP_TYPES.columns_in(In.SHEET, by_code)
    top = write_table_sheet(sheet, styles, columns, by_code, freeze="op_code").after + 1
    sheet.write_string(top, 0, "By category", styles["section"])
    sheet.set_row(top + 1, 32)
    without_code = [column for column in columns if column.key != "op_code"]
    write_table(sheet, styles, without_code, by_category, Placement(top + 1, left=1))
