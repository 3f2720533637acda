"""The source around the lines that ops come from, from the files that the graph report carries; none is read."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import NamedTuple

from perfsheet.analysis.graph.beside import Graph
from perfsheet.analysis.graph.groups import GroupBy
from perfsheet.analysis.graph.sources import Source, lines_of

_AROUND, _MOST_LINES, _LONGEST = 6, 100, 240
_TAB = 4


class Line(NamedTuple):
    """A line of source. `share`: the part of the kernel time in ops of it, None = no op comes from it."""

    number: int
    text: str
    share: float | None


Excerpt = tuple[Line, ...]
"""Lines that follow each other."""


class Listing(NamedTuple):
    """A file around its lines with ops: the 100 with most time. `with_ops` lines have `share` of the kernel time.

    `changed`: how many of these lines read otherwise in the report's copy than they did when the ops ran.
    """

    file: str
    with_ops: int
    share: float
    changed: int
    excerpts: tuple[Excerpt, ...]


class Excerpts:
    """Excerpts with the time of each line beside it."""

    def __init__(self, graph: Graph) -> None:
        self._carried = graph.joined.report.sources
        self._groups = [group for group in graph.by(GroupBy.LINE) if group.source is not None]
        self._sources = [group.source for group in self._groups if group.source is not None]
        self._lines: dict[str, list[str]] = {}

    def around(self, source: Source) -> Excerpt | None:
        """Six lines before and after a line; None where the report lacks the file or the line, or has it changed."""
        if self._changed(source):
            return None
        found = self._excerpts(source.file, [source.line])
        return found[0] if found else None

    def listings(self, most: int) -> list[Listing]:
        """The first `most` files that the report carries, most kernel time first."""
        shown = []
        for file, shares in self._shares.items():
            first = [line for line, _ in sorted(shares.items(), key=lambda one: -one[1])[:_MOST_LINES]]
            if excerpts := self._excerpts(file, first):
                changed = sum(self._changed(source) for source in self._sources if source.file == file)
                shown.append(Listing(file, len(shares), sum(shares.values()), changed, excerpts))
        return sorted(shown, key=lambda one: -one.share)[:most]

    @cached_property
    def _shares(self) -> dict[str, dict[int, float]]:
        shares: dict[str, dict[int, float]] = {}
        for group in self._groups:
            assert group.source is not None
            shares.setdefault(group.source.file, {})[group.source.line] = group.share
        return shares

    def _changed(self, source: Source) -> bool:
        """Whether the report's copy of the file has another text on this line than its stack."""
        text = self._text(source.file)
        if not (source.code and text):
            return False
        return source.line > len(text) or source.code.strip() not in text[source.line - 1]

    def _excerpts(self, file: str, lines: Iterable[int]) -> tuple[Excerpt, ...]:
        text, shares = self._text(file), self._shares.get(file, {})
        shown = sorted(
            {
                number
                for line in lines
                if 0 < line <= len(text)
                for number in range(max(1, line - _AROUND), min(len(text), line + _AROUND) + 1)
            }
        )
        pieces: list[list[Line]] = []
        for number in shown:
            if not pieces or pieces[-1][-1].number != number - 1:
                pieces.append([])
            pieces[-1].append(Line(number, _shown(text[number - 1]), shares.get(number)))
        return tuple(tuple(piece) for piece in pieces)

    def _text(self, file: str) -> list[str]:
        if file not in self._lines:
            carried = self._carried.get(file)
            lines = [] if carried is None else lines_of(carried)
            self._lines[file] = lines[:-1] if lines and not lines[-1] else lines
        return self._lines[file]


def _shown(line: str) -> str:
    """A line without tabs, cut where it is longer than a page is wide."""
    text = line.rstrip().expandtabs(_TAB)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
