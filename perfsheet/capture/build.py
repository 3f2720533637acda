"""From the records of one file to its columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from perfsheet.capture import arrow, blocks
from perfsheet.capture.cells import parse_numbers
from perfsheet.capture.columns import Type, normalise_header, resolve
from perfsheet.capture.notes import Note, rows
from perfsheet.capture.records import Record, Records
from perfsheet.capture.salvage import OP_CODE_HEADER, Salvage
from perfsheet.capture.table import FloatArray, IntArray
from perfsheet.capture.texts import Texts, TextsBuilder

if TYPE_CHECKING:
    import pyarrow as pa

# Records are turned into columns in pieces: the row-wise form of 100,000 records would take a gigabyte.
_PIECE = 4096


@dataclass
class FileColumns:
    """The columns of one file; `row` numbers its records as a spreadsheet does (the header is row 1)."""

    label: str
    row: IntArray
    numbers: dict[str, FloatArray]
    texts: dict[str, Texts]
    headers: dict[str, str]
    notes: list[Note]


@dataclass
class _Layout:
    """Which cell of a record goes into which column."""

    numbers: list[tuple[int, str]] = field(default_factory=list)
    texts: list[tuple[int, str]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    width: int = 0
    op_code: int = 0
    duplicated: list[str] = field(default_factory=list)


def build(label: str, records: Records, only: frozenset[str] | None) -> FileColumns:
    """Read all records into columns; `only` names the columns to keep (None = all, undeclared ones included)."""
    layout = _lay_out(records.headers, only)
    columns = _sound_columns(layout, records) if records.bulk else None
    salvage = Salvage(label, layout.width, layout.op_code)
    if columns is None:
        columns = _Columns(layout, records.grouped_numbers)
        sound = salvage.sound_records(records)
        while piece := list(islice(sound, _PIECE)):
            columns.add([number for number, _ in piece], list(zip(*(record for _, record in piece), strict=True)))
    notes = [*_duplicated(label, layout), *records.notes, *salvage.notes(), *columns.unreadable(label)]
    return columns.built(label, notes)


def _sound_columns(layout: _Layout, records: Records) -> _Columns | None:
    """The columns of a file whose records are all sound; None when one is not."""
    columns = _Columns(layout, records.grouped_numbers)
    wanted = sorted({layout.op_code, *(position for position, _ in (*layout.numbers, *layout.texts))})
    assert records.bulk is not None
    first = records.first_row
    try:
        for table in blocks.tables(records.bulk, layout.width, wanted):
            if not _plain_ops(table, str(layout.op_code)):
                return None
            columns.add_table(first, table)
            first += len(table)
    except blocks.UnsoundError:
        return None
    return columns


def _plain_ops(table: pa.Table, op_code: str) -> bool:
    """Whether no record of the table can be a blank one, or repeat the header."""
    codes = TextsBuilder()
    for chunk in table[op_code].chunks:
        codes.extend_arrow(chunk)
    return not any(value.strip().upper() in ("", OP_CODE_HEADER) for value in codes.built().values)


class _Columns:
    """Columns that grow piece by piece."""

    def __init__(self, layout: _Layout, grouped_numbers: bool) -> None:
        self._layout = layout
        self._grouped = grouped_numbers
        self._rows: list[IntArray] = []
        self._numbers: dict[str, list[FloatArray]] = {name: [] for _, name in layout.numbers}
        self._texts = {name: TextsBuilder() for _, name in layout.texts}
        self._unreadable = 0
        self._first_unreadable: tuple[int, str, str] | None = None

    def add(self, numbers: Sequence[int], columns: Sequence[Sequence[str]]) -> None:
        """Add records, given column by column; `numbers` are their rows in the file."""
        self._rows.append(np.array(numbers, dtype=np.int64))
        for position, name in self._layout.numbers:
            self._add_numbers(name, columns[position], numbers)
        for position, name in self._layout.texts:
            self._texts[name].extend(columns[position])

    def add_table(self, first: int, table: pa.Table) -> None:
        """Add the records of a table of strings; they are the rows from `first` on."""
        numbers = range(first, first + len(table))
        self._rows.append(np.arange(first, first + len(table), dtype=np.int64))
        for position, name in self._layout.numbers:
            values = _plain_floats(table[str(position)])
            if values is None:
                cells = ["" if cell is None else cell for cell in table[str(position)].to_pylist()]
                self._add_numbers(name, cells, numbers)
            else:
                self._numbers[name].append(values)
        for position, name in self._layout.texts:
            for chunk in table[str(position)].chunks:
                self._texts[name].extend_arrow(chunk)

    def _add_numbers(self, name: str, cells: Sequence[str], numbers: Sequence[int]) -> None:
        values, bad = parse_numbers(cells, self._grouped)
        self._numbers[name].append(values)
        self._unreadable += len(bad)
        if bad and (self._first_unreadable is None or numbers[bad[0]] < self._first_unreadable[0]):
            self._first_unreadable = numbers[bad[0]], name, cells[bad[0]]

    def unreadable(self, label: str) -> list[Note]:
        """What is to be said about cells that should be numbers."""
        if self._first_unreadable is None:
            return []
        number, name, cell = self._first_unreadable
        text = (
            f"{label}: {rows(self._unreadable, 'cell')} not readable as a number, taken as unknown; the first: row "
            f"{number}, {self._layout.headers[name]} = {cell[:40]!r}"
        )
        return [Note("unreadable-numbers", text, self._unreadable)]

    def built(self, label: str, notes: list[Note]) -> FileColumns:
        """The whole columns."""
        return FileColumns(
            label,
            np.concatenate(self._rows) if self._rows else np.empty(0, dtype=np.int64),
            {name: np.concatenate(pieces) if pieces else np.empty(0) for name, pieces in self._numbers.items()},
            {name: texts.built() for name, texts in self._texts.items()},
            self._layout.headers,
            notes,
        )


def _plain_floats(cells: pa.ChunkedArray) -> FloatArray | None:
    """The numbers of a column of plain ones and blanks; None when there is anything else, which `parse_numbers` reads.

    Arrow reads no more than Python's float() does, and rounds alike, but for words like `nan(1)`: no word is plain.
    """
    import pyarrow as pa

    try:
        numbers = cells.cast(pa.float64())
    except pa.ArrowInvalid:
        return None
    pieces = [np.where(arrow.nulls(one), np.nan, arrow.values(one, np.float64)) for one in numbers.chunks]
    values: FloatArray = np.concatenate(pieces) if pieces else np.empty(0)
    finite = int(np.count_nonzero(np.isfinite(values)))
    return values if finite + cells.null_count == len(values) else None


def _duplicated(label: str, layout: _Layout) -> list[Note]:
    if not layout.duplicated:
        return []
    names = ", ".join(layout.duplicated[:3])
    text = f"{label}: columns appear twice, the first is used: {names}"
    return [Note("duplicated-columns", text, len(layout.duplicated))]


def _lay_out(headers: Record, only: frozenset[str] | None) -> _Layout:
    layout = _Layout(width=len(headers))
    known = dict(resolve(headers))
    layout.op_code = next(position for position, column in known.items() if column.name == "op_code")
    names = {column.name for column in known.values()}
    seen: set[str] = set()
    for position, header in enumerate(headers):
        column = known.get(position)
        spelling = normalise_header(header)
        if spelling and spelling in seen:
            layout.duplicated.append(header.strip())
        elif column is not None:
            if only is None or column.name in only:
                (layout.numbers if column.type is Type.NUMBER else layout.texts).append((position, column.name))
                layout.headers[column.name] = header.strip()
        elif only is None and spelling:
            # Its own header is its name, unless that is the name of a declared column.
            name = header.strip() + "'" * (header.strip() in names)
            layout.texts.append((position, name))
            layout.headers[name] = header.strip()
        seen.add(spelling)
    return layout
