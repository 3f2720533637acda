"""Read long, well-formed CSVs with Arrow: block by block, only the columns that are asked for, as numpy arrays.

A record that is not well-formed in any way (other width than the header, an unmatched quote, a blank line) ends this
path: the file is then read record by record with repairs (repair.py), which gives the same table.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import numpy.typing as npt

from perfsheet.capture.records import ByteBlocks

if TYPE_CHECKING:
    import pyarrow as pa

Number = TypeVar("Number", np.float64, np.int32)

_BLOCK = 6 << 20
_LONGEST_RECORD = 64 << 20
"""A longer one has a quote that is never closed."""
_NEWLINE, _RETURN, _QUOTE, _MARK = b"\n", b"\r", b'"', "\ufeff".encode()


class NotWellFormedError(Exception):
    """A record is not well-formed: the file has to be read with repairs."""


def read_blocks(blocks: ByteBlocks, width: int, positions: Sequence[int]) -> Iterator[pa.Table]:
    """Block by block the cells of the columns at these positions, as text, blank cells as nulls.

    The columns are named by their positions. Raises NotWellFormedError at the first record that is not.
    """
    import pyarrow as pa
    from pyarrow import csv

    names = [str(position) for position in range(width)]
    included = [names[position] for position in positions]
    parsing = csv.ParseOptions(delimiter=blocks.delimiter, newlines_in_values=blocks.quoted, ignore_empty_lines=False)
    converting = csv.ConvertOptions(
        include_columns=included,
        column_types=dict.fromkeys(included, pa.string()),
        null_values=[""],
        strings_can_be_null=True,
        check_utf8=False,  # the whole file was checked before
    )
    for memory, end in _whole_records(blocks):
        # Arrow drops a byte-order mark at the start of a block, and makes a row of every blank line.
        newlines = np.flatnonzero(np.frombuffer(memory, np.uint8, end) == ord(_NEWLINE))
        if memory.startswith(_MARK) or _has_blank_line(memory, end, newlines):
            raise NotWellFormedError
        reading = csv.ReadOptions(use_threads=False, block_size=end + 1, column_names=names)
        try:
            table = csv.read_csv(pa.BufferReader(memoryview(memory)[:end]), reading, parsing, converting)
        except pa.ArrowInvalid as error:
            raise NotWellFormedError from error
        lines = len(newlines) + (not memory.endswith(_NEWLINE, 0, end))
        if blocks.quoted and len(table) != lines:
            raise NotWellFormedError  # a cell of several lines may have swallowed rows
        yield table


def _whole_records(blocks: ByteBlocks) -> Iterator[tuple[bytearray, int]]:
    """The bytes of whole records, block by block, as memory and where they end in it.

    A record ends at a newline with an even number of quotes before it. The memory is that of the block before, which
    saves copies.
    """
    stream = blocks.stream
    return_to = stream.tell()
    offset, memory, filled = blocks.start, bytearray(_BLOCK), 0
    try:
        while True:
            stream.seek(offset)
            with memoryview(memory) as view:
                count = stream.readinto(view[filled:])  # type: ignore[attr-defined]
            offset += count
            filled += count
            if not count:
                if filled:
                    yield memory, filled
                return
            end = _end_of_last_record(memory, filled, blocks.quoted)
            if end:
                yield memory, end
                memory[: filled - end] = memory[end:filled]
                filled -= end
            elif filled > _LONGEST_RECORD:
                raise NotWellFormedError
            if filled > len(memory) // 2:
                memory = memory + bytes(len(memory))  # not in place: Arrow may still look at it
    finally:
        stream.seek(return_to)


def _has_blank_line(memory: bytearray, end: int, newlines: npt.NDArray[np.int64]) -> bool:
    """Looked for at the newlines: searching the bytes for two line breaks takes three times as long."""
    characters = np.frombuffer(memory, np.uint8, end)
    before = characters[newlines - 1] == ord(_RETURN)  # of a newline in front, the last byte: it has no record before
    returns = memory.count(_RETURN, 0, end) if memory.find(_RETURN, 0, end) >= 0 else 0
    if returns != before.sum():
        return any(memory.find(blank, 0, end) >= 0 for blank in (b"\n\n", b"\n\r", b"\r\r"))
    return bool((np.diff(newlines) - before[1:] == 1).any())


def _end_of_last_record(memory: bytearray, filled: int, quoted: bool) -> int:
    """Where the last whole record ends; 0 when there is none."""
    end = memory.rfind(_NEWLINE, 0, filled) + 1
    if not quoted or not end:
        return end
    quotes = memory.count(_QUOTE, 0, end)
    while end and quotes % 2:
        before = memory.rfind(_NEWLINE, 0, end - 1) + 1
        quotes -= memory.count(_QUOTE, before, end)
        end = before
    return end


# Arrow's own conversion to numpy imports pandas, which takes a third of a second: the functions below read its buffers.


def to_numpy(array: pa.Array, number: type[Number]) -> npt.NDArray[Number]:
    """The numbers of an array of that type, read-only; where the array has nulls, any number."""
    data = array.buffers()[1]
    if data is None:
        return np.empty(0, dtype=number)
    numbers: npt.NDArray[Number] = np.frombuffer(data, number, len(array), array.offset * np.dtype(number).itemsize)
    return numbers


def _nulls(array: pa.Array) -> npt.NDArray[np.bool_]:
    """Where an array has nulls."""
    valid = array.buffers()[0]
    if valid is None or not array.null_count:
        return np.zeros(len(array), dtype=np.bool_)
    bits = np.unpackbits(np.frombuffer(valid, np.uint8), bitorder="little")
    return np.asarray(bits[array.offset : array.offset + len(array)] == 0)


def parse_plain_numbers(cells: pa.ChunkedArray) -> npt.NDArray[np.float64] | None:
    """The numbers of a column of plain numbers and blanks; None when it has any other text.

    Arrow accepts no more than Python's float() does, and rounds alike, except for text like `nan(1)`: text with
    letters is not plain, nor is a number with an exponent.
    """
    import pyarrow as pa

    if any(b"e" in data or b"E" in data for data in map(_bytes, cells.chunks)):
        return None
    try:
        numbers = cells.cast(pa.float64())
    except pa.ArrowInvalid:
        return None
    pieces = [np.where(_nulls(chunk), np.nan, to_numpy(chunk, np.float64)) for chunk in numbers.chunks]
    floats = np.concatenate(pieces) if pieces else np.empty(0)
    return floats if int(np.count_nonzero(np.isfinite(floats))) + cells.null_count == len(floats) else None


def _bytes(strings: pa.StringArray) -> bytes:
    data = strings.buffers()[2]
    return b"" if data is None else data.to_pybytes()


def release_memory() -> None:
    """Return the memory that Arrow keeps for later use."""
    import pyarrow as pa

    pa.default_memory_pool().release_unused()
