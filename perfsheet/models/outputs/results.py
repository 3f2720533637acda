"""Results tables as aligned Markdown, CSV, JSON and a workbook."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len

from perfsheet.models.results_table import Align, Document, ResultsTable, link_of, number, plain_text
from perfsheet.text.json_text import json_text
from perfsheet.text.safe import csv_cell

if TYPE_CHECKING:
    from perfsheet.outputs.workbook.cells import Cell
    from perfsheet.outputs.workbook.sheet import Column

TITLE = "Results"
_LEAST_WIDTH = 3
_MOST_WIDTH = 60


def document_markdown(document: Document) -> str:
    """A document with its tables aligned; the text around them and the line ends stay."""
    parts = (
        part if isinstance(part, str) else table_markdown(part).replace("\n", document.line_end)
        for part in document.parts
    )
    return "".join(parts)


def table_markdown(table: ResultsTable) -> str:
    """The lines of a table, with aligned columns and impossible figures marked."""
    table = table.marked()
    columns = zip(table.headers, *table.rows, strict=True)
    widths = [max(_LEAST_WIDTH, *map(cell_len, column)) for column in columns]
    lines = [_line(table.headers, widths, table.aligns), _rule(widths, table.aligns)]
    lines += [_line(row, widths, table.aligns) for row in table.rows]
    return "".join(f"{line}\n" for line in lines)


def _line(cells: Sequence[str], widths: Sequence[int], aligns: Sequence[Align]) -> str:
    padded = [_padded(cell, width, align) for cell, width, align in zip(cells, widths, aligns, strict=True)]
    return f"| {' | '.join(padded)} |"


def _padded(cell: str, width: int, align: Align) -> str:
    blanks = " " * (width - cell_len(cell))
    return blanks + cell if align == "right" else cell + blanks


def _rule(widths: Sequence[int], aligns: Sequence[Align]) -> str:
    def dashes(width: int, align: Align) -> str:
        left, right = align in ("left", "center"), align in ("right", "center")
        return f"{':' if left else '-'}{'-' * width}{':' if right else '-'}"

    return f"|{'|'.join(dashes(width, align) for width, align in zip(widths, aligns, strict=True))}|"


def table_csv(table: ResultsTable) -> str:
    """Header and rows; links stay Markdown, impossible figures are marked."""
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows(
        map(csv_cell, _unescaped(cells)) for cells in [table.headers, *table.marked().rows]
    )
    return stream.getvalue()


def table_json(table: ResultsTable) -> str:
    """A list of objects, one per row; repeated headers get a number.

    A row with impossible figures has `impossible`: why, by header.
    """
    names: list[str] = []
    for header in table.headers:
        count = sum(name == header or name.startswith(f"{header} (") for name in names)
        names.append(f"{header} ({count + 1})" if header in names else header)
    rows: list[dict[str, Any]] = [dict(zip(names, _unescaped(row), strict=True)) for row in table.rows]
    for (row, column), why in table.impossible.items():
        rows[row].setdefault("impossible", {})[names[column]] = why
    return json_text(rows, indent=1) + "\n"


def _unescaped(cells: Sequence[str]) -> list[str]:
    return [cell.replace("\\|", "|") for cell in cells]


def write_workbook(table: ResultsTable, path: Path, overwrite: bool = True) -> None:
    """Write the table as a workbook; numbers are numbers, so Excel can sort and sum them.

    Impossible figures are texts with a mark, so that nothing sums them.

    Raises PerfsheetError (exit status 7), and leaves no partial file.
    """
    from perfsheet.atomic_write import replace
    from perfsheet.outputs.workbook import opened
    from perfsheet.outputs.workbook.sheet import set_up_table, with_filter, write_columns
    from perfsheet.outputs.workbook.theme import Styles

    def write(sink: io.FileIO) -> None:
        with opened(sink, on_disk=False) as book:
            sheet, styles = book.add_worksheet(TITLE), Styles(book)
            rows = table.marked().rows
            columns = [_column(header, cells) for header, *cells in zip(table.headers, *rows, strict=True)]
            set_up_table(sheet, styles, columns, 1)
            with_filter(sheet, columns, write_columns(sheet, styles, columns))
            sheet.set_row(0, 46)

    replace(path, write, overwrite)


def _column(header: str, cells: Sequence[str]) -> Column:
    from perfsheet.outputs.workbook.sheet import Column

    texts = list(map(plain_text, cells))
    numbers = sum(number(text) is not None for text in texts)
    width = min(_MOST_WIDTH, max(10, *(cell_len(text) + 2 for text in texts))) if texts else 12
    return Column(header, list(map(_cell, cells)), "right" if numbers * 2 > len(texts) else "text", width)


def _cell(cell: str) -> Cell:
    from perfsheet.outputs.workbook.cells import Link

    text = plain_text(cell)
    if link := link_of(cell):
        return Link(link if "://" in link else f"external:{link}", text, outside=True)
    value = number(text)
    return text if value is None else value
