"""JSON of suites and merges (docs/json.md): names carry their unit, percentages are in percent, null is unknown."""

from __future__ import annotations

from collections.abc import Sequence

from perfsheet.models.e2e import Breach, Merged
from perfsheet.models.suite.columns import COLUMNS, percent
from perfsheet.models.suite.model import ModelResult
from perfsheet.outputs.json_output.head import SCHEMA_VERSION
from perfsheet.outputs.json_output.parts import Json

_MORE = (
    "outcome",
    "problem",
    "started",
    "duration_s",
    "replayed",
    "command",
    "perf_file",
    "capture",
    "workbook",
    "log",
)


def suite(name: str, results: Sequence[ModelResult], files: Sequence[str]) -> Json:
    """`perfsheet suite run --json`."""
    return {
        "schema_version": SCHEMA_VERSION,
        "suite": name,
        "models": [model(result) for result in results],
        "breaches": [f"{result.name}: {breach}" for result in results for breach in result.breaches],
        "files": list(files),
    }


def model(result: ModelResult) -> Json:
    """One line of the table."""
    figures = {column.output_name: percent(column, column.value(result)) for column in COLUMNS}
    return {
        **figures,
        **{name: getattr(result, name) for name in _MORE},
        "breaches": list(result.breaches),
        "warnings": list(result.warnings),
    }


def merge(merged: Merged, results: Sequence[ModelResult], breaches: Sequence[Breach], files: Sequence[str]) -> Json:
    """`perfsheet suite merge --json`."""
    return {
        "schema_version": SCHEMA_VERSION,
        "models": [model(result) for result in results],
        "device_models": [dict(row.cells) for row in merged.device_rows],
        "refused": [{"file": one.file, "line": one.line or None, "why": one.why} for one in merged.refused],
        "disagreements": [
            {"file": one.row.file, "line": one.row.line, "column": one.field, "formula": one.formula}
            for one in merged.disagreements
        ],
        "breaches": [breach.sentence for breach in breaches],
        "files": list(files),
    }
