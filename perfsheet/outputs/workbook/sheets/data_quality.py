"""Sheet Data Quality: what was used, what was left out, and what limits how far the figures can be relied on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfsheet.analysis import Analysis
from perfsheet.outputs.workbook.marks import mark_word
from perfsheet.outputs.workbook.tables import write_table_sheet
from perfsheet.outputs.workbook.theme import Styles
from perfsheet.tables import In
from perfsheet.tables.quality import CHECKS, LOOK

if TYPE_CHECKING:
    from perfsheet.outputs.workbook.worksheet import LongWorksheet

TITLE = "Data Quality"


def write(sheet: LongWorksheet, styles: Styles, analysis: Analysis) -> None:
    """Write every check and the row counts, those first that want a look."""
    checks = analysis.verdict
    layout = write_table_sheet(sheet, styles, CHECKS.columns_in(In.SHEET), checks, freeze="label")
    mark_word(sheet, styles, LOOK, layout["ok"], 1, layout.after - 1)
