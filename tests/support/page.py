"""The HTML page and the Markdown text as data: tables, headline, findings."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "input", "br", "hr", "img", "link"}
# Drawing tags that the page closes at once.
CLOSED = {"rect", "path", "line", "circle", "polyline"}


@dataclass
class Table:
    """Headers and rows of text."""

    headers: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)

    def records(self) -> list[dict[str, str]]:
        return [dict(zip(self.headers, row, strict=True)) for row in self.rows]


class Page(HTMLParser):
    """Reads a page; every tag must be closed, in order."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: dict[str, Table] = {}
        self.findings: dict[str, str] = {}
        self.headline: dict[str, str] = {}
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._open: list[str] = []
        self._table: Table | None = None
        self._finding = ""
        self._label = ""
        self._text: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attributes):
        known = dict(attributes)
        self.tags.append((tag, known))
        if tag not in VOID:
            self._open.append(tag)
        if tag == "table":
            self._table = self.tables.setdefault(known.get("id") or f"table {len(self.tables)}", Table())
        elif tag == "tr" and self._table is not None:
            self._table.rows.append([])
        elif tag == "details" and known.get("class") == "finding":
            self._finding = str(known["id"])
            self.findings[self._finding] = ""
        if tag in ("td", "th", "dt", "dd"):
            self._text = []

    def handle_startendtag(self, tag, attributes):
        assert tag in CLOSED, tag
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self._open.pop() == tag, tag
        text = "".join(self._text).strip()
        if tag in ("td", "th") and self._table is not None:
            self._table.rows[-1].append(text)
        elif tag == "table":
            assert self._table is not None
            if self._table.rows:
                self._table.headers = self._table.rows.pop(0)
            self._table = None
        elif tag == "dt":
            self._label = text
        elif tag == "dd" and not self._finding:
            self.headline.setdefault(self._label, text)
        elif tag == "details":
            self._finding = ""

    def handle_data(self, data):
        self._text.append(data)
        if self._finding:
            self.findings[self._finding] += data


def markdown_tables(text: str) -> list[Table]:
    """The tables of a Markdown text; code spans and entities as a reader sees them."""
    tables: list[Table] = []
    inside = False
    for line in text.splitlines():
        if not line.startswith("|"):
            inside = False
            continue
        cells = [html.unescape(cell.strip().strip("`")) for cell in line.strip()[1:-1].split("|")]
        if not inside:
            tables.append(Table(cells))
            inside = True
        elif not re.fullmatch(r"[|\s:-]+", line):
            tables[-1].rows.append(cells)
    return tables
