"""Limits that a test states, checked on the part of a capture that it means."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from perfsheet.analysis import Options, analyze
from perfsheet.budget.check import check
from perfsheet.budget.model import Budget, Verdict
from perfsheet.budget.reading import budget_of, read_budget
from perfsheet.capture.table import OpsTable


def check_expected(table: OpsTable, tables: dict[str, Any], path: str, name: str, options: Options) -> Verdict:
    """Check the tables of a budget, or the budget file `path`, on a capture; `name` is whose limits they are.

    Raises PerfsheetError for limits that cannot be followed, and for a window that the capture does not have.
    """
    budget: Budget = read_budget(Path(path)) if path else budget_of(tables, Path(name))
    return check(analyze(table, budget.window(options)), budget)
