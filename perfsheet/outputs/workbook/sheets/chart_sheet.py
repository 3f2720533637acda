"""Sheet Charts: four questions about the window, a chart each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfsheet.analysis import Analysis
from perfsheet.outputs.workbook.charts import BookCharts
from perfsheet.outputs.workbook.sheet import set_up_page
from perfsheet.outputs.workbook.theme import Styles
from perfsheet.text import captions

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

TITLE = "Charts"
_SIZE = (860, 400)
_ROWS, _COLUMNS = 22, 10
"""Cells that a chart covers, with the line above it."""


def write(sheet: Worksheet, styles: Styles, analysis: Analysis, charts: BookCharts) -> None:
    """Lay the charts out two by two, the question above each."""
    set_up_page(sheet)
    sheet.set_column(0, 2 * _COLUMNS, 12)
    for place, (draw, question) in enumerate(
        (
            (charts.timeline, captions.TIMELINE_ASKS),
            (charts.pareto, captions.PARETO_ASKS),
            (charts.roofline, captions.roofline_asks(analysis.roofline)),
            (charts.core_use, captions.core_use_asks(analysis.core_use)),
        )
    ):
        down, across = divmod(place, 2)
        row, column = down * _ROWS, across * _COLUMNS
        sheet.write_string(row, column, question, styles["text"])
        draw(sheet, row + 1, column, _SIZE)
    sheet.print_area(0, 0, 2 * _ROWS, 2 * _COLUMNS - 1)
