"""The workbook of a suite: the table of models, how each target ended, and all earlier results."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from xlsxwriter.utility import xl_rowcol_to_cell

from perfsheet._version import __version__
from perfsheet.atomic_write import replace
from perfsheet.models.results_table import number
from perfsheet.models.suite.model import ModelResult
from perfsheet.models.tables import DETAILS, FIGURES, HISTORY, SUITE, TEXT, figure_title
from perfsheet.outputs.workbook import mark, opened
from perfsheet.outputs.workbook.tables import Layout, mark_word, write_table_sheet
from perfsheet.outputs.workbook.theme import Styles
from perfsheet.tables import Column, In
from perfsheet.text.formats import REPLAYED

if TYPE_CHECKING:
    from perfsheet.outputs.workbook.worksheet import LongWorksheet

HistoryRows = Sequence[Mapping[str, str]]
_FIRST = ("started", "commit", "model")
_WIDE = (*_FIRST, "setting", "problem", "kernel_ns")


def write_workbook(results: Sequence[ModelResult], history: HistoryRows, path: Path) -> None:
    """Write the workbook. Raises PerfsheetError (exit status 7), and leaves no partial file."""
    replace(path, lambda sink: _write(results, history, sink))


def _write(results: Sequence[ModelResult], history: HistoryRows, sink: io.FileIO) -> None:
    with opened(sink, on_disk=False) as book:
        book.set_properties({"title": "Perf sheet of models", "author": f"perfsheet {__version__}"})
        styles = Styles(book)
        sheet = book.add_worksheet(SUITE.title)
        _write_models(sheet, styles, results)
        write_table_sheet(book.add_worksheet(DETAILS.title), styles, DETAILS.columns_in(In.SHEET), results, "name")
        if history:
            _write_history(book.add_worksheet(HISTORY.title), styles, history)
        sheet.activate()


def _write_models(sheet: LongWorksheet, styles: Styles, results: Sequence[ModelResult]) -> None:
    """All columns; those without a value are folded."""
    columns = SUITE.columns_in(In.SHEET)
    layout = write_table_sheet(sheet, styles, columns, results, "model")
    sheet.set_row(0, 46)
    shown = {column.key for column in SUITE.columns_in(In.SHEET, results)}
    folded = [column for column in columns if column.key not in shown]
    for column in folded:
        index = layout[column.key]
        sheet.set_column(index, index, column.width, styles["text"], {"level": 1, "hidden": True})
    if folded:
        sheet.set_column(layout.width, layout.width, None, None, {"collapsed": True})
    mark_word(sheet, styles, "No", layout["run_success"], 1, layout.after)
    for column in columns:
        if column.mark is not None:
            _highlight(sheet, styles, layout, column.key, figure_title(column.key))
    if any(result.replayed and result.capture for result in results):
        mark([sheet], REPLAYED)


def _highlight(sheet: LongWorksheet, styles: Styles, layout: Layout, key: str, name: str) -> None:
    """Highlight the figures of a column that column Impossible names; the highlight follows when rows are sorted."""
    found = f'=ISNUMBER(FIND("{name}:",{xl_rowcol_to_cell(1, layout["impossible"], col_abs=True)}))'
    rule = {"type": "formula", "criteria": found, "format": styles["impossible"]}
    if layout.after > 1:
        sheet.conditional_format(1, layout[key], layout.after - 1, layout[key], rule)


def _write_history(sheet: LongWorksheet, styles: Styles, history: HistoryRows) -> None:
    keys = dict.fromkeys(key for row in reversed(history) for key in row)
    first = [key for key in _FIRST if key in keys]
    columns = [_history_column(key) for key in dict.fromkeys([*first, *keys])]
    layout = write_table_sheet(sheet, styles, columns, history, first[-1])
    if "impossible" in keys:
        for key in _NUMBERS & keys.keys():
            _highlight(sheet, styles, layout, key, key)


_DECLARED = {column.key: column for column in HISTORY.columns}
_NUMBERS = {column.key for column in FIGURES if column.kind.number}


def _history_column(key: str) -> Column[HistoryRows]:
    """A column of history.csv, which has texts, and percentages in percent; figures become numbers."""

    def values(rows: Iterable[Mapping[str, str]]) -> list[str | float]:
        return [_history_cell(key, row.get(key, "")) for row in rows]

    declared = _DECLARED.get(key)
    title, unit = (declared.title, declared.kind.unit or declared.kind.text_unit) if declared else (key, "")
    width = 20 if key in _WIDE else 12
    return Column(key, title, TEXT, values, unit=unit, width=width, right=key in _NUMBERS)


def _history_cell(key: str, text: str) -> str | float:
    value = number(text) if key in _NUMBERS else None
    return text if value is None else value
