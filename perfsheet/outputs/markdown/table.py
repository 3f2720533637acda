"""Tables in Markdown, and text of a capture that is nothing but text in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from perfsheet.text import formats

Item = TypeVar("Item")

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


def plain(text: str) -> str:
    """Text of a capture that reads as it is, and is nothing but text."""
    return _SPECIAL.sub(lambda match: "".join(f"&#{ord(one)};" for one in match[0]), formats.clean(text, _LONGEST))


def code(text: str) -> str:
    """The same in a code span: nothing in it is markup, but for what would end it or the cell."""
    safe = formats.clean(text, _LONGEST).replace("`", "'").replace("|", "¦").replace("\\", "/").strip()
    return f"`{safe}`" if safe else ""
