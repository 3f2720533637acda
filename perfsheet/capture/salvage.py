"""Records that do not fit the header: what can be mended is, the rest is dropped, and all of it is counted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice

from perfsheet.capture.notes import Note, rows
from perfsheet.capture.records import Record, Records

OP_CODE_HEADER = "OP CODE"
_SAMPLE = 64


@dataclass
class Salvage:
    """Passes on the sound records of a file, numbered as a spreadsheet does, and counts what it met."""

    label: str
    width: int
    op_code: int
    repeated_headers: int = 0
    too_long: int = 0
    first_too_long: int = 0
    padded: int = 0
    first_padded: int = 0
    cut: int = 0
    lines_in_open_quote: int = 0

    def sound_records(self, records: Records) -> Iterator[tuple[int, Record]]:
        """The records of the header's width, each with its row number (the header is row 1)."""
        held: tuple[int, Record] | None = None  # a short record is passed on only once another one follows it
        head = list(islice(records.rows, _SAMPLE))
        widest = self.width + _trailing_blanks(head, self.width)
        for number, record in enumerate(chain(head, records.rows), start=records.first_row):
            if held is not None:
                yield self._pad(held)
                held = None
            if not any(record):
                continue
            if len(record) < self.width:
                held = number, record
            elif len(record) > widest or any(record[self.width :]):
                self.too_long += 1
                self.first_too_long = self.first_too_long or number
            elif record[self.op_code].strip().upper() == OP_CODE_HEADER:
                self.repeated_headers += 1
            else:
                yield number, record[: self.width]
        if held is not None:
            swallowed = sum(cell.count("\n") for cell in held[1])
            if records.ends_in_newline and not swallowed:
                yield self._pad(held)
            else:
                self.cut, self.lines_in_open_quote = held[0], swallowed

    def _pad(self, short: tuple[int, Record]) -> tuple[int, Record]:
        number, record = short
        self.padded += 1
        self.first_padded = self.first_padded or number
        return number, record + [""] * (self.width - len(record))

    def notes(self) -> Iterator[Note]:
        """What was met, once the records are exhausted."""
        if self.repeated_headers:
            count = self.repeated_headers
            yield Note("repeated-header", f"{self.label}: {rows(count)} repeating the header dropped", count, count)
        if self.too_long:
            yield Note(
                "rows-too-long",
                f"{self.label}: {rows(self.too_long)} dropped, with more cells than the header, so that columns are "
                f"shifted; the first is row {self.first_too_long}",
                self.too_long,
                self.too_long,
            )
        if self.padded:
            yield Note(
                "rows-too-short",
                f"{self.label}: {rows(self.padded)} with fewer cells than the header, the missing ones taken as "
                f"blank; the first is row {self.first_padded}",
                self.padded,
            )
        if self.lines_in_open_quote:
            lost = self.lines_in_open_quote
            yield Note(
                "open-quote",
                f"{self.label}: row {self.cut} opens a quote that is never closed: {rows(lost, 'line')} from there "
                "are dropped",
                lost,
                lost,
            )
        elif self.cut:
            yield Note("last-row-cut", f"{self.label}: row {self.cut}, the last one, is cut off and dropped", 1, 1)


def _trailing_blanks(sample: list[Record], width: int) -> int:
    """Blank cells that every row has after the last header, as some writers leave them.

    A single longer row is no such habit: a comma in one of its cells has shifted the rest.
    """
    longer = [len(record) - width for record in sample if any(record)]
    return max(0, min(longer)) if len(longer) > 1 else 0
