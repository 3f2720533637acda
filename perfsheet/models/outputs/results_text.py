"""A results table as CSV or JSON: the text of its cells, links as Markdown."""

from __future__ import annotations

import csv
import io
import json

from perfsheet.models.results_table import ResultsTable


def csv_text(table: ResultsTable) -> str:
    """Header and lines."""
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows(map(_plain, [table.headers, *table.rows]))
    return stream.getvalue()


def json_text(table: ResultsTable) -> str:
    """A list of objects, one a row."""
    names: list[str] = []
    for header in table.headers:  # an object cannot have a name twice
        count = sum(name == header or name.startswith(f"{header} (") for name in names)
        names.append(f"{header} ({count + 1})" if header in names else header)
    rows = [dict(zip(names, _plain(row), strict=True)) for row in table.rows]
    return json.dumps(rows, indent=1, ensure_ascii=False) + "\n"


def _plain(cells: tuple[str, ...]) -> list[str]:
    """Cells without what only a table in Markdown needs."""
    return [cell.replace("\\|", "|") for cell in cells]
