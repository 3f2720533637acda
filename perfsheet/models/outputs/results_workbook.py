"""A results table as a workbook: numbers are numbers, so that Excel sorts and sums them."""

from __future__ import annotations

import io
from pathlib import Path

from rich.cells import cell_len

from perfsheet.atomic_write import replace
from perfsheet.models.results_table import ResultsTable, link_of, number, plain_text
from perfsheet.outputs.workbook.book import opened
from perfsheet.outputs.workbook.cells import Cell, Link
from perfsheet.outputs.workbook.sheet import Field, write_table_sheet
from perfsheet.outputs.workbook.theme import Styles

TITLE = "Results"
_WIDEST = 60


def write(table: ResultsTable, path: Path) -> None:
    """Write the workbook to `path`, whole or not at all. Raises PerfsheetError (exit status 7)."""
    replace(path, lambda sink: _write(table, sink))


def _write(table: ResultsTable, sink: io.FileIO) -> None:
    with opened(sink, on_disk=False) as book:
        sheet = book.add_worksheet(TITLE)
        write_table_sheet(
            sheet, Styles(book), [_field(table, place) for place in range(len(table.headers))], table.rows
        )
        sheet.set_row(0, 46)


def _field(table: ResultsTable, place: int) -> Field[tuple[str, ...]]:
    def cell(row: tuple[str, ...]) -> Cell:
        text = plain_text(row[place])
        found = number(text)
        if link := link_of(row[place]):
            return Link(link if "://" in link else f"external:{link}", text, outside=True)
        return text if found is None else found

    texts = [plain_text(row[place]) for row in table.rows]
    figures = sum(number(text) is not None for text in texts)
    width = min(_WIDEST, max(10, *(cell_len(text) + 2 for text in texts))) if texts else 12
    return Field(table.headers[place], cell, "right" if figures * 2 > len(texts) else "text", width)
