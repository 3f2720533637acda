"""Limits that a capture must keep: read from a file or taken from another capture, and checked.

budget = read_budget(Path("perf-budget.toml"))
verdict = check(analysis, budget)
verdict.passed, [breach.limit for breach in verdict.breaches]
"""

from perfsheet.budget.against import check_against
from perfsheet.budget.check import check
from perfsheet.budget.model import Budget, Checked, Verdict
from perfsheet.budget.reading import read_budget

__all__ = ["Budget", "Checked", "Verdict", "check", "check_against", "read_budget"]
