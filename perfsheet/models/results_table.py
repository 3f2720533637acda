"""Results tables in Markdown files: reading them, and sorting their rows."""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Literal

from perfsheet.accuracy import MARKED
from perfsheet.errors import unusable, usage
from perfsheet.light_dataclass import dataclass
from perfsheet.models.impossible import PCC, PERCENT, condition_of_header

Align = Literal["left", "right", "center", "none"]

_NUMBER = re.compile(r"[~≈]?\s*([+−-]?(?:\d[\d,_ ]*)?\.?\d+(?:[eE][+-]?\d+)?)(?![\w.])")
_PLAIN_NUMBER = re.compile(r"[+-]?(?:0|[1-9]\d*|[1-9]\d{0,2}(?:,\d{3})+)(?:\.\d+)?(?:[eE][+-]?\d+)?")
_INFINITE = re.compile(r"[+−-]?(inf|infinity|∞)", re.IGNORECASE)
_MOST_PCC = 1.5
"""A column of accuracies with a larger median is in percent."""
_UNKNOWN = {"", "n/a", "na", "nan", "unknown", "none", "-", "–", "—"}
_STATUS = {"✅": 0.0, "yes": 0.0, "passed": 0.0, "🚧": 1.0, "❌": 2.0, "✘": 2.0, "no": 2.0, "failed": 2.0, "⏳": 3.0}
_LINK = re.compile(r"^\[(.*)\]\((<[^>]*>|[^)]*)\)$")


@dataclass(frozen=True)
class ResultsTable:
    """A table of Markdown cells as written, without surrounding blanks."""

    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    aligns: tuple[Align, ...]

    def column_index(self, name: str) -> int:
        """The index of a column, by its header in any case, or by the only header that begins like this.

        Raises PerfsheetError (exit status 2).
        """
        wanted = name.strip().casefold()
        headers = [plain_text(header).casefold() for header in self.headers]
        if wanted in headers:
            return headers.index(wanted)
        matches = [index for index, header in enumerate(headers) if wanted and header.startswith(wanted)]
        if len(matches) == 1:
            return matches[0]
        why = "matches several columns" if matches else "is not a column of the table"
        raise usage(f"{name!r} {why}", f"it has {', '.join(self.headers)}")

    @cached_property
    def impossible(self) -> dict[tuple[int, int], str]:
        """Why figures cannot have been measured, by row and column, as far as the headers say what they are."""
        return {
            (row, column): why
            for column, header in enumerate(self.headers)
            for row, why in _impossible(plain_text(header), [cells[column] for cells in self.rows]).items()
        }

    def marked(self) -> ResultsTable:
        """The table with its impossible figures marked."""
        rows = [list(cells) for cells in self.rows]
        for row, column in self.impossible:
            if not rows[row][column].endswith(MARKED):
                rows[row][column] += MARKED
        return replace(self, rows=tuple(map(tuple, rows)))

    def sorted(self, name: str, descending: bool = False) -> ResultsTable:
        """Sort by a column: numbers as numbers, badges by status, anything else as text; unknown values come last.

        Equal rows keep their order. Raises PerfsheetError (exit status 2) for an unknown column.
        """
        return replace(self, rows=tuple(self.rows[index] for index in self.order(name, descending)))

    def order(self, name: str, descending: bool = False) -> list[int]:
        """The indices of the rows in that order."""
        column = self.column_index(name)
        cells = [row[column] for row in self.rows]
        unknown = [index for index, cell in enumerate(cells) if plain_text(cell).casefold() in _UNKNOWN]
        known = [index for index in range(len(cells)) if index not in set(unknown)]
        return [*sorted(known, key=lambda index: _sort_key(cells[index]), reverse=descending), *unknown]


def link_of(cell: str) -> str:
    """The target of a cell that is a link; blank for others."""
    match = _LINK.match(cell)
    return match[2].removeprefix("<").removesuffix(">") if match else ""


def plain_text(cell: str) -> str:
    """The text of a cell, without a link."""
    match = _LINK.match(cell)
    return (match[1] if match else cell).replace("\\|", "|").strip()


def number(cell: str) -> float | None:
    """The number in a cell; None if the cell has other text, or the number would change (`007`)."""
    text = cell.strip()
    if not _PLAIN_NUMBER.fullmatch(text):
        return None
    value = float(text.replace(",", ""))
    return value if math.isfinite(value) else None


def _sort_key(cell: str) -> tuple[int, float, str]:
    text = plain_text(cell)
    first = text.split(maxsplit=1)[0].casefold() if text else ""
    if first in _STATUS:
        return 0, _STATUS[first], text.casefold()
    match = _NUMBER.match(text)
    return (1, _value(match[1]), text.casefold()) if match else (2, 0.0, text.casefold())


def _value(text: str) -> float:
    return float(re.sub(r"[,_ ]", "", text).replace("−", "-"))


def _impossible(header: str, cells: Sequence[str]) -> dict[int, str]:
    """Why figures of a column are impossible, by row."""
    condition = condition_of_header(header)
    if condition is None:
        return {}
    values = {row: value for row, cell in enumerate(cells) if (value := _figure(plain_text(cell))) is not None}
    if condition is PCC and values and "pcc" not in header.casefold():
        in_percent = any("%" in cell for cell in cells) or statistics.median(values.values()) > _MOST_PCC
        condition = PERCENT if in_percent else PCC  # the header does not always say so
    return {row: why for row, value in values.items() if (why := condition.reason(value))}


def _figure(text: str) -> float | None:
    """The number that a cell begins with, as in `66.322 ± 0.927` and `99.9 %`; None for other texts."""
    if _INFINITE.fullmatch(text):
        return math.inf
    match = _NUMBER.match(text)
    return _value(match[1]) if match else None


_RULE = re.compile(r"\s*:?-+:?\s*")
_FENCE = re.compile(r"\s{0,3}(```+|~~~+)")
_INDENTED = re.compile(r" {0,3}\t| {4}")
_COMMENT = re.compile(r" {0,3}<!--")
_ITEM = re.compile(r" {0,3}(?:[-*+]|\d+[.)])\s")
_OTHER = re.compile(r"\s{0,3}(#{1,6}\s|>|```|~~~|[-*+]\s|\d+[.)]\s|<|---|\*\*\*|___)")
_SPLIT = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True)
class Document:
    """The parts of a file in order: text (with its line ends) and tables; `notes` are about malformed rows."""

    path: str
    parts: tuple[str | ResultsTable, ...]
    notes: tuple[str, ...] = ()
    line_end: str = "\n"

    @property
    def tables(self) -> tuple[ResultsTable, ...]:
        """The tables."""
        return tuple(part for part in self.parts if isinstance(part, ResultsTable))

    def results(self) -> ResultsTable:
        """The first table with a column Model, else the first. Raises PerfsheetError (exit status 3) without one."""
        tables = self.tables
        if not tables:
            raise unusable(f"{self.path} has no Markdown table", "give a file with a results table")
        return next(
            (table for table in tables if any(name.strip("* ").casefold() == "model" for name in table.headers)),
            tables[0],
        )

    def with_results(self, table: ResultsTable) -> Document:
        """The document with its results table replaced."""
        old = self.results()
        return Document(
            self.path, tuple(table if part is old else part for part in self.parts), self.notes, self.line_end
        )


def read_document(path: Path) -> Document:
    """Read a Markdown file. Raises PerfsheetError (exit status 3) if it cannot be read."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise unusable(f"{path} is not UTF-8 text", "give a Markdown file") from None
    except OSError as error:
        raise unusable(f"{path}: {error.strerror or error}", "check the path") from None
    return parse_document(text, str(path))


def parse_document(text: str, path: str = "") -> Document:
    """The parts of a Markdown text."""
    lines = text.splitlines(keepends=True)
    parts: list[str | ResultsTable] = []
    notes: list[str] = []
    plain: list[str] = []
    at, fenced = 0, ""
    while at < len(lines):
        fence = _FENCE.match(lines[at])
        if fence and (not fenced or fence[1].startswith(fenced)):
            fenced = "" if fenced else fence[1]
        aligns = None if fenced or at + 1 == len(lines) else _aligns(lines[at], lines[at + 1])
        if aligns is None:
            plain.append(lines[at])
            at += 1
            continue
        end = next((index for index in range(at + 2, len(lines)) if _ends_table(lines[index])), len(lines))
        if plain:
            parts.append("".join(plain))
            plain = []
        rows, row_notes = _rows(lines[at + 2 : end], at + 3, len(aligns))
        notes += [f"{path}, {note}" for note in row_notes]
        parts.append(ResultsTable(tuple(_cells(lines[at])), rows, aligns))
        at = end
    if plain:
        parts.append("".join(plain))
    return Document(path, tuple(parts), tuple(notes), "\r\n" if "\r\n" in text else "\n")


def without_code(lines: Sequence[str]) -> list[str]:
    """The lines with those of code blocks and of comments blank; a comment that is one line stays."""
    kept, fenced, before = [], "", ""
    comment = code = in_list = False
    for line in lines:
        hidden = bool(fenced) or comment
        fence = None if comment else _FENCE.match(line)
        if fence and (not fenced or fence[1].startswith(fenced)):
            fenced = "" if fenced else fence[1]
        if not fenced and (comment or _COMMENT.match(line)):
            comment = "-->" not in line
        if line.strip() and not _INDENTED.match(line):
            in_list = _ITEM.match(line) is not None or (in_list and line[:1].isspace())
        code = not in_list and _INDENTED.match(line) is not None and (code or not before.strip())
        kept.append("" if hidden or fence or comment or code else line)
        before = line
    return kept


def table_at(
    lines: Sequence[str], first: int, last: int, is_known: Callable[[str], bool]
) -> tuple[int, int, list[str]] | None:
    """Where a table with a column Model and another one that is known is among these lines: its first line, the one
    after it, and its headers; None without one. Tables in code blocks are text."""
    text = without_code(lines)
    for at in range(first, last - 1):
        if _aligns(text[at], text[at + 1]) is None:
            continue
        headers = _cells(lines[at])
        names = [plain_text(header).strip("* ") for header in headers]
        others = [name for name in names if name.casefold() != "model"]
        if len(others) < len(names) and any(map(is_known, others)):
            end = next((after for after in range(at + 2, last) if _ends_table(lines[after])), last)
            return at, end, headers
    return None


def _ends_table(line: str) -> bool:
    """Whether a line is not a row: it is blank, or begins something else."""
    return not line.strip() or ("|" not in line and bool(_OTHER.match(line)))


def _cells(line: str) -> list[str]:
    line = line.strip()
    line = line.removeprefix("|")
    if line.endswith("|") and not line.endswith("\\|"):
        line = line[:-1]
    return [cell.strip() for cell in _SPLIT.split(line)]


def _aligns(header: str, rule: str) -> tuple[Align, ...] | None:
    """The alignments in the line under a header; None if these two lines don't begin a table."""
    if "|" not in header or "-" not in rule:
        return None
    marks = _cells(rule)
    if len(marks) != len(_cells(header)) or not all(_RULE.fullmatch(mark) for mark in marks):
        return None
    return tuple(_align(mark) for mark in marks)


def _align(mark: str) -> Align:
    left, right = mark.startswith(":"), mark.endswith(":")
    return "center" if left and right else "left" if left else "right" if right else "none"


def _rows(lines: list[str], first: int, columns: int) -> tuple[tuple[tuple[str, ...], ...], list[str]]:
    """The cells of the lines, one per column, and a note for each line with another number of cells."""
    rows = [_cells(line) for line in lines]
    notes = [
        f"line {number}: {len(cells)} cells for {columns} columns: "
        + ("the last ones are left blank" if len(cells) < columns else "the last column keeps the rest")
        for number, cells in enumerate(rows, first)
        if len(cells) != columns
    ]
    return tuple(_with_columns(cells, columns) for cells in rows), notes


def _with_columns(cells: list[str], columns: int) -> tuple[str, ...]:
    if len(cells) > columns:
        return (*cells[: columns - 1], " \\| ".join(cells[columns - 1 :]))
    return (*cells, *[""] * (columns - len(cells)))
