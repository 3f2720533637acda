"""Budgets: limits for a capture, from a file or from another capture, and their check.

budget = read_budget(Path("perf-budget.toml"))
verdict = check(analysis, budget)
verdict.passed, [breach.limit for breach in verdict.breaches]
"""

from perfsheet.budget.against import check_against
from perfsheet.budget.check import check
from perfsheet.budget.model import Budget, Checked, Verdict
from perfsheet.budget.reading import read_budget

__all__ = ["Budget", "Checked", "Verdict", "check", "check_against", "read_budget"]
