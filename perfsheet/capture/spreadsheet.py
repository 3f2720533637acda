"""Ops CSVs that somebody re-saved as .xlsx, and perfsheet's own workbooks."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import BinaryIO

from perfsheet.capture import foreign
from perfsheet.capture.columns import resolve
from perfsheet.capture.records import Record, Records
from perfsheet.errors import PerfsheetError, unusable

_HEADER_ROWS = 5
"""How far down a sheet its header row is looked for."""


def workbook_records(label: str, stream: BinaryIO) -> Records:
    """The records of the sheet whose header has the most columns of an ops CSV, as text.

    Raises PerfsheetError (exit status 3) when the workbook cannot be opened or has no such sheet.
    """
    from openpyxl import load_workbook

    # What openpyxl does not keep (data bars, say) is nothing to a reader of cells.
    warnings.filterwarnings("ignore", module="openpyxl")
    try:
        book = load_workbook(stream, read_only=True, data_only=True)
        # perfsheet's own workbooks have op codes and durations on several sheets: All Ops has the most columns.
        widths = [_width(_text_rows(label, sheet.iter_rows(values_only=True))) for sheet in book.worksheets]
    except PerfsheetError:
        raise
    except Exception as error:  # openpyxl meets broken XML with whatever its parts happen to raise
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
        if foreign.is_ops_header(row):
            return Records(row, rows, first_row=number + 1)
    raise _damaged(label, ValueError("its header row is gone"))


def _width(rows: Iterator[Record]) -> int:
    """How many columns of an ops CSV a sheet has; 0 when none of its top rows is such a header."""
    headers = next((row for row in islice(rows, _HEADER_ROWS) if foreign.is_ops_header(row)), [])
    return sum(1 for _ in resolve(headers))


def _text_rows(label: str, rows: Iterable[tuple[object, ...]]) -> Iterator[Record]:
    try:
        for row in rows:
            yield [_text(value) for value in row]
    except PerfsheetError:
        raise
    except Exception as error:
        raise _damaged(label, error) from None


def _text(value: object) -> str:
    return "" if value is None else value if isinstance(value, str) else str(value)


def _damaged(label: str, error: Exception) -> PerfsheetError:
    return unusable(f"{label} cannot be read as an Excel workbook ({type(error).__name__})", "give the ops CSV itself")
