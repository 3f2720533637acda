"""The tables of docs/columns.md, from the declarations."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Iterator
from types import ModuleType
from typing import Any

import perfsheet.tables
from perfsheet.history import tables as history_tables
from perfsheet.models import op_tables
from perfsheet.models import tables as suite_tables
from perfsheet.tables import Column, In, Table, cases

_NAMES = {
    In.JSON: "JSON",
    In.CSV: "CSV",
    In.FRAME: "data frame",
    In.TERMINAL: "terminal",
    In.PAGE: "page",
    In.MARKDOWN: "Markdown",
    In.SHEET: "sheet",
    In.ALL_OPS: "sheet All Ops",
}
_FIRST = (
    *("ops", "groups", "findings", "evidence", "totals", "reshards", "passes", "signposts", "quality", "spreads"),
    *("repeats", "runs", "cases", "limits", "comparison", "changes"),
)
"""Modules of tables in the order of the page; others follow."""


def columns_page() -> Iterator[str]:
    """A section for each declared table."""
    for table in declared_tables():
        yield from _section(table)


def declared_tables() -> list[Table[Any]]:
    """Every declared table, each once; of those that depend on the data one example."""
    names = [module.name for module in pkgutil.iter_modules(perfsheet.tables.__path__)]
    names.sort(key=lambda name: _FIRST.index(name) if name in _FIRST else len(_FIRST))
    modules = [importlib.import_module(f"perfsheet.tables.{name}") for name in names]
    examples: list[Table[Any]] = [
        cases.op_codes_table(()),
        op_tables.op_count_table(()),
        op_tables.size_table(),
        op_tables.bench_table(()),
    ]
    tables: list[Table[Any]] = [*_tables_of(modules), *_tables_of([suite_tables, op_tables, history_tables]), *examples]
    by_id: dict[str, Table[Any]] = {}
    for table in tables:
        if by_id.setdefault(table.id, table) is not table:
            raise SystemExit(f"two tables have the id {table.id}")
    return list(by_id.values())


def _tables_of(modules: Iterable[ModuleType]) -> list[Table[Any]]:
    return [value for module in modules for value in vars(module).values() if isinstance(value, Table)]


def _section(table: Table[Any]) -> Iterator[str]:
    written = In(0)
    for column in table.columns:
        written |= column.outputs & table.outputs
    yield f"## {table.title} (`{table.id}`)"
    yield ""
    yield f"{table.about}"
    yield ""
    yield f"Written to: {_outputs(written)}."
    yield ""
    yield "| key | title | unit | where | meaning | more in |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for column in table.columns:
        yield _line(column, column.outputs & table.outputs, written)
    yield ""


def _line(column: Column[Any], outputs: In, written: In) -> str:
    unit = column.kind.unit if column.unit is None else column.unit
    page = column.page.removeprefix("docs/")
    cells = (
        f"`{column.key}`",
        column.title,
        unit or column.kind.cell_unit or column.kind.text_unit,
        "all" if outputs == written else _outputs(outputs),
        column.meaning,
        f"[{page}]({page})" if page else "",
    )
    return f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |"


def _outputs(outputs: In) -> str:
    return ", ".join(name for output, name in _NAMES.items() if output & outputs)
