"""Ops CSVs that somebody re-saved as .xlsx, and perfsheet's own workbooks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import BinaryIO

from perfsheet.capture import foreign
from perfsheet.capture.records import Record, Records
from perfsheet.errors import unusable

_HEADER_ROWS = 5
"""How far down a sheet its header row is looked for."""


def workbook_records(label: str, stream: BinaryIO) -> Records:
    """The first sheet whose top rows hold an ops CSV header, as records of text.

    Raises PerfsheetError (exit status 3) when the workbook cannot be opened or has no such sheet.
    """
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = load_workbook(stream, read_only=True, data_only=True)
    except (KeyError, ValueError, InvalidFileException):
        raise unusable(f"{label} is not an Excel workbook", "give the ops CSV itself") from None
    for sheet in book.worksheets:
        rows = _text_rows(sheet.iter_rows(values_only=True))
        for _, row in zip(range(_HEADER_ROWS), rows, strict=False):
            if foreign.is_ops_header(row):
                return Records(row, rows)
    names = ", ".join(book.sheetnames[:5])
    raise unusable(
        f"{label} is a workbook without an ops table (sheets: {names})",
        "give an .xlsx copy of an ops CSV, or the ops CSV itself",
    )


def _text_rows(rows: Iterable[tuple[object, ...]]) -> Iterator[Record]:
    for row in rows:
        yield ["" if value is None else value if isinstance(value, str) else str(value) for value in row]
