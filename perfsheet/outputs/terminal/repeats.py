"""Several runs of one target, in the terminal."""

from __future__ import annotations

from typing import TextIO

from rich.console import Console

from perfsheet.analysis import Analysis
from perfsheet.analysis.repeats import Repeats
from perfsheet.outputs.terminal.console import console_for, line
from perfsheet.outputs.terminal.head import print_head
from perfsheet.outputs.terminal.table import print_rows
from perfsheet.tables import In
from perfsheet.tables.repeats import REPEATS, RUNS, by_median
from perfsheet.text import formats

_WITHOUT_UNIT = {"min_ns", "max_ns", "mean_std"}
"""The median has it; here room is scarce."""


def render(analysis: Analysis, repeats: Repeats, count: int, out: TextIO) -> None:
    """The runs, then the `count` ops that took longest by the median, with how they vary."""
    console = console_for(out)
    print_head(console, analysis.summary)
    console.print(line(formats.repeated(repeats), "bold"))
    for failure in repeats.failures:
        console.print(line(failure, "red"))
    print_rows(console, RUNS, repeats.runs)
    console.print()
    _print_ops(console, analysis, repeats, count)


def _print_ops(console: Console, analysis: Analysis, repeats: Repeats, count: int) -> None:
    rows = by_median(analysis, repeats, count)
    columns = [
        column.changed(unit="") if column.key in _WITHOUT_UNIT else column
        for column in REPEATS.columns_in(In.TERMINAL, rows)
    ]
    left_out = print_rows(console, REPEATS, rows, columns)
    console.print()
    console.print(
        line(
            f"{len(rows):,} of {len(analysis.ops):,} ops, over {repeats.aligned} aligned runs, longest median first. "
            f"CV = standard deviation / mean.",
            "dim",
        )
    )
    if left_out:
        names = ", ".join(column.header(In.TERMINAL) for column in left_out)
        console.print(line(f"No room for {names}; --json has everything.", "dim"))
