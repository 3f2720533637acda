"""Tables of the page: headers that sort, figures to the right, bars behind figures, marks on cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from markupsafe import Markup, escape

from perfsheet.light_dataclass import dataclass
from perfsheet.tables import Column, In, Table
from perfsheet.text.safe import clean

R = TypeVar("R")

_MARKS = {
    "few-cores": ' data-mark="few"',
    "not-physical": ' data-mark="bad" title="not physical: above 100 %"',
    "impossible": ' data-mark="bad" title="impossible"',
}


@dataclass(frozen=True)
class PageColumn:
    """The header of a column: its key, its text, and the attributes of its tag."""

    key: str
    header: str
    attributes: Markup


@dataclass(frozen=True)
class PageRow:
    """A row: the attributes of its tag, and its cells."""

    attributes: Markup
    cells: Markup


@dataclass(frozen=True)
class PageTable:
    """A table as the templates lay it out."""

    id: str
    columns: Sequence[PageColumn]
    rows: Sequence[PageRow]


def page_table(name: str, table: Table[R], rows: R, attributes: Sequence[Mapping[str, str]] | None = None) -> PageTable:
    """A declared table with an id; `attributes` are those of each row's tag."""
    shown = table.columns_in(In.PAGE, rows)
    heads = [PageColumn(column.key, column.header(In.PAGE), Markup(_class(column))) for column in shown]
    cells = list(zip(*(_cells(column, rows) for column in shown), strict=True))
    tags = list(map(_attributes, attributes)) if attributes else [Markup()] * len(cells)
    return PageTable(name, heads, [PageRow(tag, Markup("".join(row))) for tag, row in zip(tags, cells, strict=True)])


def _attributes(values: Mapping[str, str]) -> Markup:
    return Markup().join(Markup(' {}="{}"').format(name, escape(value)) for name, value in values.items())


def _cells(column: Column[R], rows: R) -> list[str]:
    """The cells as markup: a large table has tens of thousands, and few distinct ones."""
    texts = column.texts(rows)
    plain = _class(column)
    extra = _bars(column, rows) if column.bar else [""] * len(texts)
    if column.mark is not None:
        mark = _MARKS[column.mark.name]
        extra = [more + mark if marked else more for more, marked in zip(extra, column.mark.where(rows), strict=True)]
    made: dict[tuple[str, str], str] = {}
    for more, text in zip(extra, texts, strict=True):
        if (more, text) not in made:
            made[more, text] = f"<td{plain}{more}>{escape(clean(text))}</td>"
    return [made[cell] for cell in zip(extra, texts, strict=True)]


def _bars(column: Column[R], rows: R) -> list[str]:
    """A bar from the left; of differences from the middle, to the left for gains and to the right for losses."""
    values = [value or 0 for value in column.listed(rows)]
    most = max(map(abs, values), default=0)
    if not most:
        return [""] * len(values)
    if not column.kind.signed:
        return [f' style="--p:{100 * value / most:.1f}%"' for value in values]
    return [
        f' data-bar="{"gain" if value < 0 else "loss"}" style="--d:{50 * abs(value) / most:.1f}%"' if value else ""
        for value in values
    ]


def _class(column: Column[R]) -> str:
    return ' class="n"' if column.number else ' class="w"' if column.wrap else ""
