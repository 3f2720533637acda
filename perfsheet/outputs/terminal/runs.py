"""Runs of a target in the terminal: its tests, its repeats, its cases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from perfsheet.analysis import Analysis
from perfsheet.analysis.cases import Case
from perfsheet.analysis.repeats import Repeats
from perfsheet.outputs.terminal import print_rows
from perfsheet.outputs.terminal.ops import print_head
from perfsheet.outputs.terminal.screen import Screen, line, screen_for
from perfsheet.provenance import TestResult
from perfsheet.tables import In
from perfsheet.tables.cases import CASES
from perfsheet.tables.repeats import REPEATS, RUNS, by_median
from perfsheet.tables.runs import ACCURACY, TESTS, module_pccs
from perfsheet.text import formats

_MOST_TESTS = 12


def print_tests(screen: Screen, results: Sequence[TestResult]) -> None:
    """The failed tests, then the others, 12 in all; then the least accurate modules; nothing without tests."""
    if not results:
        return
    shown = sorted(results, key=lambda test: test.outcome != "failed")[:_MOST_TESTS]
    print_rows(screen, TESTS, shown)
    if len(shown) < len(results):
        screen.print(line(f"{len(results) - len(shown):,} more tests are in run.json.", "dim"))
    screen.print()
    if modules := module_pccs(results):
        print_rows(screen, ACCURACY, modules[:_MOST_TESTS])
        if len(modules) > _MOST_TESTS:
            screen.print(line(f"{len(modules) - _MOST_TESTS:,} more PCCs are in run.json.", "dim"))
        screen.print()


_WITHOUT_UNIT = {"min_ns", "max_ns", "mean_std"}
"""The header of the median states the unit."""


def print_repeats(analysis: Analysis, repeats: Repeats, count: int, out: TextIO) -> None:
    """The runs, then the `count` ops with the longest median, and how they vary."""
    screen = screen_for(out)
    print_head(screen, analysis)
    screen.print(line(formats.repeated(repeats), "bold"))
    for failure in repeats.failures:
        screen.print(line(failure, "red"))
    print_rows(screen, RUNS, repeats.runs)
    screen.print()
    _print_ops(screen, analysis, repeats, count)


def _print_ops(screen: Screen, analysis: Analysis, repeats: Repeats, count: int) -> None:
    rows = by_median(analysis, repeats, count)
    columns = [
        column.changed(unit="") if column.key in _WITHOUT_UNIT else column
        for column in REPEATS.columns_in(In.TERMINAL, rows)
    ]
    left_out = print_rows(screen, REPEATS, rows, columns)
    screen.print()
    screen.print(
        line(
            f"{len(rows):,} of {len(analysis.ops):,} ops, over {repeats.aligned} aligned runs, longest median first. "
            f"CV = standard deviation / mean.",
            "dim",
        )
    )
    if left_out:
        names = ", ".join(column.header(In.TERMINAL) for column in left_out)
        screen.print(line(f"No room for {names}; --json has everything.", "dim"))


def print_cases(cases: Sequence[Case], out: TextIO) -> None:
    """A line per case, then the problems of cases."""
    screen = screen_for(out)
    left_out = print_rows(screen, CASES, cases)
    screen.print()
    for case in cases:
        if case.problem:
            screen.print(line(f"{case.number}: {case.problem}", "red"))
    if left_out:
        names = ", ".join(column.header(In.TERMINAL) for column in left_out)
        screen.print(line(f"No room for {names}; the workbook has everything.", "dim"))
