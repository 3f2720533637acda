"""Read long, well-formed CSVs with Arrow: block by block, only the columns that are asked for, as numpy arrays.

A record that is not well-formed in any way (other width than the header, an unmatched quote, a blank line) ends this
path: the file is then read record by record with repairs (repair.py), which gives the same table.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt

from perfsheet.capture.records import ByteBlocks

if TYPE_CHECKING:
    import pyarrow as pa

Number = TypeVar("Number", np.float64, np.int32)

_BLOCK = 6 << 20
_LONGEST_RECORD = 64 << 20
"""A longer one has a quote that is never closed."""
_NEWLINE, _RETURN, _QUOTE, _NUL, _MARK = b"\n", b"\r", b'"', b"\0", "\ufeff".encode()


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
    converting = csv.ConvertOptions(
        include_columns=included,
        column_types=dict.fromkeys(included, pa.string()),
        null_values=[""],
        strings_can_be_null=True,
        check_utf8=False,  # done here, a block at a time
    )
    for memory, end in _whole_records(blocks):
        # Arrow drops a byte-order mark at the start of a block.
        if memory.startswith(_MARK) or memory.find(_NUL, 0, end) >= 0 or not _is_utf8(memory, end):
            raise NotWellFormedError
        lines = _lines(memory, end)
        if not lines or lines * width > end + 1:  # blank lines among them would take as much memory as rows
            raise NotWellFormedError
        quoted = memory.find(_QUOTE, 0, end) >= 0
        if quoted and not _is_quoted_well(memory, end, blocks.delimiter):
            raise NotWellFormedError
        parsing = csv.ParseOptions(delimiter=blocks.delimiter, newlines_in_values=quoted, ignore_empty_lines=False)
        reading = csv.ReadOptions(use_threads=False, block_size=end + 1, column_names=names)
        try:
            table = csv.read_csv(pa.BufferReader(memoryview(memory)[:end]), reading, parsing, converting)
        except pa.ArrowInvalid as error:
            raise NotWellFormedError from error
        if len(table) != lines:
            raise NotWellFormedError
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
            end = _end_of_last_record(memory, filled)
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


def _count(memory: bytearray, end: int, character: bytes) -> int:
    """How often a character occurs: bytearray.count takes three times as long."""
    return int(np.count_nonzero(np.frombuffer(memory, np.uint8, end) == ord(character)))


def _is_utf8(memory: bytearray, end: int) -> bool:
    if memory.isascii():
        return True
    try:
        str(memoryview(memory)[:end], "utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _lines(memory: bytearray, end: int) -> int:
    """How many lines these are, which end as those of Unix do, or all as those of Windows; else 0."""
    count = _count(memory, end, _NEWLINE)
    first = memory.find(_RETURN, 0, end)
    if first >= 0 and (memory[first : first + 2] != _RETURN + _NEWLINE or _count(memory, end, _RETURN) != count):
        return 0
    return count + (not memory.endswith(_NEWLINE, 0, end))


def _is_quoted_well(memory: bytearray, end: int, delimiter: str) -> bool:
    """Whether every quote opens or closes a cell or stands before another one, and no line ends inside of a cell.

    With another quote an even number of them does not end a record, and a cell of several lines may be of several rows.
    """
    characters = np.frombuffer(memory, np.uint8, end)
    quotes = np.flatnonzero(characters == ord(_QUOTE))
    opening, closing = quotes[::2], quotes[1::2]
    if len(opening) != len(closing):
        return False
    around = (ord(delimiter), ord(_NEWLINE), ord(_RETURN), ord(_QUOTE))
    before = characters[opening - 1]
    before[opening == 0] = ord(_NEWLINE)
    after = characters[np.minimum(closing + 1, end - 1)]
    newlines = np.flatnonzero(characters == ord(_NEWLINE))
    return bool(
        np.isin(before, around).all()
        and np.isin(after, around).all()
        and not (np.searchsorted(quotes, newlines) % 2).any()
    )


def _end_of_last_record(memory: bytearray, filled: int) -> int:
    """Where the last whole record ends; 0 when there is none."""
    end = memory.rfind(_NEWLINE, 0, filled) + 1
    if memory.find(_QUOTE, 0, end) < 0:
        return end
    quotes = _count(memory, end, _QUOTE)
    while end and quotes % 2:
        before = memory.rfind(_NEWLINE, 0, end - 1) + 1
        quotes -= memory.count(_QUOTE, before, end)
        end = before
    return end


# Arrow's own conversion to numpy imports pandas, which takes a third of a second: the functions below read its buffers.
# Methods of its arrays import the public module of its functions.


def to_numpy(array: pa.Array, number: type[Number]) -> npt.NDArray[Number]:
    """The numbers of an array of that type, read-only; where the array has nulls, any number."""
    data = array.buffers()[1]
    if data is None:
        return np.empty(0, dtype=number)
    numbers: npt.NDArray[Number] = np.frombuffer(data, number, len(array), array.offset * np.dtype(number).itemsize)
    return numbers


def encoded(strings: pa.StringArray) -> tuple[npt.NDArray[np.int32], list[str]]:
    """The number of each text, and the distinct texts; a null is blank."""
    functions = _functions()
    options = functions.DictionaryEncodeOptions("encode")
    found = functions.call_function("dictionary_encode", [strings], options)
    return to_numpy(found.indices, np.int32), ["" if text is None else text for text in found.dictionary.to_pylist()]


def _functions() -> Any:
    """The module of Arrow's functions: the public one describes each of them at its import, for 27 ms of CPU."""
    try:
        from pyarrow import _compute as functions
    except ImportError:
        from pyarrow import compute as functions
    return functions


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

    functions = _functions()
    if any(b"e" in data or b"E" in data for data in map(_bytes, cells.chunks)):
        return None
    try:
        numbers = functions.call_function("cast", [cells], functions.CastOptions.safe(pa.float64()))
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
