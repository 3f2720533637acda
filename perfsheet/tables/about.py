"""The tables that explain all others: sheet About, the end of the page, docs/columns.md."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from perfsheet.analysis.rules import Rule
from perfsheet.light_dataclass import dataclass
from perfsheet.tables.column import Column, In, Table, each
from perfsheet.tables.kinds import LABEL, QUIET
from perfsheet.text.headline import METRICS, UNITS


@dataclass(frozen=True)
class Term:
    """What the name of a column or figure stands for: `page` is the document that has the long form."""

    name: str
    unit: str
    meaning: str
    page: str = ""


HEADLINE: tuple[Term, ...] = (
    *(Term(metric.label, UNITS[metric.kind], metric.meaning, metric.page) for metric in METRICS),
    Term("critical path", "ns", "Σ over the steps of the slowest device", "docs/windows.md"),
)


def terms(output: In, *tables: Table[Any]) -> list[Term]:
    """The columns that an output has of some tables; of columns with the same name and unit the first."""
    columns = (column for table in tables for column in table.columns_in(output) if column.title and column.meaning)
    distinct: dict[tuple[str, str], Term] = {}
    for column in columns:
        term = _term(column, output)
        distinct.setdefault((term.name, term.unit), term)
    return list(distinct.values())


def _term(column: Column[Any], output: In) -> Term:
    name = column.title if output & In.TEXT else column.title.upper()
    unit = column.kind.unit if column.unit is None else column.unit
    return Term(name, unit or column.kind.text_unit, column.meaning.replace("`", ""), column.page)


# fmt: off
TERMS: Table[Sequence[Term]] = Table(
    "about",
    "About",
    "What every column and figure means: sheet About, the page.",
    (
        Column("name", "Name", LABEL, each(lambda term: term.name), outputs=In.PAGE | In.SHEET),
        Column("unit", "Unit", LABEL, each(lambda term: term.unit), outputs=In.PAGE | In.SHEET),
        Column("meaning", "Meaning", LABEL, each(lambda term: term.meaning), outputs=In.PAGE | In.SHEET, wrap=True,
            width=100),
        Column("page", "More in", QUIET, each(lambda term: term.page), outputs=In.PAGE | In.SHEET),
    ),
)

RULES: Table[Sequence[Rule]] = Table(
    "rules",
    "Rules",
    "What the findings come from: sheet About.",
    (
        Column("title", "Rule", LABEL, each(lambda rule: rule.title), outputs=In.SHEET),
        Column("mark", "Mark", LABEL, each(lambda rule: rule.mark), outputs=In.SHEET),
        Column("saving_formula", "A saving is at most", LABEL, each(lambda rule: rule.saving_formula), outputs=In.SHEET,
            wrap=True, width=100),
        Column("id", "Flag", QUIET, each(lambda rule: rule.id), outputs=In.SHEET),
    ),
)
