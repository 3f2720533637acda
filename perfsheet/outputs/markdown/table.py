"""Tables in Markdown, and text of a capture that is nothing but text in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from perfsheet.tables import Column as TableColumn
from perfsheet.tables import In, Table
from perfsheet.text import formats

Item = TypeVar("Item")
R = TypeVar("R")

_LONGEST = 600
# What Markdown, HTML in it, or GitHub (mentions, references, bare addresses) would read as more than text.
_SPECIAL = re.compile(r"[\\`*<>\[\]|@#~$&!]|://|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")


@dataclass(frozen=True)
class Column(Generic[Item]):
    """A column: its header, and how it words an item; figures stand right."""

    header: str
    cell: Callable[[Item], str]
    number: bool = True


def table(columns: Sequence[Column[Item]], items: Iterable[Item]) -> Iterator[str]:
    """The lines of a table, a blank one behind it."""
    yield f"| {' | '.join(column.header for column in columns)} |"
    yield f"|{''.join(' ---: |' if column.number else ' --- |' for column in columns)}"
    for item in items:
        yield f"| {' | '.join(column.cell(item) for column in columns)} |"
    yield ""


def table_of(table: Table[R], rows: R, columns: Sequence[TableColumn[R]] | None = None) -> Iterator[str]:
    """The lines of a declared table, a blank one behind it; `columns`: those to show, by default all of Markdown's."""
    shown = table.columns_in(In.MARKDOWN, rows) if columns is None else columns
    yield f"| {' | '.join(column.header(In.MARKDOWN) for column in shown)} |"
    yield f"|{''.join(' ---: |' if column.number else ' --- |' for column in shown)}"
    for cells in zip(*(_cells(column, rows) for column in shown), strict=True):
        yield f"| {' | '.join(cells)} |"
    yield ""


def _cells(column: TableColumn[R], rows: R) -> list[str]:
    texts = column.texts(rows)
    if column.code:
        return list(map(code, texts))
    if column.mark is not None and column.mark.name == "not-physical":
        marked = column.mark.where(rows)
        return [f"{text} (not physical)" if bad else text for text, bad in zip(texts, marked, strict=True)]
    return texts if column.number or column.own else list(map(plain, texts))


def plain(text: str) -> str:
    """Text of a capture that reads as it is, and is nothing but text."""
    return _SPECIAL.sub(lambda match: "".join(f"&#{ord(one)};" for one in match[0]), formats.clean(text, _LONGEST))


def code(text: str) -> str:
    """The same in a code span: nothing in it is markup, but for what would end it or the cell."""
    safe = formats.clean(text, _LONGEST).replace("`", "'").replace("|", "¦").replace("\\", "/").strip()
    return f"`{safe}`" if safe else ""
