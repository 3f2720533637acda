"""A bench as CSV: one line a variant, figures in full, unknown ones blank."""

from __future__ import annotations

import csv
import io

from perfsheet.models.bench import Bench
from perfsheet.models.outputs.bench_json import figures

_FIGURES = ("runs", "problem", "speed_up", "peak_memory_bytes")


def text(bench: Bench) -> str:
    """Header and lines, figures under the names of the JSON contract."""
    lines = [
        {**{_name(name): row.variant.value(name) for name in bench.parameters}, **figures(bench, row)}
        for row in bench.rows
    ]
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(lines[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return stream.getvalue()


def _name(parameter: str) -> str:
    """The column of a parameter; one that is called like a figure stands apart from it."""
    return f"{parameter} (parameter)" if parameter in _FIGURES else parameter
