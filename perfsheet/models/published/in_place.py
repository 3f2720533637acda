"""A README with a results table, updated in place: only the rows that change are written anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.cells import cell_len

from perfsheet.errors import unusable, usage
from perfsheet.light_dataclass import dataclass
from perfsheet.models.published.layouts import BY_HEADER, UNKNOWN, Layout
from perfsheet.models.published.rendering import END, START, block, text_of
from perfsheet.models.results_table import plain_text, table_at
from perfsheet.models.suite.model import ModelResult

_SORT = {"✅": 0, "🚧": 1, "❌": 2}
_STATUS = ("Status", "Run Success")
_OF_MODEL = ("Batch", "Torch Ops (Before)", "Torch Ops Before (Unique Ops)")
"""What a failed run does not change."""


@dataclass(frozen=True)
class Updated:
    """A text with its results table updated, and the models whose rows changed or are new."""

    text: str
    changed: tuple[str, ...]
    added: tuple[str, ...]


def updated(text: str, results: Sequence[ModelResult], layout: Layout, path: str) -> Updated:
    """The text with the rows of these results; everything else stays byte for byte.

    The table is the first one with a column Model, between the marks if the text has them; a block between marks
    without a table is filled. Columns that are not known stay as they are, and so do rows of other models, and figures
    that a passed test did not collect; those of a failed one are N/A.
    Raises PerfsheetError: exit status 2 for one mark without the other, 3 without a table or marks.
    """
    lines = text.splitlines(keepends=True)
    end = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    first, last = _marked(lines, path)
    table = table_at(lines, first, last)
    if table is None and first:
        body = block(layout, results).replace("\n", end).splitlines(keepends=True)
        names = tuple(result.model for result in results)
        return Updated("".join([*lines[:first], *body, *lines[last:]]), (), names)
    if table is None:
        raise unusable(f"{path} has no results table", f"add the lines {START} and {END} where it shall stand")
    top, bottom, headers = table
    rows = _Rows(lines[top + 2 : bottom], headers, lines[top + 1], end)
    changed, added = rows.take(results)
    return Updated("".join([*lines[: top + 2], *rows.lines, *lines[bottom:]]), changed, added)


def _marked(lines: Sequence[str], path: str) -> tuple[int, int]:
    """The lines between the marks, the whole text without them."""
    stripped = [line.strip() for line in lines]
    places = [stripped.index(mark) if mark in stripped else None for mark in (START, END)]
    start, end = places
    if start is None and end is None:
        return 0, len(lines)
    if start is None or end is None or end < start:
        raise usage(f"{path} has not both lines {START} and {END}, in this order", "add the missing one")
    return start + 1, end


class _Rows:
    """The rows of a table as lines."""

    def __init__(self, lines: Sequence[str], headers: Sequence[str], rule: str, end: str) -> None:
        self.lines = list(lines)
        self._right = [cell.strip()[:1] != ":" and cell.strip()[-1:] == ":" for cell in split(rule)]
        self._headers = [plain_text(header) for header in headers]
        self._model, self._end = [header.strip("* ").casefold() for header in self._headers].index("model"), end
        status = next((name for name in _STATUS if name in self._headers), None)
        self._status = None if status is None else self._headers.index(status)

    def take(self, results: Sequence[ModelResult]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Write these results into the rows; the models whose rows changed, and those that are new."""
        changed, added = [], []
        for result in results:
            if result.run_success is None:
                continue
            texts = {
                place: text_of(BY_HEADER[header].value(result))
                for place, header in enumerate(self._headers)
                if header in BY_HEADER and place != self._model
            }
            texts = {
                place: text
                for place, text in texts.items()
                if text != UNKNOWN or not (result.run_success or self._headers[place] in _OF_MODEL)
            }
            at = next((at for at, line in enumerate(self.lines) if self._name(line) == result.model.casefold()), None)
            if at is None:
                self._add(result.model, texts)
                added.append(result.model)
            elif (line := self._with_cells(self.lines[at], texts)) != self.lines[at]:
                self._replace(at, line)
                changed.append(result.model)
        return tuple(changed), tuple(added)

    def _name(self, line: str) -> str:
        cells = split(line)
        return plain_text(cells[self._model].strip()).casefold() if self._model < len(cells) else ""

    def _rank(self, line: str) -> int:
        cells = split(line)
        if self._status is None or self._status >= len(cells):
            return 0
        return _SORT.get(cells[self._status].split()[0] if cells[self._status].strip() else "", 0)

    def _add(self, model: str, texts: Mapping[int, str]) -> None:
        widths = [cell_len(cell) for cell in split(self.lines[0])] if self.lines else [0] * len(self._headers)
        cells = [texts.get(place, UNKNOWN) for place in range(len(self._headers))]
        cells[self._model] = text_of(model)
        widths += [0] * (len(cells) - len(widths))  # a damaged row may have fewer
        padded = [self._padded(cell, widths[place], place) for place, cell in enumerate(cells)]
        self._insert(f"|{'|'.join(padded)}|{self._end}")

    def _padded(self, text: str, width: int, place: int) -> str:
        width -= cell_len(text) - len(text)
        return f" {text} ".rjust(width) if self._right[place] else f" {text} ".ljust(width)

    def _with_cells(self, line: str, texts: Mapping[int, str]) -> str:
        """The line with these cells, each as wide as before if it fits; equal figures stay as they are written."""
        end = line[len(line.rstrip("\r\n")) :]
        cells = split(line)
        for place, text in texts.items():
            if place < len(cells) and not _same(cells[place].strip(), text):
                cells[place] = self._padded(text, cell_len(cells[place]), place)
        return f"|{'|'.join(cells)}|{end}"

    def _replace(self, at: int, line: str) -> None:
        """Put a changed row where it was, unless its status moves it among others."""
        if self._rank(line) == self._rank(self.lines[at]):
            self.lines[at] = line
        else:
            del self.lines[at]
            self._insert(line)

    def _insert(self, line: str) -> None:
        """Put a row behind those of its status."""
        rank = self._rank(line)
        at = next((at for at, other in enumerate(self.lines) if self._rank(other) > rank), len(self.lines))
        if at and not self.lines[at - 1].endswith("\n"):  # the last line of the file
            self.lines[at - 1] += self._end
        self.lines.insert(at, line)


def split(line: str) -> list[str]:
    """The cells of a line with their blanks: what is between its bars."""
    body = line.rstrip("\r\n").strip()
    cells: list[str] = []
    start = at = 1 if body.startswith("|") else 0
    while at < len(body):
        if body[at] == "|" and body[at - 1 : at] != "\\":
            cells.append(body[start:at])
            start = at + 1
        at += 1
    return [*cells, body[start:]] if start < len(body) else cells


def _same(old: str, new: str) -> bool:
    """Whether two cells say the same: `28.457598178713713` is 28.4576 with more digits."""
    if old == new:
        return True
    try:
        return f"{float(old):g}" == f"{float(new):g}"
    except ValueError:
        return False
