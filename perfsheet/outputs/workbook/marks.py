"""Conditional formats: bars behind figures, and marks that follow the live formulas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xlsxwriter.utility import xl_rowcol_to_cell

from perfsheet.outputs.workbook.theme import BAR, GAIN, LOSS, Styles

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


_DELTA = {
    "type": "data_bar",
    "data_bar_2010": True,
    "bar_solid": True,
    "bar_color": LOSS,
    "bar_border_color": LOSS,
    "bar_negative_color": GAIN,
    "bar_negative_border_color": GAIN,
    "bar_axis_position": "middle",
}


def delta_bar(sheet: Worksheet, column: int, first_row: int, last_row: int) -> None:
    """Bars from the middle behind the differences of a column: to the left what was gained, to the right the losses."""
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
    """Set off one word among the cells of a column."""
    rule = {"type": "cell", "criteria": "==", "value": f'"{word}"', "format": styles["amber"]}
    _apply(sheet, column, first_row, last_row, rule)


def _apply(sheet: Worksheet, column: int, first_row: int, last_row: int, rule: dict[str, Any]) -> None:
    if last_row >= first_row:
        sheet.conditional_format(first_row, column, last_row, column, rule)
