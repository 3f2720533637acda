"""Sheet Chart Data: the points behind every chart, column by column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from perfsheet.render.workbook.cells import Value
from perfsheet.render.workbook.sheet import Column, put_columns, set_up_page
from perfsheet.render.workbook.theme import Styles

if TYPE_CHECKING:
    from perfsheet.render.workbook.worksheet import LongWorksheet

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

    def write(self, sheet: LongWorksheet, styles: Styles) -> None:
        """Write the columns."""
        set_up_page(sheet)
        sheet.freeze_panes(1, 0)
        sheet.set_row(0, 32)
        most = max((len(values) for _, values in self._columns), default=0)
        columns = []
        for place, (header, values) in enumerate(self._columns):
            sheet.set_column(place, place, 16)
            style = "text" if any(isinstance(value, str) for value in values) else "decimal"
            columns.append(Column(header, [*values, *[None] * (most - len(values))], style))
        put_columns(sheet, styles, columns, most, 0)
