"""Tables that fit the terminal: figures whole, names cut with `…`, and the least wanted columns left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from perfsheet.tables import Column, In, Table
from perfsheet.text.formats import clean

Item = TypeVar("Item")
R = TypeVar("R")

_GAP = "  "
_NARROWEST = 14
"""What a flexible column is left with before optional columns go."""


@dataclass(frozen=True)
class Field(Generic[Item]):
    """A table column: `cell` words an item.

    Figures stand right and are never cut. A flexible column takes what room is left: then `short` words its items,
    where there is such a form, and the rest is cut. Columns with an `optional` rank go when there is no room,
    the highest rank first. `style` is an item's rich style.
    """

    header: str
    cell: Callable[[Item], str]
    number: bool = True
    flexible: bool = False
    optional: int = 0
    short: Callable[[Item], str] | None = None
    style: Callable[[Item], str] | None = None


TONES = {"good": "green", "bad": "red", "warn": "yellow", "quiet": "dim", "": ""}
_MARKS = {"few-cores": "yellow", "noisy": "yellow", "not-physical": "red"}


def print_rows(
    console: Console, table: Table[R], rows: R, columns: Sequence[Column[R]] | None = None
) -> list[Column[R]]:
    """Print a declared table; the columns for which there is no room.

    `columns`: those to show, by default all that the declaration shows in the terminal.
    """
    shown = table.columns_in(In.TERMINAL, rows) if columns is None else columns
    fields = [_field(column, rows) for column in shown]
    count = max((len(column.listed(rows)) for column in shown[:1]), default=0)
    left_out = print_table(console, fields, range(count))
    return [column for column, field in zip(shown, fields, strict=True) if field.header in left_out]


def _field(column: Column[R], rows: R) -> Field[int]:
    values, texts, styles = column.listed(rows), column.texts(rows), _styles(column, rows)
    if column.mark is not None and column.mark.name == "not-physical":
        texts = [f"!{text}" if bad else text for text, bad in zip(texts, column.mark.where(rows), strict=True)]
    narrow = column.narrow
    return Field(
        column.header(In.TERMINAL),
        texts.__getitem__,
        number=column.number,
        flexible=column.flexible,
        optional=column.drop,
        short=None if narrow is None else lambda at: narrow(values[at]),
        style=None if styles is None else styles.__getitem__,
    )


def _styles(column: Column[R], rows: R) -> list[str] | None:
    if column.tone is not None:
        return [TONES[tone] for tone in column.tone(rows)]
    if column.mark is None:
        return None
    style = _MARKS[column.mark.name]
    return [style if marked else "" for marked in column.mark.where(rows)]


def print_table(console: Console, fields: Sequence[Field[Item]], items: Sequence[Item]) -> list[str]:
    """Print a header and a line per item; the headers of the columns that were left out."""
    wanted = {field.header: _width(field, [field.cell(item) for item in items]) for field in fields}
    shown = list(fields)
    while _least(shown, wanted) > console.width and any(field.optional for field in shown):
        shown.remove(max(shown, key=lambda field: field.optional))
    widths = _share_out(shown, wanted, console.width)
    header = Text(_GAP.join(_padded(field, field.header, widths[field.header]) for field in shown).rstrip(), "bold")
    console.print(header, no_wrap=True, overflow="crop")
    for item in items:
        row = Text()
        for field in shown:
            width = widths[field.header]
            text = field.short(item) if field.short and width < wanted[field.header] else field.cell(item)
            row.append(_padded(field, clean(text), width), field.style(item) if field.style else "")
            row.append(_GAP)
        row.rstrip()
        console.print(row, no_wrap=True, overflow="crop")
    return [field.header for field in fields if field not in shown]


def _width(field: Field[Item], cells: list[str]) -> int:
    return max(cell_len(clean(cell)) for cell in [field.header, *cells])


def _least(fields: Sequence[Field[Item]], wanted: dict[str, int]) -> int:
    """The room that these columns need at least."""
    widths = (min(wanted[field.header], _NARROWEST) if field.flexible else wanted[field.header] for field in fields)
    return sum(widths) + len(_GAP) * (len(fields) - 1)


def _share_out(fields: Sequence[Field[Item]], wanted: dict[str, int], room: int) -> dict[str, int]:
    """Widths that fill `room` at most: flexible columns share what the others leave, the narrow ones first."""
    widths = {field.header: wanted[field.header] for field in fields}
    flexible = sorted((field.header for field in fields if field.flexible), key=lambda header: wanted[header])
    left = room - len(_GAP) * (len(fields) - 1) - sum(wanted[field.header] for field in fields if not field.flexible)
    for already, header in enumerate(flexible):
        widths[header] = max(1, min(wanted[header], left // (len(flexible) - already)))
        left -= widths[header]
    return widths


def _padded(field: Field[Item], text: str, width: int) -> str:
    if cell_len(text) > width:
        return set_cell_size(text, width - 1) + "…"
    blanks = " " * (width - cell_len(text))
    return blanks + text if field.number else text + blanks
