"""Sound records, read by blocks: a C++ parser takes the columns that are wanted, and nothing is made of the rest.

What is not sound in any way (a record of another width, a quote that does not match, a blank line) ends this reading:
the reader that mends and counts (salvage.py) takes the file instead, and both give the same table.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from perfsheet.capture.records import Bulk

if TYPE_CHECKING:
    import pyarrow as pa

_BLOCK = 4 << 20
_LONGEST_RECORD = 64 << 20
"""A longer one is a quote that is never closed."""
_NEWLINE, _QUOTE, _MARK = b"\n", b'"', "\ufeff".encode()


class UnsoundError(Exception):
    """The records are not all sound."""


def tables(bulk: Bulk, width: int, wanted: Sequence[int]) -> Iterator[pa.Table]:
    """Block by block the cells of the wanted columns, as strings, blank ones as nulls; columns go by their position.

    Raises UnsoundError at the first record that is not as wide as the header.
    """
    import pyarrow as pa
    from pyarrow import csv

    names = [str(position) for position in range(width)]
    included = [names[position] for position in wanted]
    parsing = csv.ParseOptions(delimiter=bulk.delimiter, newlines_in_values=bulk.quoted, ignore_empty_lines=False)
    converting = csv.ConvertOptions(
        include_columns=included,
        column_types=dict.fromkeys(included, pa.string()),
        null_values=[""],
        strings_can_be_null=True,
    )
    for block in _blocks(bulk):
        # Arrow takes a mark for that of a file, and makes a row of every blank line: nine million of nine megabytes.
        if block.startswith(_MARK) or any(blank in block for blank in (b"\n\n", b"\n\r", b"\r\r")):
            raise UnsoundError
        reading = csv.ReadOptions(use_threads=False, block_size=len(block) + 1, column_names=names)
        try:
            table = csv.read_csv(pa.BufferReader(block), reading, parsing, converting)
        except pa.ArrowInvalid as error:
            raise UnsoundError from error
        if bulk.quoted and len(table) != block.count(_NEWLINE) + (not block.endswith(_NEWLINE)):
            raise UnsoundError  # a cell of several lines may have swallowed rows
        yield table


def _blocks(bulk: Bulk) -> Iterator[bytes]:
    """The bytes of the records in pieces that end with a record: at a newline with an even number of quotes before."""
    stream = bulk.stream
    back = stream.tell()
    at, rest = bulk.start, b""
    try:
        while True:
            stream.seek(at)
            piece = stream.read(_BLOCK)
            at += len(piece)
            block = rest + piece
            if not piece:
                if block:
                    yield block
                return
            end = _end_of_record(block, bulk.quoted)
            if not end and len(block) > _LONGEST_RECORD:
                raise UnsoundError
            rest = block[end:]
            if end:
                yield block[:end]
    finally:
        stream.seek(back)


def _end_of_record(block: bytes, quoted: bool) -> int:
    """Where the last whole record of a block ends; 0 when it holds none."""
    end = block.rfind(_NEWLINE) + 1
    if not quoted or not end:
        return end
    quotes = block.count(_QUOTE, 0, end)
    while end and quotes % 2:
        before = block.rfind(_NEWLINE, 0, end - 1) + 1
        quotes -= block.count(_QUOTE, before, end)
        end = before
    return end
