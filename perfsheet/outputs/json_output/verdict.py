"""`check --json`: every limit, and those that were breached."""

from __future__ import annotations

from collections.abc import Sequence

from perfsheet.analysis import Analysis
from perfsheet.budget.model import Checked, ExpectationResult, Verdict
from perfsheet.budget.quantities import Unit
from perfsheet.outputs.json_output.head import head
from perfsheet.outputs.json_output.parts import Json, number, percent, row
from perfsheet.text import limits


def check(analysis: Analysis, verdict: Verdict, budget: str | None, base: str | None) -> Json:
    """The capture, whether it passed, and its limits; `budget` and `base` are what it was checked against."""
    several = len(analysis.summary.paths) > 1
    return {
        **head(analysis),
        "budget": budget,
        "against": base,
        "passed": verdict.passed,
        "breaches": [_checked(one, several) for one in verdict.breaches],
        "checks": [_checked(one, several) for one in verdict.checked],
        "notes": list(verdict.notes),
    }


def expectations(analysis: Analysis, wanted: Sequence[ExpectationResult]) -> Json:
    """`run --json`: the limits that tests stated for their ops; no key where none did."""
    if not wanted:
        return {}
    several = len(analysis.summary.paths) > 1
    return {
        "limits": [
            {
                "nodeid": one.nodeid,
                "passed": one.passed,
                "problem": one.problem or None,
                "checks": [_checked(limit, several) for limit in one.verdict.checked] if one.verdict else [],
            }
            for one in wanted
        ]
    }


def _checked(one: Checked, several: bool) -> Json:
    return {
        "limit": one.limit,
        "ok": one.ok,
        "floor": one.floor,
        "unit": one.unit.value,
        "value": _value(one.value, one.unit),
        "allowed": _value(one.allowed, one.unit),
        "measured": _value(one.measured, one.unit),
        "missing": one.missing,
        "row_count": one.row_count,
        "rows": [row(ref) for ref in one.rows],
        "message": limits.sentence(one, several),
    }


def _value(value: float | None, unit: Unit) -> float | int | None:
    return percent(value) if unit is Unit.SHARE else number(value)
