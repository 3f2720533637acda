"""A bench as CSV: one line a variant, figures in full, unknown ones blank."""

from __future__ import annotations

import csv
import io

from perfsheet.bench import Bench
from perfsheet.render.jsonout.bench import figures


def text(bench: Bench) -> str:
    """Header and lines, figures under the names of the JSON contract."""
    lines = [
        {**{name: row.variant.value(name) for name in bench.parameters}, **figures(bench, row)} for row in bench.rows
    ]
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(lines[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return stream.getvalue()
