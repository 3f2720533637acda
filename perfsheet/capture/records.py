"""What every reader of a capture file returns: a header and the records after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import field
from typing import BinaryIO, TextIO

from perfsheet.capture.notes import Note
from perfsheet.light_dataclass import dataclass

Record = list[str]


def has_lines(cell: str) -> bool:
    """Whether a cell has several lines, of whatever kind."""
    return "\n" in cell or "\r" in cell


@dataclass(frozen=True)
class ByteBlocks:
    """The same records as bytes, for reading whole blocks: from byte `start` of `stream` on.

    They need not be well-formed, nor UTF-8: only the beginning of the file was looked at. `again` gives the records
    after a look at all of it. `text` is the text reader of the same stream; it is kept here because it closes the
    stream when it is garbage-collected.
    """

    stream: BinaryIO
    text: TextIO
    start: int
    delimiter: str
    again: Callable[[], Records]


@dataclass
class Records:
    """A header and the records after it, as text. `notes` is complete once the records are exhausted.

    `first_row`: the row of the first record, as a spreadsheet numbers rows. `quoted`: whether cells can have several
    lines. `blocks`: the same records as bytes, where that is possible and worth it.
    """

    headers: Record
    rows: Iterator[Record]
    notes: list[Note] = field(default_factory=list)
    ends_in_newline: bool = True
    first_row: int = 2
    delimiter: str = ","
    quoted: bool = True
    blocks: ByteBlocks | None = None
