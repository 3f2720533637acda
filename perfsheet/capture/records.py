"""What every reader of a capture file hands on: a header row and the records after it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, TextIO

from perfsheet.capture.notes import Note

Record = list[str]


@dataclass(frozen=True)
class Bulk:
    """The same records as UTF-8 text, for a reader of whole blocks: they begin at byte `start` of `stream`.

    `quoted` says whether there is a quote anywhere. `text` is the other reader of the stream, which would close it
    where nobody held it.
    """

    stream: BinaryIO
    text: TextIO
    start: int
    delimiter: str
    quoted: bool


@dataclass
class Records:
    """A header row and the records after it, as text; `notes` says what the reader had to do
    to get them, once they are exhausted.

    `first_row` is the row of the first record after the header, as a spreadsheet numbers rows. `quoted`: whether
    there can be cells of several lines. `bulk` is another way to the same records, where there is one.
    """

    headers: Record
    rows: Iterator[Record]
    notes: list[Note] = field(default_factory=list)
    ends_in_newline: bool = True
    first_row: int = 2
    delimiter: str = ","
    quoted: bool = True
    bulk: Bulk | None = None
