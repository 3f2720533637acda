"""Cases of one target side by side, in the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from perfsheet.analysis.cases import Case
from perfsheet.outputs.terminal.console import console_for, line
from perfsheet.outputs.terminal.table import print_rows
from perfsheet.tables import In
from perfsheet.tables.cases import CASES


def render(cases: Sequence[Case], out: TextIO) -> None:
    """A line per case; the problems of cases stand below."""
    console = console_for(out)
    left_out = print_rows(console, CASES, cases)
    console.print()
    for case in cases:
        if case.problem:
            console.print(line(f"{case.number}: {case.problem}", "red"))
    if left_out:
        names = ", ".join(column.header(In.TERMINAL) for column in left_out)
        console.print(line(f"No room for {names}; the workbook has everything.", "dim"))
