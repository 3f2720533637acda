"""A Markdown document with tables in it: the text around them stays as it is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from perfsheet.errors import unusable
from perfsheet.results.table import Align, ResultsTable

_RULE = re.compile(r"\s*:?-+:?\s*")
_FENCE = re.compile(r"\s{0,3}(```+|~~~+)")
_OTHER = re.compile(r"\s{0,3}(#{1,6}\s|>|```|~~~|[-*+]\s|\d+[.)]\s|<|---|\*\*\*|___)")
_SPLIT = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True)
class Document:
    """Parts in their order: a text (its lines, ends included) or a table; `notes` is what did not fit in a table."""

    path: str
    parts: tuple[str | ResultsTable, ...]
    notes: tuple[str, ...] = ()
    line_end: str = "\n"

    @property
    def tables(self) -> tuple[ResultsTable, ...]:
        """The tables."""
        return tuple(part for part in self.parts if isinstance(part, ResultsTable))

    def results(self) -> ResultsTable:
        """The first table with a column Model, else the first. Raises PerfsheetError (exit status 3) without any."""
        tables = self.tables
        if not tables:
            raise unusable(f"{self.path}: no Markdown table in it", "name a file with a results table")
        return next(
            (one for one in tables if any(name.strip("* ").casefold() == "model" for name in one.headers)), tables[0]
        )

    def with_results(self, table: ResultsTable) -> Document:
        """The document with its table of results replaced."""
        old = self.results()
        return Document(
            self.path, tuple(table if part is old else part for part in self.parts), self.notes, self.line_end
        )


def read_document(path: Path) -> Document:
    """Read a Markdown file. Raises PerfsheetError (exit status 3) when it cannot be read."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise unusable(f"{path}: no text in UTF-8", "name a Markdown file") from None
    except OSError as error:
        raise unusable(f"{path}: {error.strerror or error}", "check the path") from None
    return parsed(text, str(path))


def parsed(text: str, path: str = "") -> Document:
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
        end = next((n for n in range(at + 2, len(lines)) if _ends_table(lines[n])), len(lines))
        if plain:
            parts.append("".join(plain))
            plain = []
        rows, said = _rows(lines[at + 2 : end], at + 3, len(aligns))
        notes += [f"{path}, {one}" for one in said]
        parts.append(ResultsTable(tuple(_cells(lines[at])), rows, aligns))
        at = end
    if plain:
        parts.append("".join(plain))
    return Document(path, tuple(parts), tuple(notes), "\r\n" if "\r\n" in text else "\n")


def _ends_table(line: str) -> bool:
    """Whether a line is no row: it is blank, or begins something else."""
    return not line.strip() or ("|" not in line and bool(_OTHER.match(line)))


def _cells(line: str) -> list[str]:
    line = line.strip()
    line = line.removeprefix("|")
    if line.endswith("|") and not line.endswith("\\|"):
        line = line[:-1]
    return [cell.strip() for cell in _SPLIT.split(line)]


def _aligns(header: str, rule: str) -> tuple[Align, ...] | None:
    """The alignments that the line under a header gives; None when these two lines begin no table."""
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
    """The cells of the lines, as many as there are columns; what did not fit is said."""
    found = [_cells(line) for line in lines]
    notes = [
        f"line {number}: {len(cells)} cells for {columns} columns: "
        + ("the last ones are left blank" if len(cells) < columns else "the last column keeps the rest")
        for number, cells in enumerate(found, first)
        if len(cells) != columns
    ]
    return tuple(_fitted(cells, columns) for cells in found), notes


def _fitted(cells: list[str], columns: int) -> tuple[str, ...]:
    if len(cells) > columns:
        return (*cells[: columns - 1], " \\| ".join(cells[columns - 1 :]))
    return (*cells, *[""] * (columns - len(cells)))
