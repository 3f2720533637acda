"""A README with a results table, updated in place: only the rows that change are written anew."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.cells import cell_len

from perfsheet.errors import unusable, usage
from perfsheet.light_dataclass import dataclass
from perfsheet.models.published.layouts import BATCH, RANKS, UNKNOWN, Layout, known_column, with_names
from perfsheet.models.published.rendering import END, START, block, text_of
from perfsheet.models.results_table import plain_text, table_at, without_code
from perfsheet.models.suite.model import ModelResult

_STATUS = ("status", "run success")
_PASSED = ("✅", "🚧")


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
    that a passed test did not collect; those of a failed one, and impossible ones, are N/A. Of several results of one
    model each has the row of its batch; without such a column, its own name.
    Raises PerfsheetError: exit status 2 for one mark without the other, 3 without a table or marks.
    """
    lines = text.splitlines(keepends=True)
    end = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    first, last = _marked(lines, path)
    table = table_at(lines, first, last, lambda header: known_column(header) is not None)
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
    stripped = [line.strip() for line in without_code(lines)]
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
        self.lines, self._end = list(lines), end
        self._right = [mark[:1] != ":" and mark[-1:] == ":" for mark in _texts(rule)]
        names = [plain_text(header).strip("* ").casefold() for header in headers]
        self._columns = {place: column for place, name in enumerate(names) if (column := known_column(name))}
        self._model = names.index("model")
        self._batch = names.index(BATCH.casefold()) if BATCH.casefold() in names else None
        self._status = next((names.index(name) for name in _STATUS if name in names), None)
        self._width = len(names)

    def take(self, results: Sequence[ModelResult]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Write these results into the rows; the models whose rows changed, and those that are new."""
        changed, added = [], []
        named = with_names(results, self._batch is not None)
        several = Counter(result.model.casefold() for result in named)
        for result in named:
            if result.run_success is None:
                continue
            name = result.model
            if self._batch is None and len(self._of(name)) > 1:
                name = result.name
            at = self._row_of(name, result.batch, alone=several[name.casefold()] == 1)
            if at is None:
                self._insert(self._new(name, result))
                added.append(name)
            elif (line := self._changed(self.lines[at], result)) != self.lines[at]:
                self._replace(at, line)
                changed.append(name)
        return tuple(changed), tuple(added)

    def _of(self, name: str) -> list[int]:
        """The rows of a model."""
        wanted = {name.casefold(), text_of(name).casefold()}
        return [at for at, line in enumerate(self.lines) if self._cell(line, self._model).casefold() in wanted]

    def _row_of(self, name: str, batch: int | None, alone: bool) -> int | None:
        """The row of a model and batch, else that of an unknown batch; if only one of the two says its batch and no
        other result is of the model (`alone`), its only row."""
        rows = self._of(name)
        if self._batch is None:
            return next(iter(rows), None)
        batches = {at: self._cell(self.lines[at], self._batch) for at in rows}
        exact = next((at for at in rows if batches[at] == text_of(batch)), None)
        unknown = next((at for at in rows if batches[at] in ("", UNKNOWN)), None)
        only = rows[0] if alone and batch is None and len(rows) == 1 else None
        return next((at for at in (exact, unknown, only) if at is not None), None)

    @staticmethod
    def _cell(line: str, place: int) -> str:
        cells = _texts(line)
        return plain_text(cells[place]) if place < len(cells) else ""

    def _rank(self, line: str) -> int:
        status = "" if self._status is None else self._cell(line, self._status)
        return RANKS.get(status.partition(" ")[0], 0)

    def _new(self, name: str, result: ModelResult) -> str:
        cells = [UNKNOWN] * self._width
        for place, column in self._columns.items():
            cells[place] = text_of(column.cell(result))
        cells[self._model] = text_of(name)
        widths = [end - start for start, end in _spans(self.lines[0])] if self.lines else []
        widths += [0] * (self._width - len(widths))  # a damaged row may have fewer
        padded = [self._padded(cell, widths[place], place) for place, cell in enumerate(cells)]
        return f"|{'|'.join(padded)}|{self._end}"

    def _changed(self, line: str, result: ModelResult) -> str:
        """The line with the figures that differ, each as wide as before if it fits; all else as it is written."""
        spans, texts = _spans(line), _texts(line)
        for place in sorted(self._columns, reverse=True):
            column = self._columns[place]
            if place >= len(spans) or place == self._model or not column.is_collected(result):
                continue
            new = text_of(column.cell(result))
            if place == self._status and new == UNKNOWN and texts[place][:1] in _PASSED:
                continue  # it passed as before; what runs in torch was not collected
            if not _same(texts[place], new):
                start, end = spans[place]
                line = line[:start] + self._padded(new, cell_len(line[start:end]), place) + line[end:]
        return line

    def _padded(self, text: str, width: int, place: int) -> str:
        width -= cell_len(text) - len(text)
        right = place < len(self._right) and self._right[place]
        return f" {text} ".rjust(width) if right else f" {text} ".ljust(width)

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
        for number in (at - 1, at):  # the last line of a file may lack its end
            if 0 <= number < len(self.lines) and not self.lines[number].endswith("\n"):
                self.lines[number] += self._end
        self.lines.insert(at, line if line.endswith("\n") else line + self._end)


def _spans(line: str) -> list[tuple[int, int]]:
    """Where the cells of a line are: what is between its bars, blanks included."""
    body = line.rstrip()
    start = len(line) - len(line.lstrip())
    start += body[start : start + 1] == "|"
    spans = []
    for at in range(start, len(body)):
        if body[at] == "|" and body[at - 1 : at] != "\\":
            spans.append((start, at))
            start = at + 1
    return [*spans, (start, len(body))] if start < len(body) else spans


def _texts(line: str) -> list[str]:
    return [line[start:end].strip() for start, end in _spans(line)]


def _same(old: str, new: str) -> bool:
    """Whether two cells say the same: `28.457598178713713` is 28.4576 with more digits."""
    if old == new:
        return True
    try:
        return f"{float(old):g}" == f"{float(new):g}"
    except ValueError:
        return False
