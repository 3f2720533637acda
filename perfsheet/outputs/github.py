"""Breaches as annotations of a GitHub workflow: lines of its command syntax."""

from __future__ import annotations

from collections.abc import Iterator

from perfsheet.analysis import Analysis
from perfsheet.budget.model import Verdict
from perfsheet.text import formats, limits


def lines(analysis: Analysis, verdict: Verdict, file: str | None) -> Iterator[str]:
    """An `::error` per breach, on `file` (the budget) if given; a `::warning` per note; a `::notice` if passed."""
    several = len(analysis.summary.paths) > 1
    where = "" if file is None else f"file={_property(file)},"
    for breach in verdict.breaches:
        title = _property(f"perf budget: {breach.limit}")
        yield f"::error {where}title={title}::{_text(limits.sentence(breach, several))}"
    for note in verdict.notes:
        yield f"::warning {where}title=perf budget::{_text(note)}"
    if verdict.passed:
        yield f"::notice title=perf budget::{_text(limits.outcome(verdict))}"


def _text(text: str) -> str:
    return formats.clean(text).replace("%", "%25")


def _property(text: str) -> str:
    """Colons and commas end a property."""
    return _text(text).replace(":", "%3A").replace(",", "%2C")
