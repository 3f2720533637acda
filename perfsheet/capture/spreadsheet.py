"""Ops CSVs that were saved as .xlsx, and perfsheet's own workbooks."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import BinaryIO

from perfsheet.capture.columns import resolve
from perfsheet.capture.other_files import is_ops_header
from perfsheet.capture.records import Record, Records
from perfsheet.errors import PerfsheetError, unusable

_HEADER_ROWS = 5
"""How many rows of a sheet are searched for the header."""


def workbook_records(label: str, stream: BinaryIO) -> Records:
    """The records of the sheet whose header has the most columns of an ops CSV, as text.

    Raises PerfsheetError (exit status 3) when the workbook cannot be opened or has no such sheet.
    """
    from openpyxl import load_workbook

    # openpyxl warns about what it does not keep (data bars, for example); cells are all that is read here.
    warnings.filterwarnings("ignore", module="openpyxl")
    try:
        book = load_workbook(stream, read_only=True, data_only=True)
        # In perfsheet's own workbooks several sheets have op codes and durations: All Ops has the most columns.
        widths = [_count_columns(_text_rows(label, sheet.iter_rows(values_only=True))) for sheet in book.worksheets]
    except PerfsheetError:
        raise
    except Exception as error:  # openpyxl raises anything on broken XML
        raise _damaged(label, error) from None
    if not any(widths):
        names = ", ".join(book.sheetnames[:5])
        raise unusable(
            f"{label} is a workbook without an ops table (sheets: {names})",
            "give an .xlsx copy of an ops CSV, or the ops CSV itself",
        )
    sheet = book.worksheets[widths.index(max(widths))]
    rows = _text_rows(label, sheet.iter_rows(values_only=True))
    for number, row in enumerate(rows, start=1):
        if is_ops_header(row):
            return Records(row, rows, first_row=number + 1)
    raise _damaged(label, ValueError("no header row"))


def _count_columns(rows: Iterator[Record]) -> int:
    """How many columns of an ops CSV a sheet has; 0 when none of its first rows is such a header."""
    headers = next((row for row in islice(rows, _HEADER_ROWS) if is_ops_header(row)), [])
    return sum(1 for _ in resolve(headers))


def _text_rows(label: str, rows: Iterable[tuple[object, ...]]) -> Iterator[Record]:
    try:
        for row in rows:
            yield ["" if value is None else str(value) for value in row]
    except Exception as error:
        raise _damaged(label, error) from None


def _damaged(label: str, error: Exception) -> PerfsheetError:
    return unusable(f"{label} cannot be read as an Excel workbook ({type(error).__name__})", "give the ops CSV itself")
