"""Tables of the page: headers that sort, figures to the right, text that stays text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from perfsheet.outputs.html.drawing import safe
from perfsheet.tables import Column as TableColumn
from perfsheet.tables import In, Table

Item = TypeVar("Item")
R = TypeVar("R")

_MARKS = {"few-cores": ' data-mark="few"', "not-physical": ' data-mark="bad" title="not physical: above 100 %"'}


def table_of(
    name: str,
    table: Table[R],
    rows: R,
    row_attributes: Sequence[str] | None = None,
    columns: Sequence[TableColumn[R]] | None = None,
) -> str:
    """A declared table with an id; `row_attributes` are added to the tag of each row.

    `columns`: those to show, by default all that the declaration shows on the page.
    """
    shown = table.columns_in(In.PAGE, rows) if columns is None else columns
    heads = "".join(_head(column.header(In.PAGE), column.number, column.wrap) for column in shown)
    cells = list(zip(*(_cells(column, rows) for column in shown), strict=True))
    attributes = row_attributes or [""] * len(cells)
    body = "\n".join(f"<tr{more}>{''.join(row)}</tr>" for more, row in zip(attributes, cells, strict=True))
    return _table(name, heads, body)


def _cells(column: TableColumn[R], rows: R) -> list[str]:
    tag = f"<td{_class(column.number, column.wrap)}"
    texts = [safe(text) for text in column.texts(rows)]
    if column.bar:
        return [f"{tag}{bar}>{text}</td>" for bar, text in zip(_bars(column, rows), texts, strict=True)]
    marked = column.marked(rows)
    if marked is None:
        return [f"{tag}>{text}</td>" for text in texts]
    mark = _MARKS[column.mark.name] if column.mark else ""
    return [f"{tag}{mark if on else ''}>{text}</td>" for on, text in zip(marked, texts, strict=True)]


def _bars(column: TableColumn[R], rows: R) -> list[str]:
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


def _head(text: str, number: bool, wrap: bool) -> str:
    return f'<th scope="col"{_class(number, wrap)}><button type="button">{safe(text)}</button></th>'


def _class(number: bool, wrap: bool) -> str:
    return ' class="n"' if number else ' class="w"' if wrap else ""


def _table(name: str, heads: str, body: str) -> str:
    return (
        f'<div class="scroll"><table class="sortable" id="{name}"><thead><tr>{heads}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


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
    heads = "".join(_head(column.header, column.number, column.wrap) for column in columns)
    body = "\n".join(
        f"<tr{row(item) if row else ''}>{''.join(_cell(column, item) for column in columns)}</tr>" for item in items
    )
    return _table(name, heads, body)


def _cell(column: Column[Item], item: Item) -> str:
    text = column.cell(item)
    more = column.attributes(item) if column.attributes else ""
    return f"<td{_class(column.number, column.wrap)}{more}>{safe(text)}</td>"


def facts(entries: Iterable[tuple[str, str]]) -> str:
    """Names and values, one below the other."""
    lines = "".join(f"<dt>{safe(name)}</dt><dd>{safe(value)}</dd>" for name, value in entries)
    return f'<dl class="facts">{lines}</dl>'
