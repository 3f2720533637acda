"""Sheet Chart Data: the points behind every chart, column by column."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING

from perfsheet.outputs.workbook.cells import Value
from perfsheet.outputs.workbook.sheet import set_up_page, write_cell
from perfsheet.outputs.workbook.theme import Styles

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

TITLE = "Chart Data"

Range = list[str | int]
"""What XlsxWriter calls the cells of a series: sheet, first row, first column, last row, last column."""


class ChartData:
    """Collects columns, tells where each will stand, and writes all of them at the end, row by row."""

    def __init__(self) -> None:
        self._columns: list[tuple[str, list[Value]]] = []

    def add(self, header: str, values: Sequence[Value]) -> Range:
        """Add a column; its cells."""
        self._columns.append((header, list(values)))
        place = len(self._columns) - 1
        return [TITLE, 1, place, max(1, len(values)), place]

    def write(self, sheet: Worksheet, styles: Styles) -> None:
        """Write the columns cell by cell: XlsxWriter gives charts, for previewers, the points that it has seen."""
        set_up_page(sheet)
        sheet.freeze_panes(1, 0)
        sheet.set_row(0, 32)
        for place, (header, _) in enumerate(self._columns):
            sheet.set_column(place, place, 16)
            sheet.write_string(0, place, header, styles["header"])
        for row, cells in enumerate(zip_longest(*(values for _, values in self._columns)), 1):
            for place, value in enumerate(cells):
                style = styles["text" if isinstance(value, str) else "decimal"]
                write_cell(sheet, row, place, value, style, style)
