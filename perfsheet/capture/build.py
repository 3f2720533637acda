"""Turn the records of one file into columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import field
from itertools import chain, islice
from operator import itemgetter
from typing import TYPE_CHECKING

import numpy as np

from perfsheet.capture import arrow
from perfsheet.capture.cells import UNKNOWN, NumberFormat, are_plain, detect_number_format, parse_numbers
from perfsheet.capture.columns import Type, is_whole, normalise_header, resolve, tensor_field
from perfsheet.capture.notes import Note, rows
from perfsheet.capture.records import ByteBlocks, Record, Records
from perfsheet.capture.repair import RecordRepair
from perfsheet.capture.schema import missing_columns
from perfsheet.capture.table import FloatArray, IntArray
from perfsheet.capture.texts import Texts, TextsBuilder
from perfsheet.errors import PerfsheetError, unusable
from perfsheet.light_dataclass import dataclass

if TYPE_CHECKING:
    import pyarrow as pa

    from perfsheet.capture.planned import PlanHead

_SAMPLE, _MAX_SCANNED = 512, 20_000
"""The number format is detected from so many records with a duration, among the first of the file."""
_NAMES = ("math_fidelity", "device_arch")


@dataclass
class FileColumns:
    """The columns of one file; `row` numbers its records as a spreadsheet does (the header is row 1)."""

    label: str
    row: IntArray
    numbers: dict[str, FloatArray]
    texts: dict[str, Texts]
    headers: dict[str, str]
    notes: list[Note]
    plan: PlanHead | None = None


@dataclass
class _Layout:
    """Which cell of a record goes into which column."""

    numbers: list[tuple[int, str]] = field(default_factory=list)
    texts: list[tuple[int, str]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    op_code: int = 0
    kernel: int = 0
    all_numbers: list[int] = field(default_factory=list)
    number_format: NumberFormat = NumberFormat.POINT
    duplicated: list[str] = field(default_factory=list)


def build_columns(label: str, records: Records, only: frozenset[str] | None) -> FileColumns:
    """Read all records into columns; `only` names the columns to keep (None = all, also undeclared ones).

    Raises PerfsheetError (exit status 3) when no record fits the header.
    """
    if records.blocks is not None:
        found = _read_in_blocks(label, records, records.blocks, only)
        if found is not None:
            return found
        records = records.blocks.again()
    layout = _layout_of(records, only)
    repair = RecordRepair(label, records.headers, layout.op_code)
    columns = _Columns(layout)
    for numbers, piece in repair.pieces(records):
        if piece:
            columns.add(numbers, piece)
    if repair.widest > repair.width and columns.unreadable.count > len(columns):
        raise unusable(
            f"{label}: every row has more cells than the header, so the columns are shifted",
            "look for a separator inside a cell, or give the CSV as the profiler wrote it",
        )
    return columns.built(label, records, repair)


def _layout_of(records: Records, only: frozenset[str] | None) -> _Layout:
    layout = _lay_out(records.headers, only)
    layout.number_format = _number_format(layout, records)
    return layout


def _number_format(layout: _Layout, records: Records) -> NumberFormat:
    """How the file writes its numbers, by its first records with a kernel duration."""
    sample: list[Record] = []
    timed: list[Record] = []
    width = len(records.headers)
    for record in islice(records.rows, _MAX_SCANNED):
        sample.append(record)
        if len(record) == width and record[layout.kernel]:
            timed.append(record)
            if len(timed) == _SAMPLE:
                break
    records.rows = chain(sample, records.rows)
    whole = [record[layout.kernel] for record in timed]
    if records.delimiter == "," and not records.quoted and are_plain(whole):
        return NumberFormat.POINT
    positions = [position for position in layout.all_numbers if position != layout.kernel]
    others = chain.from_iterable(map(_cells_at(positions), timed))
    return detect_number_format(whole, others, records.delimiter)


def _read_in_blocks(
    label: str, records: Records, blocks: ByteBlocks, only: frozenset[str] | None
) -> FileColumns | None:
    """The columns of a file whose records are all well-formed; None where one may not be."""
    try:
        layout = _layout_of(records, only)
    except PerfsheetError:  # a look at the whole file says what it is
        return None
    if layout.number_format is NumberFormat.COMMA:
        return None
    repair = RecordRepair(label, records.headers, layout.op_code)
    columns = _Columns(layout)
    positions = (position for position, _ in (*layout.numbers, *layout.texts))
    kept = columns.texts_at(layout.op_code)
    op_codes = TextsBuilder() if kept is None else kept
    first, checked = records.first_row, 0
    try:
        for table in arrow.read_blocks(blocks, len(records.headers), sorted({layout.op_code, *positions})):
            columns.add_table(first, table)
            if kept is None:
                op_codes.extend_chunks(table[str(layout.op_code)])
            if any(map(repair.needs_check, op_codes.distinct(checked))):  # a blank line has a blank op code
                return None
            first, checked = first + len(table), len(op_codes)
    except arrow.NotWellFormedError:
        return None
    finally:
        arrow.release_memory()
    return columns.built(label, records, repair)


@dataclass
class _BadCells:
    """How many cells of number columns have one kind of problem, and the first of them (row, column, cell)."""

    count: int = 0
    first: tuple[int, str, str] = (0, "", "")

    def add(self, positions: Sequence[int], name: str, cells: Sequence[str], rows: Sequence[int]) -> None:
        """Count the cells of a column at these positions; `rows` are the rows of all of its cells."""
        self.count += len(positions)
        if positions and (not self.first[0] or rows[positions[0]] < self.first[0]):
            self.first = rows[positions[0]], name, cells[positions[0]]


class _Columns:
    """Columns that grow piece by piece."""

    def __init__(self, layout: _Layout) -> None:
        self._layout = layout
        self._rows: list[IntArray] = []
        self._numbers: dict[str, list[FloatArray]] = {name: [] for _, name in layout.numbers}
        self._texts = {name: TextsBuilder() for _, name in layout.texts}
        self.unreadable = _BadCells()
        self._rounded = _BadCells()

    def __len__(self) -> int:
        return sum(map(len, self._rows))

    def texts_at(self, position: int) -> TextsBuilder | None:
        """The text column at this position, if it is kept."""
        name = dict(self._layout.texts).get(position)
        return None if name is None else self._texts[name]

    def add(self, numbers: Sequence[int], records: Sequence[Record]) -> None:
        """Add records; `numbers` are their rows in the file."""
        positions = [position for position, _ in (*self._layout.numbers, *self._layout.texts)]
        columns = _transposed(records, positions)
        self._rows.append(np.array(numbers, dtype=np.int64))
        for position, name in self._layout.numbers:
            self._add_numbers(name, columns[position], numbers)
        for position, name in self._layout.texts:
            self._texts[name].extend(columns[position])

    def add_table(self, first: int, table: pa.Table) -> None:
        """Add the records of an Arrow table of strings, whose first row is `first`."""
        numbers = range(first, first + len(table))
        self._rows.append(np.arange(first, first + len(table), dtype=np.int64))
        for position, name in self._layout.numbers:
            values = arrow.parse_plain_numbers(table[str(position)])
            if values is None:
                self._add_numbers(name, _cells(table[str(position)]), numbers)
            else:
                self._append(name, values)
        for position, name in self._layout.texts:
            self._texts[name].extend_chunks(table[str(position)])

    def _add_numbers(self, name: str, cells: Sequence[str], numbers: Sequence[int]) -> None:
        parsed = parse_numbers(cells, self._layout.number_format)
        self._append(name, parsed.values)
        self.unreadable.add(parsed.unreadable, name, cells, numbers)
        if is_whole(name):
            self._rounded.add(parsed.scientific, name, cells, numbers)

    def _append(self, name: str, values: FloatArray) -> None:
        self._numbers[name].append(_blank(len(values)) if np.isnan(values).all() else values)

    def notes(self, label: str) -> Iterator[Note]:
        """Notes about cells that should be numbers."""
        for bad, note_id, text in (
            (self.unreadable, "unreadable-numbers", "not readable as a number, taken as unknown"),
            (self._rounded, "rounded-numbers", "in scientific notation, rounded by the program that saved the file"),
        ):
            if bad.count:
                number, name, cell = bad.first
                where = f"row {number}, {self._layout.headers[name]} = {cell[:40]!r}"
                yield Note(note_id, f"{label}: {rows(bad.count, 'cell')} {text}; the first: {where}", bad.count)
        if self._layout.number_format is NumberFormat.COMMA:
            text = f"{label} writes numbers as {NumberFormat.COMMA.value}, as European spreadsheets do, and is read so"
            yield Note("european-numbers", text, len(self))

    def built(self, label: str, records: Records, repair: RecordRepair) -> FileColumns:
        """The finished columns, with the notes of everybody who read them."""
        notes = [
            *_duplicated_columns(label, self._layout),
            *missing_columns(label, records.headers),
            *records.notes,
            *repair.notes(),
            *self.notes(label),
        ]
        return FileColumns(
            label,
            np.concatenate(self._rows) if self._rows else np.empty(0, dtype=np.int64),
            # One column at a time: a long capture has no room for two copies of all of them.
            {name: _joined(self._numbers.pop(name)) for name in list(self._numbers)},
            {name: _unknown_as_blank(name, self._texts.pop(name).built()) for name in list(self._texts)},
            self._layout.headers,
            notes,
        )


def _transposed(records: Sequence[Record], positions: Sequence[int]) -> dict[int, Sequence[str]]:
    """The cells of records at these positions, column by column."""
    width = len(records[0])
    if len(positions) > width // 2:  # to leave the others out costs more than to have them
        return dict(enumerate(zip(*records, strict=True)))
    return dict(zip(positions, zip(*map(_cells_at(positions), records), strict=True), strict=True))


def _cells_at(positions: Sequence[int]) -> Callable[[Record], Sequence[str]]:
    if len(positions) > 1:
        return itemgetter(*positions)
    return lambda record: [record[position] for position in positions]


def _unknown_as_blank(name: str, cells: Texts) -> Texts:
    """The column with blanks for `-` (the profiler of 2023) and NaN (pandas), where these are no names."""
    has_names = tensor_field(name) is not None or name in _NAMES
    if not has_names or not any(map(_is_unknown, cells.values)):
        return cells
    return cells.mapped(lambda cell: "" if _is_unknown(cell) else cell)


def _is_unknown(cell: str) -> bool:
    return bool(cell) and cell.strip().lower() in UNKNOWN


def _joined(pieces: list[FloatArray]) -> FloatArray:
    """One column; a column without any number takes no memory."""
    if all(piece.strides == (0,) for piece in pieces):
        return _blank(sum(map(len, pieces)))
    return np.concatenate(pieces)


def _blank(count: int) -> FloatArray:
    return np.broadcast_to(np.float64(np.nan), (count,))


def _cells(column: pa.ChunkedArray) -> list[str]:
    return ["" if cell is None else cell for cell in column.to_pylist()]


def _duplicated_columns(label: str, layout: _Layout) -> list[Note]:
    if not layout.duplicated:
        return []
    names = ", ".join(list(dict.fromkeys(layout.duplicated))[:3])
    text = f"{label}: columns appear twice, the first is used: {names}"
    return [Note("duplicated-columns", text, len(layout.duplicated))]


def _lay_out(headers: Record, only: frozenset[str] | None) -> _Layout:
    layout = _Layout()
    declared = dict(resolve(headers))
    positions = {column.name: position for position, column in declared.items()}
    layout.all_numbers = [position for position, column in declared.items() if column.type is Type.NUMBER]
    layout.op_code, layout.kernel = positions["op_code"], positions["kernel_duration_ns"]
    seen: set[str] = set()
    for position, header in enumerate(headers):
        column = declared.get(position)
        spelling = normalise_header(header)
        if spelling and spelling in seen:
            layout.duplicated.append(header.strip())
        elif column is not None:
            if only is None or column.name in only:
                (layout.numbers if column.type is Type.NUMBER else layout.texts).append((position, column.name))
                layout.headers[column.name] = header.strip()
        elif only is None and spelling:
            # Its header is its name, unless a declared column has that name.
            name = header.strip() + "'" * (header.strip() in positions)
            layout.texts.append((position, name))
            layout.headers[name] = header.strip()
        seen.add(spelling)
    return layout
