"""Tables on a worksheet: a header row, columns of one kind each, a filter, and text that stays text."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from xlsxwriter.utility import xl_col_to_name

from perfsheet.light_dataclass import dataclass
from perfsheet.outputs.workbook.cells import LONGEST_TEXT, Cell, Cells, Formula, LazyCells, Link, cells_xml, safe_text
from perfsheet.outputs.workbook.theme import Styles
from perfsheet.text.safe import clean

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

    from perfsheet.outputs.workbook.worksheet import LongWorksheet

_LONG = 20
"""Tables of more rows are written as XML, column by column."""
_PIECE = 2048
"""Rows that are turned into XML at a time."""
_LINE_HEIGHT, _MOST_LINES, _SMALL = 12.5, 8, 1.3


@dataclass(frozen=True)
class Column:
    """A column of a sheet with all its cells: header, style, width in characters, and how many columns it spans.

    `folded` columns are grouped and hidden until the user unfolds them. `styles`: that of each cell, where they differ.
    """

    header: str
    cells: Cells
    style: str = "text"
    width: float = 12
    folded: bool = False
    span: int = 1
    styles: Sequence[str] = ()


# fmt: off
_RIGHT_STYLES = {"right", "accuracy", "pcc", "decimal_4", "count", "plain_number", "decimal", "ns", "percent",
    "link_number", "matrix", "delta_ns", "delta_percent"}
# fmt: on


def write_cell(sheet: Worksheet, row: int, column: int, value: Cell, style: Format, link_style: Format) -> None:
    """Write one cell; a text of the capture can never become a formula or a link."""
    if isinstance(value, str):
        if value:
            sheet.write_string(row, column, safe_text(value), style)
    elif isinstance(value, int | float):
        if math.isfinite(value):
            sheet.write_number(row, column, value, style)
    elif isinstance(value, Formula):
        sheet.write_formula(row, column, value.text, style, value.value)
    elif isinstance(value, Link):
        text = clean(value.text, 255)
        target = value.target if value.outside else f"internal:{value.target}"
        sheet.write_url(row, column, target, link_style, text, value.tip or None)


def write_columns(sheet: LongWorksheet, styles: Styles, columns: Sequence[Column], top: int = 0, left: int = 0) -> int:
    """Write a header and the rows below it from row `top` (from 0) on; the number of the row after the last.

    Rows are written strictly downwards, as a workbook that is not kept in memory demands. They get the height that
    their wrapped texts need: not every reader of workbooks works it out.
    """
    count = len(columns[0].cells) if columns else 0
    if count > _LONG and not left and _plain(columns):
        return put_columns(sheet, styles, columns, count, top)
    _write_header(sheet, styles, columns, top, left)
    cells = [_listed(column.cells) for column in columns]
    for row in range(count):
        names = [column.styles[row] if column.styles else column.style for column in columns]
        _write_row(sheet, styles, columns, names, [values[row] for values in cells], top + 1 + row, left)
    return top + 1 + count


def _write_header(sheet: LongWorksheet, styles: Styles, columns: Sequence[Column], top: int, left: int) -> None:
    at = left
    for column in columns:
        if column.span > 1:
            sheet.merge_range(top, at, top, at + column.span - 1, "", styles[_header_style(column)])
        sheet.write_string(top, at, column.header, styles[_header_style(column)])
        at += column.span
    if top and any(len(column.header) > column.width * column.span for column in columns):
        sheet.set_row(top, 2 * _LINE_HEIGHT)


def _write_row(
    sheet: Worksheet,
    styles: Styles,
    columns: Sequence[Column],
    names: Sequence[str],
    cells: Sequence[Cell],
    row: int,
    left: int,
) -> None:
    lines = max((_lines(column, cell) for column, cell in zip(columns, cells, strict=True)), default=1)
    if lines > 1:
        sheet.set_row(row, _LINE_HEIGHT * lines)
    at = left
    for column, name, cell in zip(columns, names, cells, strict=True):
        if column.span > 1:
            sheet.merge_range(row, at, row, at + column.span - 1, "", styles[name])
        write_cell(sheet, row, at, cell, styles[name], styles["link"])
        at += column.span


def _listed(cells: Cells) -> Sequence[Cell]:
    return cells.tolist() if isinstance(cells, np.ndarray) else cells[:] if isinstance(cells, LazyCells) else cells


def _plain(columns: Sequence[Column]) -> bool:
    """Whether cells span one column, have the style of their column, and are no links."""
    if any(column.span > 1 or column.styles for column in columns):
        return False
    return not any(
        isinstance(cell, Link) for column in columns if isinstance(column.cells, list) for cell in column.cells
    )


def _lines(column: Column, cell: Cell) -> int:
    """The lines that a wrapped text takes."""
    if "wrap" not in column.style or not isinstance(cell, str):
        return 1
    # Characters of the small wrapped type are narrower than those that widths count; words break early.
    room = column.width * column.span * _SMALL if column.span > 1 else column.width * _SMALL
    return min(_MOST_LINES, sum(max(1, math.ceil(len(line) / room)) for line in cell.split("\n")))


def put_columns(
    sheet: LongWorksheet,
    styles: Styles,
    columns: Sequence[Column],
    count: int,
    top: int,
    written: Callable[[int], None] = lambda rows: None,
) -> int:
    """The header and rows of a table that is at hand column by column; the number of the row after the last."""
    _write_header(sheet, styles, columns, top, 0)
    wrapped = [column for column in columns if "wrap" in column.style]
    for first in range(0, count, _PIECE):
        last = min(first + _PIECE, count)
        numbers = [str(row) for row in range(top + first + 2, top + last + 2)]
        parts = [
            part
            for place, column in enumerate(columns)
            for part in cells_xml(sheet, column.cells[first:last], xl_col_to_name(place), styles[column.style], numbers)
        ]
        texts = [column.cells[first:last] for column in wrapped]
        lines = [max(map(_lines, wrapped, cells)) for cells in zip(*texts, strict=True)]
        heights = [_LINE_HEIGHT * count if count > 1 else 0 for count in lines]
        sheet.put_rows(top + 1 + first, len(columns) - 1, numbers, parts, heights)
        written(last)
    return top + 1 + count


def _header_style(column: Column) -> str:
    return "header_right" if column.style in _RIGHT_STYLES else "header"


def set_up_table(sheet: LongWorksheet, styles: Styles, columns: Sequence[Column], freeze: int) -> None:
    """Widths, frozen header and first columns, landscape pages that repeat the header."""
    for place, column in enumerate(columns):
        fold = {"level": 1, "hidden": True} if column.folded else {}
        sheet.set_column(place, place, column.width, styles["text"], fold)
    if any(column.folded for column in columns):
        sheet.set_column(len(columns), len(columns), None, None, {"collapsed": True})
    sheet.set_row(0, 32)
    sheet.freeze_panes(1, freeze)
    set_up_page(sheet)
    sheet.repeat_rows(0)


def with_filter(sheet: LongWorksheet, columns: Sequence[Column], after: int) -> None:
    """A filter over the whole table, whose last row is the one before `after`."""
    if after > 1:
        sheet.autofilter(0, 0, after - 1, len(columns) - 1)


def set_up_page(sheet: Worksheet) -> None:
    """Landscape, one page wide, numbered."""
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    sheet.set_footer("&L&8&F · &A&R&8&P / &N")
    sheet.hide_gridlines(2)


def set_up_sections(sheet: Worksheet, styles: Styles, widths: Sequence[float]) -> None:
    """A sheet of several tables under titles: its columns are as wide as stated."""
    for column, width in enumerate(widths):
        sheet.set_column(column, column, width, styles["text"])
    set_up_page(sheet)


def write_section(
    sheet: Worksheet, styles: Styles, row: int, columns: int, title: str, note: str, beside: int = 1
) -> int:
    """A title over a line of so many columns, with a note in column `beside`; the row after it."""
    sheet.write_string(row, 0, title, styles["section"])
    for column in range(1, columns):
        if column == beside:
            sheet.write_string(row, column, clean(note, LONGEST_TEXT), styles["section_note"])
        else:
            sheet.write_blank(row, column, None, styles["section_line"])
    return row + 1
