"""Checked limits and the checks of `perfsheet doctor` in the terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TextIO

from perfsheet.analysis import Analysis
from perfsheet.budget.model import Checked, ExpectationResult, Verdict
from perfsheet.doctor import Diagnosis
from perfsheet.outputs.terminal.screen import Screen, line, screen_for
from perfsheet.text import formats, limits, sentences
from perfsheet.text import graph as text_of_graph
from perfsheet.text.safe import clean


def print_test_limits(screen: Screen, results: Sequence[ExpectationResult]) -> None:
    """The limits that tests state for their ops; nothing without any."""
    if not results:
        return
    screen.print(line("Limits of the tests", "bold"))
    for result in results:
        if result.verdict is None:
            screen.print(line(f"FAIL  {result.nodeid}: {result.problem}", "bold red"))
            continue
        for limit in result.verdict.checked:
            text = limits.marked(limit, f"{result.nodeid}: {limits.sentence(limit, False)}")
            screen.print(line(text, _style(limit)))
    for note in dict.fromkeys(note for result in results if result.verdict for note in result.verdict.notes):
        screen.print(line(f"note  {note}", "yellow"))
    screen.print()


def print_verdict(analysis: Analysis, verdict: Verdict, out: TextIO) -> None:
    """A line per limit, breached limits first; never wrapped when piped, so that logs can be searched."""
    screen = screen_for(out)
    several = len(analysis.summary.paths) > 1
    screen.print(line(f"{formats.file_names(analysis.summary)} · {formats.at_a_glance(analysis.summary)}", "bold"))
    screen.print_whole(line(sentences.capture(analysis.summary), "yellow" if analysis.summary.warnings else "dim"))
    for sentence in text_of_graph.of_head(analysis):
        screen.print_whole(line(sentence, "dim"))
    for limit in sorted(verdict.checked, key=lambda limit: limit.ok):
        text = limits.marked(limit, limits.sentence(limit, several))
        screen.print_whole(line(text, _style(limit)))
    for note in verdict.notes:
        screen.print_whole(line(f"note  {note}", "yellow"))
    screen.print(line(limits.outcome(verdict), "bold green" if verdict.passed else "bold red"))


def _style(limit: Checked) -> str:
    return "dim" if limit.ok else "bold red"


_SIGNS = {True: ("✓", "green"), False: ("✗", "red"), None: ("–", "dim")}


def print_diagnoses(findings: Sequence[Diagnosis], out: TextIO) -> None:
    """A line per check, below it how to fix it, and the conclusion."""
    screen = screen_for(out)
    width = max(len(finding.label) for finding in findings)
    indent = " " * (width + 4)
    for finding in findings:
        sign, style = _SIGNS[finding.ok]
        parts = _wrapped(finding.detail, screen.width - len(indent)) or [""]
        screen.print(line(f"{sign} {finding.label:<{width}}  {parts[0]}", style))
        for part in parts[1:]:
            screen.print(line(indent + part, style))
        if finding.fix:
            for number, part in enumerate(_wrapped(finding.fix, screen.width - len(indent) - 2)):
                screen.print(line(f"{indent}{'→ ' if number == 0 else '  '}{part}"))
    wrong = sum(finding.ok is False for finding in findings)
    screen.print()
    verdict = (
        "Everything that a profiling run needs is here." if not wrong else f"{wrong} to fix before a profiling run."
    )
    screen.print(line(verdict, "bold green" if not wrong else "bold red"))


def _wrapped(text: str, width: int) -> list[str]:
    """Lines of a text; paths are not broken at hyphens."""
    return textwrap.wrap(clean(text), max(20, width), break_on_hyphens=False)
