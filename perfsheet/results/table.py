"""A table as text: headers, alignments and cells, and the order of its rows."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import Literal

from perfsheet.errors import usage

Align = Literal["left", "right", "center", "none"]

_NUMBER = re.compile(r"[~≈]?\s*([+-]?(?:\d[\d,_ ]*)?\.?\d+(?:[eE][+-]?\d+)?)(?![\w.])")
_PLAIN_NUMBER = re.compile(r"[+-]?(?:0|[1-9]\d*|[1-9]\d{0,2}(?:,\d{3})+)(?:\.\d+)?(?:[eE][+-]?\d+)?")
_UNKNOWN = {"", "n/a", "na", "nan", "unknown", "none", "-", "–", "—"}
_STATUS = {"✅": 0.0, "yes": 0.0, "passed": 0.0, "🚧": 1.0, "❌": 2.0, "✘": 2.0, "no": 2.0, "failed": 2.0, "⏳": 3.0}
_LINK = re.compile(r"^\[(.*)\]\((<[^>]*>|[^)]*)\)$")


@dataclass(frozen=True)
class ResultsTable:
    """Cells are Markdown as written, without the blanks around them."""

    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    aligns: tuple[Align, ...]

    def column(self, name: str) -> int:
        """Where a column is: by its header in any case, or by the only header that begins so.

        Raises PerfsheetError (exit status 2).
        """
        wanted = name.strip().casefold()
        headers = [plain_text(header).casefold() for header in self.headers]
        if wanted in headers:
            return headers.index(wanted)
        begin = [place for place, header in enumerate(headers) if wanted and header.startswith(wanted)]
        if len(begin) == 1:
            return begin[0]
        why = "is the beginning of several columns" if begin else "is no column of the table"
        raise usage(f"{name!r} {why}", f"it has {', '.join(self.headers)}")

    def sorted(self, name: str, descending: bool = False) -> ResultsTable:
        """By a column: by numbers where they are some, by status for badges, else by text; unknown ones come last.

        Rows that are equal stay in their order. Raises PerfsheetError (exit status 2) for a column that is not there.
        """
        return replace(self, rows=tuple(self.rows[number] for number in self.order(name, descending)))

    def order(self, name: str, descending: bool = False) -> list[int]:
        """The places of the rows in that order."""
        place = self.column(name)
        cells = [row[place] for row in self.rows]
        told = [number for number, cell in enumerate(cells) if plain_text(cell).casefold() not in _UNKNOWN]
        untold = [number for number, cell in enumerate(cells) if plain_text(cell).casefold() in _UNKNOWN]
        return [*sorted(told, key=lambda number: _key(cells[number]), reverse=descending), *untold]


def link_of(cell: str) -> str:
    """Where a cell that is a link leads; blank for any other."""
    match = _LINK.match(cell)
    return match[2].removeprefix("<").removesuffix(">") if match else ""


def plain_text(cell: str) -> str:
    """The text of a cell without the link around it."""
    match = _LINK.match(cell)
    return (match[1] if match else cell).replace("\\|", "|").strip()


def number(cell: str) -> float | None:
    """The number that a cell is, without anything beside it; None when it is none, or would lose something (`007`)."""
    text = cell.strip()
    if not _PLAIN_NUMBER.fullmatch(text):
        return None
    value = float(text.replace(",", ""))
    return value if math.isfinite(value) else None


def _key(cell: str) -> tuple[int, float, str]:
    text = plain_text(cell)
    first = text.split(maxsplit=1)[0].casefold() if text else ""
    if first in _STATUS:
        return 0, _STATUS[first], text.casefold()
    match = _NUMBER.match(text)
    return (1, _value(match[1]), text.casefold()) if match else (2, 0.0, text.casefold())


def _value(text: str) -> float:
    return float(re.sub(r"[,_ ]", "", text))
