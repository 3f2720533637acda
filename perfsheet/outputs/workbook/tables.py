"""Declared tables on a worksheet: columns are addressed by key; bars, marks and links follow from the declaration."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell

from perfsheet.analysis.results import RowRef
from perfsheet.analysis.rules import low_core_count
from perfsheet.light_dataclass import dataclass
from perfsheet.outputs.workbook.cells import Cell, Cells
from perfsheet.outputs.workbook.sheet import Column as SheetColumn
from perfsheet.outputs.workbook.sheet import put_columns, set_up_table, with_filter, write_columns
from perfsheet.outputs.workbook.theme import BAR, GAIN, LOSS, Styles
from perfsheet.tables import Column, In
from perfsheet.tables.column import is_planned
from perfsheet.tables.kinds import ROW

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

    from perfsheet.outputs.workbook.worksheet import LongWorksheet

R = TypeVar("R")
_FLAGGED = {"few-cores": ("flags", low_core_count.RULE.id), "noisy": ("noisy", "noisy")}
"""The key of the column that carries a mark's flag, and the flag."""


@dataclass(frozen=True)
class Layout:
    """Where a table is on its sheet: the column of each key, the row of the header, the row after the last (from 0)."""

    columns: Mapping[str, int]
    top: int
    after: int

    def __getitem__(self, key: str) -> int:
        return self.columns[key]

    def letters(self, key: str) -> str:
        """The name of a column, such as `AB`."""
        return str(xl_col_to_name(self.columns[key]))

    @property
    def width(self) -> int:
        """The number of columns up to the table's last one."""
        return max(self.columns.values()) + 1


Live = Mapping[str, Callable[[Layout], Cells]]
"""Formulas in place of the values of a column, by its key; they need the layout of the table."""
RowLink = Callable[[RowRef], Cell]


@dataclass(frozen=True)
class Placement:
    """Where a table starts, and how many columns of the sheet a key spans (1 by default)."""

    top: int = 0
    left: int = 0
    spans: Mapping[str, int] | None = None


@dataclass(frozen=True)
class Further:
    """Columns behind those of the table; `written` is called with the number of rows so far."""

    columns: Sequence[SheetColumn] = ()
    written: Callable[[int], None] = lambda count: None


def source_ahead(columns: Sequence[Column[R]]) -> list[Column[R]]:
    """The columns of ops or findings with the source line, if there is one, behind the op code: both say what the row
    is of. The longer texts, call and module, stand behind flags and findings."""
    keys = {column.key: column for column in columns}
    ahead = [keys[key] for key in ("source",) if key in keys]
    behind = [keys[key] for key in ("call", "module") if key in keys]
    last = next((key for key in ("finding_ids", "flags") if key in keys), "")
    placed: list[Column[R]] = []
    for column in columns:
        if column in ahead or column in behind:
            continue
        placed.append(column)
        placed += ahead if column.key == "op_code" else behind if column.key == last else []
    return placed


def write_table(
    sheet: LongWorksheet,
    styles: Styles,
    columns: Sequence[Column[R]],
    rows: R,
    placement: Placement | None = None,
    live: Live | None = None,
    row_link: RowLink | None = None,
) -> Layout:
    """Write a table among others on a sheet: a header and a line per row."""
    placement = placement or Placement()
    laid, shown = _laid_out(columns, rows, placement, live, row_link)
    after = write_columns(sheet, styles, shown, placement.top, placement.left)
    return _decorated(sheet, styles, columns, Layout(laid.columns, laid.top, after))


def write_table_sheet(
    sheet: LongWorksheet,
    styles: Styles,
    columns: Sequence[Column[R]],
    rows: R,
    freeze: str,
    live: Live | None = None,
    row_link: RowLink | None = None,
    further: Further | None = None,
) -> Layout:
    """Write a sheet that is one table: filtered header in row 1, columns up to key `freeze` always in sight, landscape.

    The columns of `further` stand behind those of the table.
    """
    laid, own = _laid_out(columns, rows, Placement(), live, row_link)
    shown = [*own, *(further.columns if further else ())]
    set_up_table(sheet, styles, shown, laid[freeze] + 1)
    if further is None:
        after = write_columns(sheet, styles, shown)
    else:
        after = put_columns(sheet, styles, shown, laid.after - 1, 0, further.written)
    with_filter(sheet, shown, after)
    return _decorated(sheet, styles, columns, Layout(laid.columns, 0, after))


def _laid_out(
    columns: Sequence[Column[R]], rows: R, placement: Placement, live: Live | None, row_link: RowLink | None
) -> tuple[Layout, list[SheetColumn]]:
    spans = placement.spans or {}
    places, at = {}, placement.left
    for column in columns:
        places[column.key] = at
        at += spans.get(column.key, 1)
    count = len(columns[0].values(rows)) if columns else 0
    layout = Layout(places, placement.top, placement.top + 1 + count)
    return layout, [
        _sheet_column(column, rows, layout, live or {}, row_link, spans.get(column.key, 1)) for column in columns
    ]


def _sheet_column(
    column: Column[R], rows: R, layout: Layout, live: Live, row_link: RowLink | None, span: int
) -> SheetColumn:
    if column.key in live:
        cells: Cells = live[column.key](layout)
    elif column.kind is ROW and row_link is not None:
        cells = [None if ref is None else row_link(ref) for ref in column.listed(rows)]
    else:
        cells = column.cells(rows)
    style = "wrap" if column.wrap and not column.number else column.kind.style
    if style == "text" and column.right:
        style = "right"
    width = column.kind.width if column.width is None else column.width
    styles = column.cell_style(rows) if column.cell_style else ()
    # Live formulas look for the cells of what only a device tells, but nobody else does.
    folded = column.measured and is_planned(rows)
    return SheetColumn(column.header(In.SHEET), cells, style, width, folded, span, styles)


def _decorated(sheet: LongWorksheet, styles: Styles, columns: Sequence[Column[R]], layout: Layout) -> Layout:
    """Bars behind figures, and marks on cells; marks follow the live formulas."""
    first, last = layout.top + 1, layout.after - 1
    for column in columns:
        place = layout[column.key]
        if column.bar:
            (delta_bar if column.kind.signed else data_bar)(sheet, place, first, last)
        if column.mark is not None and column.mark.name == "not-physical":
            mark_impossible(sheet, styles, place, first, last)
        if column.mark is not None and column.mark.name in _FLAGGED:
            key, flag = _FLAGGED[column.mark.name]
            if key in layout.columns:
                mark_flagged(sheet, styles, place, layout[key], flag, first, last)
    return layout


_SOLID = {"type": "data_bar", "bar_solid": True}
_BAR = {**_SOLID, "bar_color": BAR, "bar_border_color": BAR, "min_type": "num", "min_value": 0, "max_type": "max"}
_GAINS = {"bar_negative_color": GAIN, "bar_negative_border_color": GAIN, "bar_axis_position": "middle"}
_DELTA = {**_SOLID, **_GAINS, "data_bar_2010": True, "bar_color": LOSS, "bar_border_color": LOSS}


def data_bar(sheet: Worksheet, column: int, first_row: int, last_row: int) -> None:
    """Bars from zero behind the figures of a column."""
    _apply(sheet, column, first_row, last_row, _BAR)


def delta_bar(sheet: Worksheet, column: int, first_row: int, last_row: int) -> None:
    """Bars from the middle behind the differences of a column: gains to the left, losses to the right."""
    _apply(sheet, column, first_row, last_row, _DELTA)


def mark_impossible(sheet: Worksheet, styles: Styles, column: int, first_row: int, last_row: int) -> None:
    """Highlight utilizations above 100 %."""
    rule = {"type": "cell", "criteria": ">", "value": 1, "format": styles["impossible"]}
    _apply(sheet, column, first_row, last_row, rule)


def mark_flagged(
    sheet: Worksheet, styles: Styles, column: int, flags: int, flag: str, first_row: int, last_row: int
) -> None:
    """Highlight the cells of a column in rows that carry a flag; `flags` is the column of the flags."""
    cell = xl_rowcol_to_cell(first_row, flags, col_abs=True)
    flagged = f'=ISNUMBER(SEARCH("{flag}",{cell}))'
    _apply(sheet, column, first_row, last_row, {"type": "formula", "criteria": flagged, "format": styles["amber"]})


def mark_word(sheet: Worksheet, styles: Styles, word: str, column: int, first_row: int, last_row: int) -> None:
    """Highlight the cells of a column that have this word."""
    rule = {"type": "cell", "criteria": "==", "value": f'"{word}"', "format": styles["amber"]}
    _apply(sheet, column, first_row, last_row, rule)


def _apply(sheet: Worksheet, column: int, first_row: int, last_row: int, rule: dict[str, Any]) -> None:
    if last_row >= first_row:
        sheet.conditional_format(first_row, column, last_row, column, rule)
