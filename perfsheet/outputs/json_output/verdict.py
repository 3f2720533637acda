"""`check --json`: every limit, and those that were breached."""

from __future__ import annotations

from collections.abc import Sequence

from perfsheet.analysis import Analysis
from perfsheet.budget.model import ExpectationResult, Verdict
from perfsheet.outputs.json_output.head import head
from perfsheet.outputs.json_output.parts import Json
from perfsheet.tables import Rows
from perfsheet.tables.limits import LIMITS, TEST_LIMITS


def check(analysis: Analysis, verdict: Verdict, budget: str | None, base: str | None) -> Json:
    """The capture, whether it passed, and its limits; `budget` and `base` are what it was checked against."""
    several = len(analysis.summary.paths) > 1
    return {
        **head(analysis),
        "budget": budget,
        "against": base,
        "passed": verdict.passed,
        "breaches": LIMITS.records(Rows(several, verdict.breaches)),
        "checks": LIMITS.records(Rows(several, verdict.checked)),
        "notes": list(verdict.notes),
    }


def expectations(analysis: Analysis, results: Sequence[ExpectationResult]) -> Json:
    """`run --json`: the limits that tests stated for their ops; no key where none did."""
    return {"limits": TEST_LIMITS.records(Rows(len(analysis.summary.paths) > 1, results))} if results else {}
