"""Tables of the page: headers that sort, figures to the right, text that stays text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from perfsheet.outputs.html.drawing import safe

Item = TypeVar("Item")


@dataclass(frozen=True)
class Column(Generic[Item]):
    """A column: `cell` words an item. Texts stay on one line unless they may `wrap`.

    `attributes` adds to the cell's tag, ` style="…"` say.
    """

    header: str
    cell: Callable[[Item], str]
    number: bool = True
    wrap: bool = False
    attributes: Callable[[Item], str] | None = None


def table(
    name: str, columns: Sequence[Column[Item]], items: Iterable[Item], row: Callable[[Item], str] | None = None
) -> str:
    """A table with an id; `row` gives the attributes of an item's row."""
    heads = "".join(
        f'<th scope="col"{_kind(column)}><button type="button">{safe(column.header)}</button></th>'
        for column in columns
    )
    body = "\n".join(
        f"<tr{row(item) if row else ''}>{''.join(_cell(column, item) for column in columns)}</tr>" for item in items
    )
    return (
        f'<div class="scroll"><table class="sortable" id="{name}"><thead><tr>{heads}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def facts(entries: Iterable[tuple[str, str]]) -> str:
    """Names and values, one below the other."""
    lines = "".join(f"<dt>{safe(name)}</dt><dd>{safe(value)}</dd>" for name, value in entries)
    return f'<dl class="facts">{lines}</dl>'


def _kind(column: Column[Item]) -> str:
    return ' class="n"' if column.number else ' class="w"' if column.wrap else ""


def _cell(column: Column[Item], item: Item) -> str:
    text = column.cell(item)
    more = column.attributes(item) if column.attributes else ""
    return f"<td{_kind(column)}{more}>{safe(text)}</td>"
