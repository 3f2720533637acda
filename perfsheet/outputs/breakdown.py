"""A table of a breakdown as Markdown, CSV or JSON."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from perfsheet.analysis import Analysis
from perfsheet.outputs import csv_output, markdown
from perfsheet.outputs.json_output.parts import Json, head, named, streamed
from perfsheet.tables import In
from perfsheet.tables.breakdown import BREAKDOWNS, layer_lines
from perfsheet.text.json_view import JsonView, view_pieces

LONG = 1000
"""Lines of Markdown that are shown of a table."""


def pieces(
    analysis: Analysis, kind: str, by_regions: bool | None = None, json: JsonView | None = None, csv: bool = False
) -> Iterator[str]:
    """The text of a table, piece by piece: Markdown, unless JSON or CSV is asked for."""
    found = next(one for one in BREAKDOWNS if one.name == kind)
    rows = layer_lines(analysis, by_regions) if kind == "layers" else found.rows(analysis)
    if json is not None:
        yield from view_pieces(document(analysis, kind, rows), json)
        yield "\n"
        return
    if csv:
        out = io.StringIO()
        csv_output.write(out, found.table, rows)
        yield out.getvalue()
        return
    if not len(rows):
        yield f"No op of this kind in {analysis.window.label}.\n"
        return
    columns = [column for column in found.table.columns_in(In.MARKDOWN, rows) if any(column.texts(rows))]
    shown = rows.part(0, LONG)
    yield "\n".join(markdown.table_of(found.table, shown, columns)) + "\n"
    if len(rows) > LONG:
        yield f"\n{LONG:,} of {len(rows):,} lines; --csv and --json have all.\n"


def document(analysis: Analysis, kind: str, rows: Any = None) -> Json:
    """`table --json`: the capture, and the records under `table`, whose kind is `kind`."""
    found = next(one for one in BREAKDOWNS if one.name == kind)
    every = found.rows(analysis) if rows is None else rows
    return named(analysis, {**head(analysis), "kind": kind, "table": streamed(found.table, every)})
