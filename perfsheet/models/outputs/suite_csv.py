"""The table of a suite as CSV: one line a model, figures in full, unknown ones blank."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from perfsheet.models.outputs.suite_json import model
from perfsheet.models.suite.model import ModelResult

_LEFT_OUT = ("warnings", "breaches")


def text(results: Sequence[ModelResult]) -> str:
    """Header and lines, under the names of the JSON contract."""
    lines = [{name: value for name, value in model(one).items() if name not in _LEFT_OUT} for one in results]
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(lines[0]) if lines else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return stream.getvalue()
