"""From a row of a perf file to a line of the table."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from perfsheet.models.e2e.model import PerfRow
from perfsheet.models.suite.model import ModelResult

_NAMES = {field.name for field in fields(ModelResult)} - {"batch"}


def with_row(result: ModelResult, row: PerfRow) -> ModelResult:
    """A result with the end-to-end figures of a row; setting and batch of the target go before those of the file."""
    figures: dict[str, Any] = {name: row.value(name) for name in _NAMES & set(row.figures)}
    batch = result.batch if result.batch is not None else row.batch
    return replace(result, **figures, batch=batch, setting=result.setting or row.setting, perf_file=row.file)


def of_row(row: PerfRow) -> ModelResult:
    """A result that is known from a perf file alone, which does not tell how its test ended."""
    return replace(with_row(ModelResult(row.model), row), outcome="unknown")
