"""Checked limits in the terminal: a line each, those that are breached first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from rich.console import Console

from perfsheet.analysis import Analysis
from perfsheet.budget.model import Checked, ExpectationResult, Verdict
from perfsheet.outputs.terminal.console import console_for, line
from perfsheet.text import formats, limits, sentences


def print_test_limits(console: Console, results: Sequence[ExpectationResult]) -> None:
    """The limits that tests stated for their ops; nothing where none did."""
    if not results:
        return
    console.print(line("Limits that tests stated", "bold"))
    for result in results:
        if result.verdict is None:
            console.print(line(f"FAIL  {result.nodeid}: {result.problem}", "bold red"))
            continue
        for limit in result.verdict.checked:
            text = limits.marked(limit, f"{result.nodeid}: {limits.sentence(limit, False)}")
            console.print(line(text, _style(limit)))
    console.print()


def render(analysis: Analysis, verdict: Verdict, out: TextIO) -> None:
    """One line per limit, never wrapped when piped: logs are searched line by line."""
    console = console_for(out)
    several = len(analysis.summary.paths) > 1
    console.print(line(f"{formats.file_names(analysis.summary)} · {formats.at_a_glance(analysis.summary)}", "bold"))
    console.print(
        line(sentences.capture(analysis.summary), "yellow" if analysis.summary.warnings else "dim"),
        soft_wrap=not out.isatty(),
    )
    for limit in sorted(verdict.checked, key=lambda limit: limit.ok):
        text = limits.marked(limit, limits.sentence(limit, several))
        console.print(line(text, _style(limit)), soft_wrap=not out.isatty())
    for note in verdict.notes:
        console.print(line(f"note  {note}", "yellow"), soft_wrap=not out.isatty())
    console.print(line(limits.outcome(verdict), "bold green" if verdict.passed else "bold red"))


def _style(limit: Checked) -> str:
    return "dim" if limit.ok else "bold red"
