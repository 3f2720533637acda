"""Conditional formats: bars behind figures, and marks that follow the live formulas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xlsxwriter.utility import xl_rowcol_to_cell

from perfsheet.render.workbook.theme import BAR, Styles

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

_BAR = {
    "type": "data_bar",
    "bar_solid": True,
    "bar_color": BAR,
    "bar_border_color": BAR,
    "min_type": "num",
    "min_value": 0,
    "max_type": "max",
}


def data_bar(sheet: Worksheet, column: int, first_row: int, last_row: int) -> None:
    """Bars from zero behind the figures of a column."""
    _apply(sheet, column, first_row, last_row, _BAR)


def mark_impossible(sheet: Worksheet, styles: Styles, columns: tuple[int, int], last_row: int) -> None:
    """Set off utilizations above 100 %, in the columns of both of them."""
    for column in columns:
        rule = {"type": "cell", "criteria": ">", "value": 1, "format": styles["impossible"]}
        _apply(sheet, column, 1, last_row, rule)


def mark_flagged(sheet: Worksheet, styles: Styles, column: int, flags: int, flag: str, last_row: int) -> None:
    """Set off the cells of a column in rows that carry a flag."""
    cell = xl_rowcol_to_cell(1, flags, col_abs=True)
    flagged = f'=ISNUMBER(SEARCH("{flag}",{cell}))'
    _apply(sheet, column, 1, last_row, {"type": "formula", "criteria": flagged, "format": styles["amber"]})


def mark_word(sheet: Worksheet, styles: Styles, word: str, column: int, first_row: int, last_row: int) -> None:
    """Set off one word among the cells of a column."""
    rule = {"type": "cell", "criteria": "==", "value": f'"{word}"', "format": styles["amber"]}
    _apply(sheet, column, first_row, last_row, rule)


def _apply(sheet: Worksheet, column: int, first_row: int, last_row: int, rule: dict[str, Any]) -> None:
    if last_row >= first_row:
        sheet.conditional_format(first_row, column, last_row, column, rule)
