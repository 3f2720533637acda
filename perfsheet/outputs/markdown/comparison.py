"""A comparison in Markdown, for the comment on a pull request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from perfsheet._version import __version__
from perfsheet.analysis import Analysis
from perfsheet.comparison import Comparison
from perfsheet.outputs.markdown.table import plain, table_of
from perfsheet.tables import Rows, Table
from perfsheet.tables.changes import CHANGES
from perfsheet.tables.comparison import FIGURES, HOST_OPS, OP_TYPES
from perfsheet.text import comparison as text
from perfsheet.text import formats, sentences

Item = TypeVar("Item")
_MOST_ROWS, _MOST_OP_TYPES = 10, 12


def markdown(comparisons: Sequence[Comparison]) -> str:
    """The comparisons, one after another."""
    return "\n".join(line for comparison in comparisons for line in _lines(comparison)) + "\n"


def _lines(comparison: Comparison) -> Iterator[str]:
    yield f"## Before and after · {plain(text.headline(comparison))}"
    yield ""
    for name, side in (("before", comparison.base), ("now", comparison.new)):
        yield f"- {name}: {_side(side)}. {plain(sentences.capture(side.summary))}"
    for note in comparison.notes:
        yield f"- ⚠️ {plain(note)}"
    yield ""
    if comparison.nothing_changed:
        yield text.NOTHING_CHANGED
    else:
        yield from _differences(comparison)
    yield f"<sub>{plain(text.counts(comparison))}. {plain(text.noise(comparison))}. perfsheet {__version__}</sub>"


def _side(side: Analysis) -> str:
    replayed = f" · **{formats.REPLAYED}**" if side.summary.provenance.replayed else ""
    return f"{plain(text.short_side(side))}{replayed}"


def _differences(comparison: Comparison) -> Iterator[str]:
    yield from table_of(FIGURES, Rows(comparison, comparison.figures))
    yield from _section("Gains", CHANGES, comparison, comparison.gains)
    yield from _section("Losses", CHANGES, comparison, comparison.losses)
    yield from _section("Other changes", CHANGES, comparison, comparison.other_changes)
    yield from _section(OP_TYPES.title, OP_TYPES, comparison, comparison.op_types_changed, _MOST_OP_TYPES)
    yield from _section(HOST_OPS.title, HOST_OPS, comparison, comparison.host_ops_changed)
    yield from _findings(comparison)


def _section(
    title: str,
    table: Table[Rows[Comparison, Item]],
    comparison: Comparison,
    items: Sequence[Item],
    most: int = _MOST_ROWS,
) -> Iterator[str]:
    """A title and the first items; nothing without items."""
    if not items:
        return
    yield f"### {title}"
    yield ""
    yield from table_of(table, Rows(comparison, items[:most]))
    if len(items) > most:
        yield f"{most} of {len(items):,}, the largest."
        yield ""


def _findings(comparison: Comparison) -> Iterator[str]:
    changes = comparison.findings
    yield f"### Findings: {text.finding_counts(changes)}"
    yield ""
    for status, some in (("fixed", changes.fixed), ("new", changes.new)):
        for change in some[:_MOST_ROWS]:
            yield f"- {status}: {plain(text.finding(change))}"
        if len(some) > _MOST_ROWS:
            yield f"- {status}: {len(some) - _MOST_ROWS:,} more"
    yield ""
