"""The rich console that the terminal renderers write to."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TextIO, TypeVar

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from perfsheet.render.words import clean

Item = TypeVar("Item")

_GAP, _NARROWEST = 2, 8

_PIPED_WIDTH = 160
"""Columns when the output is not a terminal: wide enough that nothing is cut short."""


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Leave it to the command line, which ends quietly; rich itself would end the process with status 1."""
        raise BrokenPipeError


def console_for(out: TextIO) -> Console:
    """A console on a stream: colours on a terminal only (NO_COLOR is honoured), a fixed width when piped."""
    if out.isatty():
        return _Console(file=out, highlight=False, soft_wrap=False)
    width = int(os.environ["COLUMNS"]) if os.environ.get("COLUMNS", "").isdigit() else _PIPED_WIDTH
    return _Console(file=out, width=max(width, 40), highlight=False, no_color=True, color_system=None)


@dataclass(frozen=True)
class Field(Generic[Item]):
    """A table column: `cell` words an item, `from_width` is the terminal width from which the column is shown.

    Figures stand right and are never cut; a flexible column takes what room is left and is cut with `…`. `style` is an
    item's rich style, on top of what the text itself says.
    """

    header: str
    cell: Callable[[Item], str]
    number: bool = True
    flexible: bool = False
    from_width: int = 0
    style: Callable[[Item], str] | None = None


def table(console: Console, fields: Sequence[Field[Item]], items: Sequence[Item]) -> Table:
    """A plain table: no frame, a bold header, the fields that fit the console's width."""
    grid = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0))
    shown = [field for field in fields if console.width >= field.from_width]
    cells = [[clean(field.cell(item)) for item in items] for field in shown]
    wanted = [max(map(cell_len, [field.header, *column])) for field, column in zip(shown, cells, strict=True)]
    for field, width in zip(shown, _fit(shown, wanted, console.width), strict=True):
        grid.add_column(
            Text(field.header, style="bold"),
            justify="right" if field.number else "left",
            no_wrap=True,
            overflow="ellipsis",
            width=width,
        )
    for item, row in zip(items, zip(*cells, strict=True), strict=True):
        styles = [field.style(item) if field.style else "" for field in shown]
        grid.add_row(*(Text(cell, style) for cell, style in zip(row, styles, strict=True)))
    return grid


def _fit(fields: Sequence[Field[Item]], wanted: list[int], room: int) -> list[int]:
    """Widths that fill `room` at most: flexible columns share what the others leave, the narrow ones first."""
    widths = list(wanted)
    flexible = sorted((index for index, field in enumerate(fields) if field.flexible), key=lambda index: wanted[index])
    left = (
        room
        - _GAP * (len(fields) - 1)
        - sum(width for width, field in zip(wanted, fields, strict=True) if not field.flexible)
    )
    for already, index in enumerate(flexible):
        widths[index] = max(_NARROWEST, min(wanted[index], left // (len(flexible) - already)))
        left -= widths[index]
    return widths


def line(text: str, style: str = "") -> Text:
    """A line of text in which nothing is read as markup."""
    return Text(clean(text), style=style)
