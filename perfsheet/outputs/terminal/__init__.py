"""Tables for the terminal: figures whole, names cut with `…`, the least wanted columns left out."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from functools import cached_property
from typing import TypeVar

from rich.cells import set_cell_size

from perfsheet.light_dataclass import dataclass
from perfsheet.outputs.terminal.screen import Line, Screen, width_of
from perfsheet.tables import Column, In, Table
from perfsheet.text.safe import clean

_TIED, _TIE = re.compile(r"(?<=\d) (?=\w|%)| (?=·)|(?<=[█▓▒░]) "), "\N{NO-BREAK SPACE}"


def print_wrapped(screen: Screen, text: str, style: str = "", indent: str = "  ") -> None:
    """Print a sentence; lines after the first are indented, and no figure is parted from its unit."""
    tied = _TIED.sub(_TIE, clean(text))
    for part in textwrap.wrap(tied, screen.width, subsequent_indent=indent, break_on_hyphens=False):
        screen.print(Line([(part.replace(_TIE, " "), style)]))


R = TypeVar("R")

_NARROWEST = {2: 14, 1: 8}
"""Least width of a flexible column, by the blanks between columns."""
TONES = {"good": "green", "bad": "red", "warn": "yellow", "quiet": "dim", "": ""}
_MARKS = {"few-cores": "yellow", "noisy": "yellow", "not-physical": "red", "impossible": "red"}


EXTRA = 7
"""Columns with this `drop` or more are shown only where nothing has to be cut for them."""


@dataclass(frozen=True, eq=False)
class _Shown:
    """A column to print: a text, a shorter `narrow` text and a rich style per row."""

    header: str
    texts: list[str]
    number: bool
    flexible: bool
    drop: int
    narrow: list[str] | None
    styles: list[str] | None

    @cached_property
    def width(self) -> int:
        """Characters for the longest text."""
        return max(map(width_of, [self.header, *self.texts]))

    def least(self, gap: int) -> int:
        """Characters that it needs at least."""
        return min(self.width, _NARROWEST[gap]) if self.flexible else self.width

    @cached_property
    def comfortable(self) -> int:
        """Characters for the longest text, shorter ones where there are."""
        return min(self.width, max(map(width_of, [self.header, *(self.narrow or self.texts)])))

    def padded(self, text: str, width: int) -> str:
        """The text in `width` characters, cut with `…` if it is longer."""
        if width_of(text) > width:
            return set_cell_size(text, width - 1) + "…"
        blanks = " " * (width - width_of(text))
        return blanks + text if self.number else text + blanks


def print_rows(
    screen: Screen, table: Table[R], rows: R, columns: Sequence[Column[R]] | None = None, dense: bool = False
) -> list[Column[R]]:
    """Print a declared table; return the columns that were left out for lack of room.

    `columns`: those to show, by default all that the declaration shows in the terminal. Figures are never cut. Flexible
    columns share the room that is left; droppable columns are left out first, the highest `drop` before the others, and
    those from `EXTRA` on before any text is cut.
    `dense`: before a column with `drop` 1 is left out, the blanks between columns shrink to one.
    """
    declared = table.columns_in(In.TERMINAL, rows) if columns is None else columns
    shown = [_shown(column, rows) for column in declared]
    printed, gap = list(shown), 2
    while _comfortable(printed, gap) > screen.width and any(column.drop >= EXTRA for column in printed):
        printed.remove(max(printed, key=lambda column: column.drop))
    while _least(printed, gap) > screen.width and any(column.drop for column in printed):
        last = max(printed, key=lambda column: column.drop)
        if dense and last.drop == 1 and gap == 2:
            gap = 1
        else:
            printed.remove(last)
    _print(screen, printed, _share_out(printed, screen.width, gap), " " * gap)
    return [column for column, own in zip(declared, shown, strict=True) if own not in printed]


def _shown(column: Column[R], rows: R) -> _Shown:
    texts = list(map(clean, column.texts(rows)))
    if column.mark is not None and column.mark.name in ("not-physical", "impossible"):
        texts = [f"!{text}" if bad else text for text, bad in zip(texts, column.mark.where(rows), strict=True)]
    return _Shown(
        column.header(In.TERMINAL),
        texts,
        column.number,
        column.flexible,
        column.drop,
        None if column.narrow is None else [clean(column.narrow(value)) for value in column.listed(rows)],
        _styles(column, rows),
    )


def _styles(column: Column[R], rows: R) -> list[str] | None:
    if column.tone is not None:
        return [TONES[tone] for tone in column.tone(rows)]
    if column.mark is None:
        return None
    style = _MARKS[column.mark.name]
    return [style if marked else "" for marked in column.mark.where(rows)]


def _print(screen: Screen, columns: Sequence[_Shown], widths: Sequence[int], gap: str) -> None:
    header = gap.join(column.padded(column.header, width) for column, width in zip(columns, widths, strict=True))
    screen.print(Line([(header.rstrip(), "bold")]), wrap=False)
    texts = [
        column.narrow if column.narrow is not None and width < column.width else column.texts
        for column, width in zip(columns, widths, strict=True)
    ]
    for row in range(len(columns[0].texts) if columns else 0):
        line = Line()
        for column, width, of_column in zip(columns, widths, texts, strict=True):
            line.append(column.padded(of_column[row], width), column.styles[row] if column.styles else "")
            line.append(gap)
        line.rstrip()
        screen.print(line, wrap=False)


def _comfortable(columns: Sequence[_Shown], gap: int) -> int:
    return sum(column.comfortable for column in columns) + gap * (len(columns) - 1)


def _least(columns: Sequence[_Shown], gap: int) -> int:
    return sum(column.least(gap) for column in columns) + gap * (len(columns) - 1)


def _share_out(columns: Sequence[_Shown], room: int, gap: int) -> list[int]:
    """Widths that fill at most `room`: flexible columns share what the others leave, the narrowest first."""
    widths = [column.width for column in columns]
    flexible = sorted((place for place, column in enumerate(columns) if column.flexible), key=widths.__getitem__)
    left = room - gap * (len(columns) - 1)
    left -= sum(width for width, column in zip(widths, columns, strict=True) if not column.flexible)
    for shared, place in enumerate(flexible):
        widths[place] = max(1, min(widths[place], left // (len(flexible) - shared)))
        left -= widths[place]
    return widths
