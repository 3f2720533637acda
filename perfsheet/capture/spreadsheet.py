"""Ops CSVs that were saved as .xlsx, and perfsheet's own workbooks."""

from __future__ import annotations

import json
import re
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, BinaryIO

from perfsheet.capture.columns import normalise_header, resolve
from perfsheet.capture.notes import Note
from perfsheet.capture.other_files import is_ops_header
from perfsheet.capture.records import Record, Records
from perfsheet.capture.row_validation import RowValidator
from perfsheet.errors import PerfsheetError, unusable
from perfsheet.light_dataclass import dataclass

if TYPE_CHECKING:
    from openpyxl.worksheet._read_only import ReadOnlyWorksheet

_HEADER_ROWS = 5
"""How many rows of a sheet are searched for the header."""
_ROW_NUMBER = re.compile(rb"""<(?:\w+:)?row(?:\s[^<>]*?)?\sr\s*=\s*["'](\d+)""")
_PIECE = 1 << 20
_LONGEST_TAG = 64 << 20
"""A cell has at most 32,767 characters; a tag of so many bytes is none."""
_MOST_COLUMNS = 2048
"""What stands further to the right is no ops table: the widest schema has some 250 columns."""
_ALL_OPS, _OWN_HEADER = "All Ops", "WORKER CORES"
"""The sheet of perfsheet's workbooks that has every op, and a column of all of their ops tables."""
_SHOWN = 3


def workbook_records(label: str, stream: BinaryIO) -> Records:
    """The records of one sheet, as text: of the visible ones, that whose header has the most columns of an ops CSV.

    A hidden sheet is read only if no visible one has an ops table: it may be an older run that nobody sees in Excel.
    Raises PerfsheetError (exit status 3) when the workbook cannot be opened or has no such sheet.
    """
    from openpyxl import load_workbook

    # openpyxl warns about what it does not keep (data bars, for example); cells are all that is read here.
    warnings.filterwarnings("ignore", module="openpyxl")
    try:
        book = load_workbook(stream, read_only=True, data_only=True)
        sheets: list[Any] = list(book.worksheets)
        tables = [table for table in (_Table(label, sheet) for sheet in sheets) if table.headers]
    except PerfsheetError:
        raise
    except Exception as error:  # openpyxl raises anything on broken XML
        raise _damaged(label, error) from None
    if not tables:
        names = ", ".join(book.sheetnames[:5])
        raise unusable(
            f"{label} is a workbook without an ops table (sheets: {names})",
            "give an .xlsx copy of an ops CSV, or the ops CSV itself",
        )
    # In perfsheet's own workbooks several sheets have op codes and durations: All Ops has the most columns.
    table = max(tables, key=lambda table: (not table.hidden, table.columns))
    others = [other for other in tables if other is not table and not other.is_part_of(table)]
    return Records(table.headers, table.records(), _notes(label, table, others), first_row=table.header_row + 1)


def _notes(label: str, table: _Table, others: Sequence[_Table]) -> list[Note]:
    """Which sheet was read, where another one could be meant: a warning if that is visible, too."""
    if not others and not table.hidden:
        return []
    visible = [other for other in others if not other.hidden]
    names = [other.name for other in (*visible, *(other for other in others if other.hidden))]
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    verb = "has" if len(names) == 1 else "have"
    also = f"; {', '.join(names[:_SHOWN])}{more} also {verb} an ops table" if names else ", as no visible one has ops"
    advice = ": save each as a workbook of its own to read it" if visible else ""
    note_id = "other-sheets" if visible else "hidden-sheets"
    return [Note(note_id, f"{label}: sheet {table.name} was read{also}{advice}", len(others))]


class _Table:
    """The ops table of a sheet; `headers` is empty when none of its first rows is the header of one."""

    def __init__(self, label: str, sheet: ReadOnlyWorksheet) -> None:
        self._sheet = _Sheet(label, sheet)
        self.hidden = sheet.sheet_state != "visible"
        self.title = sheet.title
        self.name = f"{sheet.title!r}{' (hidden)' * self.hidden}"
        first_rows = enumerate(islice(self._sheet.rows(), _HEADER_ROWS), start=1)
        self.header_row, self.headers = next(((n, row) for n, row in first_rows if is_ops_header(row)), (0, []))
        self.columns = sum(1 for _ in resolve(self.headers))

    def is_part_of(self, other: _Table) -> bool:
        """Whether this is a table of perfsheet with some of the ops that another has all of."""
        return other.title == _ALL_OPS and all(
            _OWN_HEADER in map(normalise_header, table.headers) for table in (self, other)
        )

    def records(self) -> Iterator[Record]:
        """The rows after the header: as wide as it, as blank cells at the end of a row need not be in the file."""
        width, validator = len(self.headers), RowValidator(self.headers)
        for row in islice(self._sheet.rows(), self.header_row, None):
            if row and len(row) < width:
                row.extend([""] * (width - len(row)))
            # Remarks right of the table are no cells of the capture; a row that a separator has shifted stays too long.
            yield row[:width] if len(row) > width and validator.is_valid(row) else row


@dataclass
class _Sheet:
    """The rows of a sheet by their numbers, whatever extent the sheet declares: many programs declare a wrong one."""

    label: str
    sheet: Any

    def rows(self) -> Iterator[Record]:
        """All rows from row 1 on, up to the last cell with a value; those that the file lacks are empty."""
        expected = 1
        try:
            for number, row in self._parsed() if self._is_in_order else _sorted(self._parsed()):
                yield from ([] for _ in range(expected, number))
                yield row
                expected = max(expected, number) + 1
        except Exception as error:
            raise _damaged(self.label, error) from None

    def _parsed(self) -> Iterator[tuple[int, Record]]:
        # iter_rows of openpyxl stops at the declared extent, and drops rows and cells that are not in order.
        from openpyxl.worksheet._reader import WorkSheetParser

        book = self.sheet.parent
        with self.sheet._get_source() as source:
            parser = WorkSheetParser(
                source,
                self.sheet._shared_strings,
                data_only=True,
                epoch=book.epoch,
                date_formats=book._date_formats,
                timedelta_formats=book._timedelta_formats,
            )
            for number, cells in parser.parse():
                filled = [(cell["column"], cell["value"]) for cell in cells if cell["value"] is not None]
                filled = [(column, value) for column, value in filled if column <= _MOST_COLUMNS]
                row = [""] * max((column for column, _ in filled), default=0)
                for column, value in filled:
                    row[column - 1] = str(value)
                yield number, row

    @cached_property
    def _is_in_order(self) -> bool:
        last, head = 0, b""
        with self.sheet._get_source() as source:
            for piece in chain(iter(lambda: source.read(_PIECE), b""), (b"",)):
                # A tag may be in two pieces; the whole ones of this piece end at its last `>`.
                whole, _, rest = (head + piece).rpartition(b">")
                for number in map(int, _ROW_NUMBER.findall(whole)):
                    if number < last:
                        return False
                    last = number
                head = rest
                if len(head) > _LONGEST_TAG:
                    raise unusable(f"{self.label} has a sheet that is no XML", "give the ops CSV itself")
        return True


def _sorted(rows: Iterator[tuple[int, Record]]) -> Iterator[tuple[int, Record]]:
    """The rows by their numbers; they wait on disk, as a long capture has no room in memory."""
    with tempfile.TemporaryFile() as waiting:
        places = []
        for number, row in rows:
            places.append((number, waiting.tell()))
            waiting.write(json.dumps(row).encode() + b"\n")
        for number, place in sorted(places):
            waiting.seek(place)
            yield number, json.loads(waiting.readline())


def _damaged(label: str, error: Exception) -> PerfsheetError:
    return unusable(f"{label} cannot be read as an Excel workbook ({type(error).__name__})", "give the ops CSV itself")
