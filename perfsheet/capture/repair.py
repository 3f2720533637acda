"""Records that do not fit the header: what can be mended is, the rest is dropped, and all of it is counted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice

from perfsheet.capture.columns import normalise_header
from perfsheet.capture.fitting import Fitting
from perfsheet.capture.foreign import is_ops_header
from perfsheet.capture.notes import Note, rows
from perfsheet.capture.records import Record, Records
from perfsheet.errors import unusable

OP_CODE_HEADER = "OP CODE"
_SAMPLE = 64
# Records are looked at, and turned into columns, in pieces: the row-wise form of 100,000 would take a gigabyte.
_PIECE = 4096
_CONFLICT_MARKS = ("<<<<<<<", "=======", ">>>>>>>", "|||||||")
_SUMMARIES = {"total", "totals", "grand total", "sum", "subtotal", "average", "mean"}


@dataclass(frozen=True)
class _Fate:
    """What can become of a record: the note's id, its text, whether the record is dropped, whether an op is lost."""

    id: str
    text: str
    drops: bool = True
    loses: bool = False


_FIRST = "; the first is row {first}"
_FATES = (
    _Fate("repeated-header", "{rows} repeating the header dropped"),
    _Fate(
        "rows-too-long",
        "{rows} dropped, with more cells than the header, so that columns are shifted" + _FIRST,
        loses=True,
    ),
    _Fate(
        "rows-shifted",
        "{rows} dropped, with fewer cells than the header, so that columns are shifted" + _FIRST,
        loses=True,
    ),
    _Fate("rows-swallowed", "{lines} dropped, swallowed by an open quote" + _FIRST, loses=True),
    _Fate("summary-rows", "{rows} of sums over others dropped" + _FIRST),
    _Fate("stray-lines", "{lines} without a record dropped" + _FIRST),
    _Fate("open-quote", "row {first} opens a quote that is never closed; dropped from there on: {lines}", loses=True),
    _Fate("last-row-cut", "row {first}, the last one, is cut off and dropped", loses=True),
    _Fate("blank-cells-cut", "{rows} with surplus blank cells, cut off" + _FIRST, drops=False),
    _Fate(
        "rows-too-short",
        "{rows} with fewer cells than the header, the missing ones taken as blank" + _FIRST,
        drops=False,
    ),
)


@dataclass
class _Tally:
    """How many records (or lines) met a fate, and the first of them."""

    count: int = 0
    first: int = 0


@dataclass
class Salvage:
    """Passes on the sound records of a file, numbered as a spreadsheet does, and counts what it met."""

    label: str
    headers: Record
    op_code: int
    _met: dict[str, _Tally] = field(default_factory=lambda: defaultdict(_Tally))

    def __post_init__(self) -> None:
        self.width = len(self.headers)
        self.widest = self.width
        self._quoted, self._delimiter = True, ","
        self._own = [normalise_header(header) for header in self.headers]
        self._named = max((place for place, name in enumerate(self._own, 1) if name), default=0)
        self._names = {name for name in self._own if name} | {""}
        self._fitting = Fitting(self.headers)

    def pieces(self, records: Records) -> Iterator[tuple[Sequence[int], list[Record]]]:
        """The records of the header's width, each with its row number (the header is row 1), some thousand at a time.

        Raises PerfsheetError (exit status 3) at what no mending helps: the header of another capture, a merge conflict.
        """
        sample = list(islice(records.rows, _SAMPLE))
        self.widest = self.width + _trailing_blanks(sample, self.width)
        self._quoted, self._delimiter = records.quoted, records.delimiter
        number, everything = records.first_row, chain(sample, records.rows)
        piece = list(islice(everything, _PIECE))
        while piece:
            following = list(islice(everything, _PIECE))
            if self._all_sound(piece):
                yield range(number, number + len(piece)), piece
            else:
                last = None if following else records.ends_in_newline
                kept = list(self._mended(number, piece, last))
                yield [place for place, _ in kept], [record for _, record in kept]
            number += len(piece)
            piece = following

    def _all_sound(self, piece: list[Record]) -> bool:
        """Whether nothing about these records can want mending: a quick look, as almost all of them are sound."""
        if set(map(len, piece)) != {self.width}:
            return False
        codes = {record[self.op_code] for record in piece}
        if any(self.is_odd(code) for code in codes):
            return False
        return not self._quoted or not any(_has_lines(cell) for record in piece for cell in record)

    def is_odd(self, code: str) -> bool:
        """Whether a record with this OP CODE wants a closer look: a blank or repeated header, a sum, a note."""
        word = normalise_header(code)
        return word in self._names or word.lower() in _SUMMARIES or word.startswith((*_CONFLICT_MARKS, "#"))

    def _mended(self, number: int, piece: list[Record], ends_in_newline: bool | None) -> Iterator[tuple[int, Record]]:
        """`ends_in_newline`: whether the last of these records, the file's last one, does; None when more follow."""
        for place, record in enumerate(piece, start=number):
            last = ends_in_newline is not None and place == number + len(piece) - 1
            kept = self._mend(place, record, last and not ends_in_newline, last)
            if kept is not None:
                yield place, kept

    def _mend(self, number: int, record: Record, cut: bool, last: bool) -> Record | None:
        """The record as it goes on; None when it is dropped."""
        if not record:
            return None
        lost = sum(self._rows_inside(record, place) for place, cell in enumerate(record) if _has_lines(cell))
        unclosed = last and len(record) < self.width and _has_lines(record[-1])
        if lost or unclosed:
            # The quote that swallowed whole rows was never closed where it should have been.
            lost = lost or _filled_after_the_first(_lines(record[-1]))
            self._meet("open-quote" if unclosed else "rows-swallowed", number, lost + 1)
            return None
        if len(record) == self.width and not self.is_odd(record[self.op_code]):
            return record
        if not any(map(str.strip, record)):
            return None
        if "CODE" in "".join(record).upper() or record[0].startswith(_CONFLICT_MARKS):
            self._refuse_what_cannot_be_mended(number, record)
        torn = len(record) == self.width and normalise_header(record[self.op_code]) == OP_CODE_HEADER
        if self._is_own_header(record) or (torn and not self._fitting.has_op_type(record)):
            self._meet("repeated-header", number)
        elif len(record) < self.width:
            return self._short(number, record, cut)
        elif len(record) > self.width:
            return self._long(number, record)
        elif self._is_summary(record):
            self._meet("summary-rows", number)
        else:
            return record
        return None

    def _refuse_what_cannot_be_mended(self, number: int, record: Record) -> None:
        if record[0].startswith(_CONFLICT_MARKS) and len(record) == 1:
            raise unusable(
                f"{self.label}, row {number}: a merge conflict ({record[0][:20]!r})", "resolve it, and remove its marks"
            )
        if not self._is_own_header(record) and is_ops_header(record):
            raise unusable(
                f"{self.label}, row {number}: the header of another capture, with other columns",
                "split the file there, and give its parts as captures of their own",
            )

    def _is_own_header(self, record: Record) -> bool:
        if normalise_header(record[0]) != self._own[0]:
            return False
        words = [normalise_header(cell) for cell in record]
        return words[: self.width] == self._own and not any(words[self.width :])

    def _is_summary(self, record: Record) -> bool:
        return record[self.op_code].strip().lower() in _SUMMARIES and self._fitting.says_nothing_but_figures(record)

    def _rows_inside(self, record: Record, place: int) -> int:
        """How many rows of the file a quote has swallowed into this cell of several lines.

        In a record as wide as the header it holds the rest of one row in its first line, and in its last one another
        row up to the same cell. Attributes may have lines and separators of their own, but not so many in both.
        """
        lines = _lines(record[place])
        first, last = (line.count(self._delimiter) + 1 for line in (lines[0], lines[-1]))
        swallowed = first >= self.width - place and last > place and first + last > self.width
        if swallowed or len(record) != self.width:
            return _filled_after_the_first(lines)
        return 0

    def _short(self, number: int, record: Record, cut: bool) -> Record | None:
        padded = record + [""] * (self.width - len(record))
        habit = "rows-too-short" in self._met  # blank last cells are left out all over the file
        if len(record) >= self._named:
            return padded  # what is missing has no name either
        if cut and not (habit and self._fitting.fits(padded)):
            self._meet("last-row-cut", number)
        elif len(record) == 1 or record[0].startswith("#"):
            self._meet("stray-lines", number)
        elif self._is_summary(padded):
            self._meet("summary-rows", number)
        elif not self._fitting.fits(padded):
            self._meet("rows-shifted", number)
        else:
            self._meet("rows-too-short", number)
            return padded
        return None

    def _long(self, number: int, record: Record) -> Record | None:
        if any(record[self.width :]) or (len(record) > self.widest and not self._fitting.fits(record)):
            self._meet("rows-too-long", number)
            return None
        if len(record) > self.widest:
            self._meet("blank-cells-cut", number)
        return record[: self.width]

    def _meet(self, fate: str, number: int, count: int = 1) -> None:
        tally = self._met[fate]
        tally.count += count
        tally.first = tally.first or number

    def notes(self) -> Iterator[Note]:
        """What was met, once the records are exhausted."""
        for fate in _FATES:
            if fate.id not in self._met:
                continue
            tally = self._met[fate.id]
            text = fate.text.format(rows=rows(tally.count), lines=rows(tally.count, "line"), first=tally.first)
            yield Note(fate.id, f"{self.label}: {text}", tally.count, tally.count * fate.drops, fate.loses)


def _has_lines(cell: str) -> bool:
    return "\n" in cell or "\r" in cell


def _lines(cell: str) -> list[str]:
    return cell.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _filled_after_the_first(lines: list[str]) -> int:
    return sum(bool(line.strip()) for line in lines[1:])


def _trailing_blanks(sample: list[Record], width: int) -> int:
    """Blank cells that every row has after the last header, as some writers leave them.

    A single longer row is no such habit: a comma in one of its cells has shifted the rest.
    """
    longer = [len(record) - width for record in sample if any(record)]
    return max(0, min(longer)) if len(longer) > 1 else 0
