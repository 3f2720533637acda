"""Tables on a worksheet: a header row, columns of one kind each, a filter, and text that stays text."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from xlsxwriter.utility import xl_col_to_name

from perfsheet.outputs.workbook.cells import LONGEST_TEXT, Cell, Cells, Formula, Link, cells_xml, safe_text
from perfsheet.outputs.workbook.theme import Styles
from perfsheet.text.formats import clean

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

    from perfsheet.outputs.workbook.worksheet import LongWorksheet

Item = TypeVar("Item")
_PIECE = 2048
"""Rows that are turned into XML at a time."""
_LINE_HEIGHT, _MOST_LINES, _SMALL = 12.5, 8, 1.3


@dataclass(frozen=True)
class Field(Generic[Item]):
    """A column of a table: its header, the cell of an item, its style, its width in characters, and how many columns of
    the sheet it spans. `folded` columns are grouped and hidden until the user unfolds them."""

    header: str
    cell: Callable[[Item], Cell]
    style: str = "text"
    width: float = 12
    span: int = 1
    folded: bool = False


@dataclass(frozen=True)
class Column:
    """A column of a table that is at hand as a whole: its cells, and the rest as in Field."""

    header: str
    cells: Cells
    style: str = "text"
    width: float = 12
    folded: bool = False


_RIGHT_STYLES = {
    "right",
    "accuracy",
    "decimal_4",
    "count",
    "plain_number",
    "decimal",
    "ns",
    "percent",
    "link_number",
    "matrix",
} | {
    "delta_ns",
    "delta_percent",
}


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


def write_table(
    sheet: Worksheet,
    styles: Styles,
    fields: Sequence[Field[Item]],
    items: Iterable[Item],
    top: int = 0,
    left: int = 0,
) -> int:
    """Write a header and a line per item from row `top` (from 0) on; the number of the row after the last.

    Rows are written strictly downwards, as a workbook that is not kept in memory demands. They get the
    height that their wrapped texts need: not every reader of workbooks finds it out by itself.
    """
    column = left
    for field in fields:
        sheet.write_string(top, column, field.header, styles[_header_style(field)])
        for spanned in range(column + 1, column + field.span):
            sheet.write_blank(top, spanned, None, styles["header"])
        column += field.span
    formats = [styles[field.style] for field in fields]
    link = styles["link"]
    row = top + 1
    wraps = [field for field in fields if "wrap" in field.style]
    for item in items:
        lines = max((_lines(field, item) for field in wraps), default=1)
        if lines > 1:
            sheet.set_row(row, _LINE_HEIGHT * lines)
        column = left
        for offset, field in enumerate(fields):
            if field.span > 1:
                sheet.merge_range(row, column, row, column + field.span - 1, "", formats[offset])
            write_cell(sheet, row, column, field.cell(item), formats[offset], link)
            column += field.span
        row += 1
    return row


def _lines(field: Field[Item], item: Item) -> int:
    value = field.cell(item)
    if not isinstance(value, str):
        return 1
    # Characters of the small wrapped type are narrower than those that widths count; words break early.
    room = field.width * _SMALL
    return min(_MOST_LINES, sum(max(1, math.ceil(len(line) / room)) for line in value.split("\n")))


def write_table_sheet(
    sheet: LongWorksheet, styles: Styles, fields: Sequence[Field[Item]], items: Sequence[Item], freeze: int = 1
) -> int:
    """A sheet that starts with a table: filtered header in row 1, widths, landscape; the row after the last.

    The header stays in sight, and so do the first `freeze` columns.
    """
    columns = _evaluated(fields, items)
    if columns is None:
        _set_up_table(sheet, styles, fields, freeze)
        after = write_table(sheet, styles, fields, items)
        return _with_filter(sheet, fields, after)
    return write_columns_sheet(sheet, styles, columns, len(items), freeze)


def write_columns_sheet(
    sheet: LongWorksheet,
    styles: Styles,
    columns: Sequence[Column],
    count: int,
    freeze: int = 1,
    written: Callable[[int], None] = lambda rows: None,
) -> int:
    """The same for a table of `count` rows that is at hand column by column; `written` hears how many rows are."""
    _set_up_table(sheet, styles, columns, freeze)
    after = put_columns(sheet, styles, columns, count, 0, written)
    return _with_filter(sheet, columns, after)


def write_long_table(
    sheet: LongWorksheet, styles: Styles, fields: Sequence[Field[Item]], items: Sequence[Item], top: int
) -> int:
    """As `write_table`, quicker, for a table with nothing beside it on the sheet, without wrapped texts and links."""
    columns = _evaluated(fields, items)
    if columns is None:
        return write_table(sheet, styles, fields, items, top)
    return put_columns(sheet, styles, columns, len(items), top)


def put_columns(
    sheet: LongWorksheet,
    styles: Styles,
    columns: Sequence[Column],
    count: int,
    top: int,
    written: Callable[[int], None] = lambda rows: None,
) -> int:
    """The header and rows of a table that is at hand column by column; the number of the row after the last."""
    for place, column in enumerate(columns):
        sheet.write_string(top, place, column.header, styles[_header_style(column)])
    for first in range(0, count, _PIECE):
        last = min(first + _PIECE, count)
        numbers = [str(row) for row in range(top + first + 2, top + last + 2)]
        rendered = [
            cells_xml(sheet, column.cells[first:last], xl_col_to_name(place), styles[column.style], numbers)
            for place, column in enumerate(columns)
        ]
        rows = ["".join(row) for row in zip(*rendered, strict=True)]
        sheet.put_rows(top + 1 + first, len(columns) - 1, rows)
        written(last)
    return top + 1 + count


def _evaluated(fields: Sequence[Field[Item]], items: Sequence[Item]) -> list[Column] | None:
    """The table column by column; None where rows need a height of their own, or links."""
    cells = [[field.cell(item) for item in items] for field in fields]
    if any(field.span > 1 or "wrap" in field.style for field in fields):
        return None
    if any(isinstance(one, Link) for column in cells for one in column):
        return None
    return [
        Column(field.header, column, field.style, field.width, field.folded)
        for field, column in zip(fields, cells, strict=True)
    ]


def _header_style(column: Field[Item] | Column) -> str:
    return "header_right" if column.style in _RIGHT_STYLES else "header"


def _set_up_table(sheet: LongWorksheet, styles: Styles, fields: Sequence[Field[Item] | Column], freeze: int) -> None:
    for column, field in enumerate(fields):
        fold = {"level": 1, "hidden": True} if field.folded else {}
        sheet.set_column(column, column, field.width, styles["text"], fold)
    if any(field.folded for field in fields):
        sheet.set_column(len(fields), len(fields), None, None, {"collapsed": True})
    sheet.set_row(0, 32)
    sheet.freeze_panes(1, freeze)
    set_up_page(sheet)
    sheet.repeat_rows(0)


def _with_filter(sheet: LongWorksheet, fields: Sequence[Field[Item] | Column], after: int) -> int:
    if after > 1:
        sheet.autofilter(0, 0, after - 1, len(fields) - 1)
    return after


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
