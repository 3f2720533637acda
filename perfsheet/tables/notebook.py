"""What a notebook shows of a result: a few lines and a table, as HTML."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from perfsheet.analysis import Analysis
from perfsheet.comparison import Comparison
from perfsheet.tables.causes import CAUSES, causes
from perfsheet.tables.changes import CHANGES
from perfsheet.tables.column import Column, In, Rows, Table
from perfsheet.text import causes as text_of_causes
from perfsheet.text import comparison as text_of_comparison
from perfsheet.text import formats, sentences
from perfsheet.text.safe import clean
from perfsheet.text.words import time

_SHOWN = 5
_OF_CAUSES = ("id", "title", "subject", "count", "cores_of_grid", "share_pct", "expected_saving_ns", "bound_ns", "cure")
_OF_CHANGES = ("status", "op_code", "count", "delta_ns", "delta_pct", "changes")


def analysis_html(analysis: Analysis) -> str:
    """The window, the headline, the verdict, and the first causes."""
    summary = analysis.summary
    window = f"{len(analysis.ops):,} device ops, {time(summary)} {formats.span_of_time(summary.kernel_ns)}, "
    lines = [window + analysis.window.label, text_of_causes.verdict(analysis), sentences.capture(summary)]
    table = _table(CAUSES, causes(analysis, _SHOWN), CAUSES.pick(*_OF_CAUSES))
    return _page(lines, table, f"{len(analysis.causes):,} causes in all: frame('causes')")


def comparison_html(comparison: Comparison) -> str:
    """What got faster or slower, and the largest changes."""
    lines = [text_of_comparison.headline(comparison), text_of_comparison.counts(comparison), *comparison.notes]
    changes = Rows(comparison, comparison.groups[:_SHOWN])
    table = _table(CHANGES, changes, CHANGES.pick(*_OF_CHANGES))
    return _page(lines, table, f"{len(comparison.groups):,} changes in all: .groups")


def _page(lines: Iterable[str], table: str, below: str) -> str:
    head = "".join(f"<div>{escape(clean(line))}</div>" for line in lines if line)
    return f"<div>{head}{table}<div><small>{escape(below)}</small></div></div>"


def _table(table: Table[Any], rows: Any, columns: Sequence[Column[Any]]) -> str:
    if not len(rows):
        return ""
    heads = "".join(f"<th>{escape(column.header(In.PAGE))}</th>" for column in columns)
    texts = [list(map(clean, column.texts(rows))) for column in columns]
    lines = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>" for cells in zip(*texts, strict=True)
    )
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table>"
