"""Pytest's own verdict in the terminal, test by test."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from perfsheet.outputs.terminal.console import line
from perfsheet.outputs.terminal.table import Field, print_table
from perfsheet.provenance import TestResult

_SHOWN = 12
_STYLES = {"failed": "red", "passed": "green", "skipped": "yellow"}

_FIELDS: tuple[Field[TestResult], ...] = (
    Field("OUTCOME", lambda test: test.outcome, number=False, style=lambda test: _STYLES[test.outcome]),
    Field("SECONDS", lambda test: f"{test.duration_s:,.2f}"),
    Field("TEST", lambda test: test.nodeid, number=False, flexible=True),
    Field("REASON", lambda test: test.reason, number=False, flexible=True, optional=1),
)


def print_tests(console: Console, results: Sequence[TestResult]) -> None:
    """The tests that failed, then the others, as many as there is room for; nothing when there are none."""
    if not results:
        return
    shown = sorted(results, key=lambda test: test.outcome != "failed")[:_SHOWN]
    print_table(console, _FIELDS if any(test.reason for test in shown) else _FIELDS[:-1], shown)
    if len(shown) < len(results):
        console.print(line(f"{len(results) - len(shown):,} more tests are in run.json.", "dim"))
    console.print()
