"""The tests of a target in the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from perfsheet.outputs.terminal.console import line
from perfsheet.outputs.terminal.table import print_rows
from perfsheet.provenance import TestResult
from perfsheet.tables.runs import TESTS

_SHOWN = 12


def print_tests(console: Console, results: Sequence[TestResult]) -> None:
    """The tests that failed, then the others, as many as there is room for; nothing when there are none."""
    if not results:
        return
    shown = sorted(results, key=lambda test: test.outcome != "failed")[:_SHOWN]
    print_rows(console, TESTS, shown)
    if len(shown) < len(results):
        console.print(line(f"{len(results) - len(shown):,} more tests are in run.json.", "dim"))
    console.print()
