"""The workbook of a suite: the table of models, what went wrong, and all earlier results."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from perfsheet._version import __version__
from perfsheet.atomic_write import replace
from perfsheet.models.results_table import number
from perfsheet.models.suite.columns import COLUMNS, SHARES, Column, shown_columns
from perfsheet.models.suite.model import ModelResult
from perfsheet.outputs.workbook.book import opened
from perfsheet.outputs.workbook.cells import Cell
from perfsheet.outputs.workbook.marks import data_bar, mark_word
from perfsheet.outputs.workbook.sheet import Field, write_table_sheet
from perfsheet.outputs.workbook.theme import Styles

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

_SUCCESS = {True: "Yes", False: "No", None: "not run"}
"""Words: not every font of a spreadsheet has the badges."""

MODELS, DETAILS, HISTORY = "Models", "Details", "History"

_STYLES = {
    "text": "text",
    "success": "text",
    "count": "count",
    "seconds": "decimal_4",
    "milliseconds": "decimal_4",
    "rate": "decimal_4",
    "ns": "ns",
    "share": "percent",
    "distance": "delta_percent",
    "accuracy": "accuracy",
}


def write(results: Sequence[ModelResult], history: Sequence[Mapping[str, str]], path: Path) -> None:
    """Write the workbook to `path`, whole or not at all. Raises PerfsheetError (exit status 7)."""
    replace(path, lambda sink: _write(results, history, sink))


def _write(results: Sequence[ModelResult], history: Sequence[Mapping[str, str]], sink: io.FileIO) -> None:
    with opened(sink, on_disk=False) as book:
        book.set_properties({"title": "Perf sheet of models", "author": f"perfsheet {__version__}"})
        styles = Styles(book)
        sheet = book.add_worksheet(MODELS)
        shown = shown_columns(results)
        fields = [_field(column, folded=column not in shown) for column in COLUMNS]
        after = write_table_sheet(sheet, styles, fields, results)
        sheet.set_row(0, 46)
        _mark(sheet, styles, fields, after)
        _write_details(book.add_worksheet(DETAILS), styles, results)
        if history:
            _write_history(book.add_worksheet(HISTORY), styles, history)
        sheet.activate()


def _field(column: Column, folded: bool) -> Field[ModelResult]:
    """Columns that no model has are there, but folded."""

    def cell(result: ModelResult) -> Cell:
        if column.kind == "success":
            return _SUCCESS[result.run_success]
        value = column.value(result)
        return value if not isinstance(value, bool) else str(value)

    width = {"model": 26, "setting": 24, "kernel_ns": 16}.get(column.name, 12)
    header = column.header.replace(" (%)", "") if column.kind in SHARES else column.header
    return Field(header, cell, _STYLES[column.kind], width, folded=folded)


def _mark(sheet: Worksheet, styles: Styles, fields: Sequence[Field[ModelResult]], after: int) -> None:
    headers = [field.header for field in fields]
    data_bar(sheet, headers.index("Device Kernel Time (ns)"), 1, after - 1)
    mark_word(sheet, styles, "No", headers.index("Run Success"), 1, after)


def _write_details(sheet: Worksheet, styles: Styles, results: Sequence[ModelResult]) -> None:
    fields: list[Field[ModelResult]] = [
        Field("Model", lambda result: result.name, width=40),
        Field("Outcome", lambda result: result.outcome, width=14),
        Field("What Went Wrong", lambda result: result.problem or None, "wrap", 60),
        Field("Limits Breached", lambda result: "; ".join(result.breaches) or None, "wrap", 40),
        Field("To Distrust", lambda result: "; ".join(result.warnings) or None, "wrap", 60),
        Field("Device Figures", _source, width=26),
        Field("Started", lambda result: result.started, width=20),
        Field("Took (s)", lambda result: result.duration_s, "decimal", 10),
        Field("Command", lambda result: result.command, width=60),
        Field("Perf File", lambda result: result.perf_file, width=40),
        Field("Ops CSV", lambda result: result.capture, width=40),
        Field("Perf Sheet", lambda result: result.workbook, width=40),
        Field("Log", lambda result: result.log, width=40),
    ]
    write_table_sheet(sheet, styles, fields, results)


def _source(result: ModelResult) -> str | None:
    if result.capture is None:
        return None
    return "of a recorded capture" if result.replayed else "measured in this run"


def _write_history(sheet: Worksheet, styles: Styles, history: Sequence[Mapping[str, str]]) -> None:
    figures = {column.output_name for column in COLUMNS if column.kind not in ("text", "success")}

    def of(name: str) -> Field[Mapping[str, str]]:
        def cell(line: Mapping[str, str]) -> Cell:
            text = line.get(name, "")
            found = number(text) if name in figures else None
            return text if found is None else found

        wide = name in ("started", "model", "setting", "commit", "problem", "kernel_ns")
        return Field(name, cell, "right" if name in figures else "text", 20 if wide else 12)

    names = dict.fromkeys(name for line in reversed(history) for name in line)
    first = [name for name in ("started", "commit", "model") if name in names]
    write_table_sheet(sheet, styles, [of(name) for name in dict.fromkeys([*first, *names])], history, freeze=3)
