"""Records that do not fit the header: repaired where possible, else left out, and counted either way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import field
from itertools import chain, islice

from perfsheet.capture.columns import normalise_header
from perfsheet.capture.notes import Note, rows
from perfsheet.capture.other_files import is_ops_header
from perfsheet.capture.records import Record, Records, has_lines
from perfsheet.capture.row_validation import RowValidator
from perfsheet.errors import unusable
from perfsheet.light_dataclass import dataclass

OP_CODE_HEADER = "OP CODE"
_SAMPLE = 64
# Records become columns some thousand at a time: as rows, 100,000 of them would take a gigabyte.
_PIECE = 4096
_CONFLICT_MARKS = ("<<<<<<<", "=======", ">>>>>>>", "|||||||")
_TOTALS = {"total", "totals", "grand total", "sum", "subtotal", "average", "mean"}


@dataclass(frozen=True)
class _Problem:
    """A kind of problem of a record: the id and text of its note, whether the record is left out, and whether an op of
    the run is lost with it.
    """

    id: str
    text: str
    leaves_out: bool = True
    loses: bool = False


_FIRST = "; the first is row {first}"
_PROBLEMS = (
    _Problem("repeated-header", "{rows} left out: the header again"),
    _Problem(
        "rows-too-long", f"{{rows}} left out: more cells than the header, so columns are shifted{_FIRST}", loses=True
    ),
    _Problem(
        "rows-shifted", f"{{rows}} left out: fewer cells than the header, so columns are shifted{_FIRST}", loses=True
    ),
    _Problem("rows-swallowed", f"{{lines}} left out: inside a quote that is not closed{_FIRST}", loses=True),
    _Problem("summary-rows", f"{{rows}} left out: totals of other rows{_FIRST}"),
    _Problem("stray-lines", f"{{lines}} left out: text between the rows{_FIRST}"),
    _Problem(
        "open-quote", "row {first} opens a quote that is never closed: {lines} left out from there on", loses=True
    ),
    _Problem("last-row-cut", "row {first}, the last one, is cut off and left out", loses=True),
    _Problem("blank-cells-cut", f"{{rows}} repaired: extra blank cells removed{_FIRST}", leaves_out=False),
    _Problem(
        "rows-too-short",
        f"{{rows}} repaired: fewer cells than the header, the missing ones read as blank{_FIRST}",
        leaves_out=False,
    ),
)


@dataclass
class _Tally:
    """How many records (or lines) have a problem, and the row of the first."""

    count: int = 0
    first: int = 0


@dataclass
class RecordRepair:
    """Returns the records of a file that fit its header, repaired where necessary, and counts what it changed."""

    label: str
    headers: Record
    op_code: int
    _tallies: dict[str, _Tally] = field(default_factory=lambda: defaultdict(_Tally))

    def __post_init__(self) -> None:
        self.width = len(self.headers)
        self.widest = self.width
        self._quoted, self._delimiter = True, ","
        self._own = [normalise_header(header) for header in self.headers]
        self._named_width = max((number for number, name in enumerate(self._own, 1) if name), default=0)
        self._names = {name for name in self._own if name} | {""}
        self._validator = RowValidator(self.headers)

    def pieces(self, records: Records) -> Iterator[tuple[Sequence[int], list[Record]]]:
        """The records and their rows (the header is row 1), some thousand at a time, all as wide as the header.

        Raises PerfsheetError (exit status 3) at what cannot be repaired: another capture's header, a merge conflict.
        """
        sample = list(islice(records.rows, _SAMPLE))
        self.widest = self.width + _trailing_blanks(sample, self.width)
        self._quoted, self._delimiter = records.quoted, records.delimiter
        first_row, remaining = records.first_row, chain(sample, records.rows)
        piece = list(islice(remaining, _PIECE))
        while piece:
            following = list(islice(remaining, _PIECE))
            if self._is_well_formed(piece):
                yield range(first_row, first_row + len(piece)), piece
            else:
                ends_in_newline = None if following else records.ends_in_newline
                repaired = list(self._repair_piece(first_row, piece, ends_in_newline))
                yield [row for row, _ in repaired], [record for _, record in repaired]
            first_row += len(piece)
            piece = following

    def _is_well_formed(self, piece: list[Record]) -> bool:
        """Whether none of these records needs a check; nearly all files are like that."""
        if set(map(len, piece)) != {self.width}:
            return False
        codes = {record[self.op_code] for record in piece}
        if any(self.needs_check(code) for code in codes):
            return False
        return not self._quoted or not any(has_lines(cell) for record in piece for cell in record)

    def needs_check(self, code: str) -> bool:
        """Whether a record with this OP CODE may be no op: it is blank, a header, a total, a comment."""
        name = normalise_header(code)
        return name in self._names or _is_word_of_totals(name) or name.startswith((*_CONFLICT_MARKS, "#"))

    def _repair_piece(
        self, first_row: int, piece: list[Record], ends_in_newline: bool | None
    ) -> Iterator[tuple[int, Record]]:
        """`ends_in_newline`: whether the last line of the file does; None when more records follow."""
        last_row = first_row + len(piece) - 1
        for row, record in enumerate(piece, start=first_row):
            is_last = ends_in_newline is not None and row == last_row
            repaired = self._repair(row, record, is_last and not ends_in_newline, is_last)
            if repaired is not None:
                yield row, repaired

    def _repair(self, row: int, record: Record, is_cut: bool, is_last: bool) -> Record | None:
        """The record as wide as the header; None when it is left out."""
        if not record:
            return None
        lost = sum(self._rows_inside(record, index) for index, cell in enumerate(record) if has_lines(cell))
        never_closed = is_last and len(record) < self.width and has_lines(record[-1])
        if lost or never_closed:
            lost = lost or _count_filled(_lines(record[-1])[1:])
            self._count("open-quote" if never_closed else "rows-swallowed", row, lost + 1)
            return None
        if len(record) == self.width and not self.needs_check(record[self.op_code]):
            return record
        if not any(map(str.strip, record)):
            return None
        if "CODE" in "".join(record).upper() or record[0].startswith(_CONFLICT_MARKS):
            self._refuse_unrepairable(row, record)
        repeats_op_code = len(record) == self.width and normalise_header(record[self.op_code]) == OP_CODE_HEADER
        if self._is_own_header(record) or (repeats_op_code and not self._validator.has_op_type(record)):
            self._count("repeated-header", row)
        elif len(record) < self.width:
            return self._repair_short(row, record, is_cut)
        elif len(record) > self.width:
            return self._repair_long(row, record)
        elif self._is_total(record):
            self._count("summary-rows", row)
        else:
            return record
        return None

    def _refuse_unrepairable(self, row: int, record: Record) -> None:
        if record[0].startswith(_CONFLICT_MARKS) and len(record) == 1:
            raise unusable(
                f"{self.label}, row {row}: a merge conflict ({record[0][:20]!r})", "resolve it and remove its marks"
            )
        if not self._is_own_header(record) and is_ops_header(record):
            raise unusable(
                f"{self.label}, row {row}: the header of another capture, with other columns",
                "split the file there and give its parts as separate captures",
            )

    def _is_own_header(self, record: Record) -> bool:
        if normalise_header(record[0]) != self._own[0]:
            return False
        names = [normalise_header(cell) for cell in record]
        return names[: self.width] == self._own and not any(names[self.width :])

    def _is_total(self, record: Record) -> bool:
        code = record[self.op_code].strip()
        return (not code or _is_word_of_totals(code)) and self._validator.identifies_no_op(record)

    def _rows_inside(self, record: Record, index: int) -> int:
        """How many rows of the file are inside this cell of several lines, because of an open quote.

        In a record as wide as the header, the first line of such a cell is the rest of one row, the last line the
        beginning of another. ATTRIBUTES may have lines and separators of their own, but not so many in both.
        """
        lines = _lines(record[index])
        first, last = (line.count(self._delimiter) + 1 for line in (lines[0], lines[-1]))
        swallowed = first >= self.width - index and last > index and first + last > self.width
        return _count_filled(lines[1:]) if swallowed or len(record) != self.width else 0

    def _repair_short(self, row: int, record: Record, is_cut: bool) -> Record | None:
        padded = record + [""] * (self.width - len(record))
        if len(record) >= self._named_width:
            return padded  # the missing cells are of columns without a name
        usual = "rows-too-short" in self._tallies  # this file leaves out blank cells at the end of its rows
        if is_cut and not (usual and self._validator.is_valid(padded)):
            self._count("last-row-cut", row)
        elif len(record) == 1 or record[0].startswith("#"):
            self._count("stray-lines", row)
        elif self._is_total(padded):
            self._count("summary-rows", row)
        elif not self._validator.is_valid(padded):
            self._count("rows-shifted", row)
        else:
            self._count("rows-too-short", row)
            return padded
        return None

    def _repair_long(self, row: int, record: Record) -> Record | None:
        if any(record[self.width :]) or (len(record) > self.widest and not self._validator.is_valid(record)):
            self._count("rows-too-long", row)
            return None
        if len(record) > self.widest:
            self._count("blank-cells-cut", row)
        return record[: self.width]

    def _count(self, problem: str, row: int, count: int = 1) -> None:
        tally = self._tallies[problem]
        tally.count += count
        tally.first = tally.first or row

    def notes(self) -> Iterator[Note]:
        """A note per kind of problem, once the records are exhausted."""
        for problem in _PROBLEMS:
            if problem.id not in self._tallies:
                continue
            tally = self._tallies[problem.id]
            text = problem.text.format(rows=rows(tally.count), lines=rows(tally.count, "line"), first=tally.first)
            dropped = tally.count * problem.leaves_out
            yield Note(problem.id, f"{self.label}: {text}", tally.count, dropped, problem.loses)


def _lines(cell: str) -> list[str]:
    return cell.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _count_filled(lines: list[str]) -> int:
    return sum(bool(line.strip()) for line in lines)


def _trailing_blanks(sample: list[Record], width: int) -> int:
    """How many blank cells every row has after the last header, as some programs write them.

    One longer row alone does not count: a comma in one of its cells has shifted the rest.
    """
    longer = [len(record) - width for record in sample if any(record)]
    return max(0, min(longer)) if len(longer) > 1 else 0


def _is_word_of_totals(name: str) -> bool:
    return name.rstrip(" :=").lower() in _TOTALS
