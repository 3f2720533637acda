"""From the records of one file to its columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import TYPE_CHECKING

import numpy as np

from perfsheet.capture import arrow, blocks
from perfsheet.capture.cells import UNKNOWN
from perfsheet.capture.columns import Type, is_whole, normalise_header, resolve, tensor_field
from perfsheet.capture.missing import missing_columns
from perfsheet.capture.notes import Note, rows
from perfsheet.capture.numerals import Numerals, parse, told
from perfsheet.capture.records import Record, Records
from perfsheet.capture.salvage import Salvage
from perfsheet.capture.table import FloatArray, IntArray
from perfsheet.capture.texts import Texts, TextsBuilder
from perfsheet.errors import unusable

if TYPE_CHECKING:
    import pyarrow as pa

_SAMPLE = 512
_MOST_LOOKED_AT = 20_000
_WORDS = ("math_fidelity", "device_arch")


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
    op_code: int = 0
    kernel: int = 0
    all_numbers: list[int] = field(default_factory=list)
    numerals: Numerals = Numerals.POINT
    duplicated: list[str] = field(default_factory=list)


def build(label: str, records: Records, only: frozenset[str] | None) -> FileColumns:
    """Read all records into columns; `only` names the columns to keep (None = all, undeclared ones included).

    Raises PerfsheetError (exit status 3) when its records cannot be what its header says.
    """
    layout = _lay_out(records.headers, only)
    layout.numerals = _numerals(layout, records)
    salvage = Salvage(label, records.headers, layout.op_code)
    by_blocks = records.bulk and layout.numerals is not Numerals.COMMA
    columns = _sound_columns(layout, records, salvage) if by_blocks else None
    if columns is None:
        columns = _Columns(layout)
        for numbers, piece in salvage.pieces(records):
            if piece:
                columns.add(numbers, list(zip(*piece, strict=True)))
    if salvage.widest > salvage.width and columns.unreadable.count > len(columns):
        raise unusable(
            f"{label}: every row has more cells than the header, and they do not fit it: columns are shifted",
            "look for a separator inside a cell, or give the CSV as the profiler wrote it",
        )
    notes = [
        *_duplicated(label, layout),
        *missing_columns(label, records.headers),
        *records.notes,
        *salvage.notes(),
        *columns.notes(label),
    ]
    return columns.built(label, notes)


def _numerals(layout: _Layout, records: Records) -> Numerals:
    """How the file writes its numbers, by its first records with a kernel duration."""
    sample: list[Record] = []
    timed: list[Record] = []
    width = len(records.headers)
    for record in islice(records.rows, _MOST_LOOKED_AT):
        sample.append(record)
        if len(record) == width and record[layout.kernel]:
            timed.append(record)
            if len(timed) == _SAMPLE:
                break
    records.rows = chain(sample, records.rows)
    others = (record[at] for record in timed for at in layout.all_numbers if at != layout.kernel)
    return told([record[layout.kernel] for record in timed], others, records.delimiter)


def _sound_columns(layout: _Layout, records: Records, salvage: Salvage) -> _Columns | None:
    """The columns of a file whose records are all sound; None when one is not."""
    columns = _Columns(layout)
    positions = (position for position, _ in (*layout.numbers, *layout.texts))
    wanted = sorted({layout.op_code, *positions})
    assert records.bulk is not None
    first = records.first_row
    try:
        for table in blocks.tables(records.bulk, len(records.headers), wanted):
            if any(map(salvage.is_odd, _distinct(table[str(layout.op_code)]))):
                return None
            columns.add_table(first, table)
            first += len(table)
    except blocks.UnsoundError:
        return None
    arrow.release()
    return columns


def _distinct(cells: pa.ChunkedArray) -> Sequence[str]:
    texts = TextsBuilder()
    for chunk in cells.chunks:
        texts.extend_arrow(chunk)
    return texts.built().values


@dataclass
class _Odd:
    """Cells of number columns of one kind of trouble: how many, and the first one (row, column, cell)."""

    count: int = 0
    first: tuple[int, str, str] = (0, "", "")

    def add(self, found: Sequence[int], name: str, cells: Sequence[str], numbers: Sequence[int]) -> None:
        self.count += len(found)
        if found and (not self.first[0] or numbers[found[0]] < self.first[0]):
            self.first = numbers[found[0]], name, cells[found[0]]


class _Columns:
    """Columns that grow piece by piece."""

    def __init__(self, layout: _Layout) -> None:
        self._layout = layout
        self._rows: list[IntArray] = []
        self._numbers: dict[str, list[FloatArray]] = {name: [] for _, name in layout.numbers}
        self._texts = {name: TextsBuilder() for _, name in layout.texts}
        self.unreadable = _Odd()
        self._rounded = _Odd()

    def __len__(self) -> int:
        return sum(map(len, self._rows))

    def add(self, numbers: Sequence[int], columns: Sequence[Sequence[str]]) -> None:
        """Add records, given column by column; `numbers` are their rows in the file."""
        self._rows.append(np.array(numbers, dtype=np.int64))
        for position, name in self._layout.numbers:
            self._add_numbers(name, columns[position], numbers)
        for position, name in self._layout.texts:
            self._texts[name].extend(columns[position])

    def add_table(self, first: int, table: pa.Table) -> None:
        """Add the records of a table of strings, the rows from `first` on."""
        numbers = range(first, first + len(table))
        self._rows.append(np.arange(first, first + len(table), dtype=np.int64))
        for position, name in self._layout.numbers:
            values = arrow.plain_floats(table[str(position)])
            if values is None:
                self._add_numbers(name, _cells(table[str(position)]), numbers)
            else:
                self._append(name, values)
        for position, name in self._layout.texts:
            for chunk in table[str(position)].chunks:
                self._texts[name].extend_arrow(chunk)

    def _add_numbers(self, name: str, cells: Sequence[str], numbers: Sequence[int]) -> None:
        parsed = parse(cells, self._layout.numerals)
        self._append(name, parsed.values)
        self.unreadable.add(parsed.unreadable, name, cells, numbers)
        if is_whole(name):
            self._rounded.add(parsed.scientific, name, cells, numbers)

    def _append(self, name: str, values: FloatArray) -> None:
        self._numbers[name].append(_blank(len(values)) if np.isnan(values).all() else values)

    def notes(self, label: str) -> Iterator[Note]:
        """What is to be said about cells that should be numbers."""
        for odd, note, text in (
            (self.unreadable, "unreadable-numbers", "not readable as a number, taken as unknown"),
            (self._rounded, "rounded-numbers", "in scientific notation, rounded by the program that saved the file"),
        ):
            if odd.count:
                number, name, cell = odd.first
                where = f"row {number}, {self._layout.headers[name]} = {cell[:40]!r}"
                yield Note(note, f"{label}: {rows(odd.count, 'cell')} {text}; the first: {where}", odd.count)
        if self._layout.numerals is Numerals.COMMA:
            text = f"{label} writes numbers as {Numerals.COMMA.value}, as a spreadsheet does: read so"
            yield Note("european-numbers", text, len(self))

    def built(self, label: str, notes: list[Note]) -> FileColumns:
        """The whole columns."""
        return FileColumns(
            label,
            np.concatenate(self._rows) if self._rows else np.empty(0, dtype=np.int64),
            # Column by column: two copies of all of them would be too much for a long capture.
            {name: _joined(self._numbers.pop(name)) for name in list(self._numbers)},
            {name: _unknown_as_blank(name, self._texts.pop(name).built()) for name in list(self._texts)},
            self._layout.headers,
            notes,
        )


def _unknown_as_blank(name: str, cells: Texts) -> Texts:
    """The writer of 2023 put a dash where there is nothing, pandas NaN."""
    word = tensor_field(name) is not None or name in _WORDS
    if not word or not any(map(_is_unknown, cells.values)):
        return cells
    return cells.mapped(lambda cell: "" if _is_unknown(cell) else cell)


def _is_unknown(cell: str) -> bool:
    return bool(cell) and cell.strip().lower() in UNKNOWN


def _joined(pieces: list[FloatArray]) -> FloatArray:
    """One column; a column without any number takes no memory, however long it is."""
    if all(piece.strides == (0,) for piece in pieces):
        return _blank(sum(map(len, pieces)))
    return np.concatenate(pieces)


def _blank(count: int) -> FloatArray:
    return np.broadcast_to(np.float64(np.nan), (count,))


def _cells(column: pa.ChunkedArray) -> list[str]:
    return ["" if cell is None else cell for cell in column.to_pylist()]


def _duplicated(label: str, layout: _Layout) -> list[Note]:
    if not layout.duplicated:
        return []
    names = ", ".join(list(dict.fromkeys(layout.duplicated))[:3])
    text = f"{label}: columns appear twice, the first is used: {names}"
    return [Note("duplicated-columns", text, len(layout.duplicated))]


def _lay_out(headers: Record, only: frozenset[str] | None) -> _Layout:
    layout = _Layout()
    known = dict(resolve(headers))
    places = {column.name: position for position, column in known.items()}
    layout.all_numbers = [position for position, column in known.items() if column.type is Type.NUMBER]
    layout.op_code, layout.kernel = places["op_code"], places["kernel_duration_ns"]
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
