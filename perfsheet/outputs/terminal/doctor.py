"""The doctor's findings in the terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TextIO

from perfsheet.doctor import Diagnosis
from perfsheet.outputs.terminal.console import console_for, line
from perfsheet.text.formats import clean

_SIGNS = {True: ("✓", "green"), False: ("✗", "red"), None: ("–", "dim")}


def render(findings: Sequence[Diagnosis], out: TextIO) -> None:
    """A line per finding, what to do below it, and the conclusion."""
    console = console_for(out)
    width = max(len(finding.label) for finding in findings)
    indent = " " * (width + 4)
    for finding in findings:
        sign, style = _SIGNS[finding.ok]
        parts = _wrapped(finding.detail, console.width - len(indent)) or [""]
        console.print(line(f"{sign} {finding.label:<{width}}  {parts[0]}", style))
        for part in parts[1:]:
            console.print(line(indent + part, style))
        if finding.fix:
            for number, part in enumerate(_wrapped(finding.fix, console.width - len(indent) - 2)):
                console.print(line(f"{indent}{'→ ' if number == 0 else '  '}{part}"))
    wrong = sum(finding.ok is False for finding in findings)
    console.print()
    verdict = (
        "Everything that a profiling run needs is here." if not wrong else f"{wrong} to fix before a profiling run."
    )
    console.print(line(verdict, "bold green" if not wrong else "bold red"))


def _wrapped(text: str, width: int) -> list[str]:
    """Lines of a text; a path stays whole as long as it fits."""
    return textwrap.wrap(clean(text), max(20, width), break_on_hyphens=False)
