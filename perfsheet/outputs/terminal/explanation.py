"""`perfsheet explain` in the terminal."""

from __future__ import annotations

from typing import TextIO

from perfsheet.analysis import Analysis
from perfsheet.explanation import CureInDepth, Explanation
from perfsheet.outputs.terminal import print_rows, print_wrapped
from perfsheet.outputs.terminal.screen import Screen, line, screen_for
from perfsheet.tables import Rows
from perfsheet.tables.explanation import OTHERS
from perfsheet.text import explanation as text
from perfsheet.text import formats
from perfsheet.text import graph as text_of_graph
from perfsheet.text.sentences import evidence

_ROWS = 8


def print_explanation(found: Explanation, analysis: Analysis | None, every_code: bool, out: TextIO) -> None:
    """The reasons, formulas, cures and siblings; `every_code`: the Python of each cure, else of the first one."""
    screen = screen_for(out)
    print_wrapped(screen, text.heading(found), "bold")
    for reason in found.why:
        print_wrapped(screen, reason)
    if analysis is not None and found.positions:
        _print_place(screen, found, analysis)
    if found.formulas:
        _head(screen, "Figures")
        for one in found.formulas:
            print_wrapped(screen, text.formula(one), indent="    ")
    if found.cures:
        _head(screen, "What to try")
    shown = False
    for number, cure in enumerate(found.cures, 1):
        wanted = every_code or not shown
        _print_cure(screen, number, cure, wanted)
        shown = shown or bool(cure.code)
    if found.code:
        _head(screen, "The op as recorded" if analysis is None or analysis.plan is None else "The op as planned")
        _print_code(screen, found.code)
    if found.others:
        _head(screen, "The same work with other settings")
        print_rows(screen, OTHERS, Rows(found, found.others))
    _print_more(screen, found)


def _print_place(screen: Screen, found: Explanation, analysis: Analysis) -> None:
    named = [formats.place(ref, ref.several_files) for ref in found.rows[:_ROWS]]
    more = f" and {len(found.rows) - _ROWS:,} more" if len(found.rows) > _ROWS else ""
    what = "capture" if analysis.plan is None else "plan"
    print_wrapped(screen, f"{'Rows' if len(found.rows) > 1 else 'Row'} {', '.join(named)}{more} of the {what}.", "dim")
    import numpy as np

    if lines := text_of_graph.lines(analysis, np.array(found.positions, dtype=np.int64)):
        print_wrapped(screen, f"At {lines}.", "cyan")


def _print_cure(screen: Screen, number: int, cure: CureInDepth, with_code: bool) -> None:
    print_wrapped(screen, f"{number}. {cure.advice}", indent="   ")
    print_wrapped(screen, f"   {cure.rule.title}: {text.saving(cure)}.", "green", indent="   ")
    if proof := evidence(cure.finding):
        print_wrapped(screen, f"   Evidence: {proof}.", "dim", indent="   ")
    print_wrapped(screen, f"   But: {cure.caveat}", "dim", indent="   ")
    if cure.said:
        print_wrapped(screen, f"   {cure.said}.", "yellow", indent="   ")
    if cure.code and with_code:
        print_wrapped(screen, f"   In Python, {cure.label} ({text.state(cure)}):", "dim", indent="   ")
        _print_code(screen, cure.code)


def _print_code(screen: Screen, code: str) -> None:
    for one in code.splitlines():
        screen.print_whole(line(f"    {one}"))


def _print_more(screen: Screen, found: Explanation) -> None:
    screen.print()
    others = f"{', …' if len(found.related) > _ROWS else ''}. "
    related = f"See also {', '.join(found.related[:_ROWS])}{others}" if found.related else ""
    codes = sum(bool(cure.code) for cure in found.cures)
    more = f"-v shows the Python of all {codes} cures. " if codes > 1 else ""
    print_wrapped(screen, f"{related}{more}{found.doc} has the rules and how savings add up.", "dim")


def _head(screen: Screen, text_of_head: str) -> None:
    screen.print()
    screen.print(line(text_of_head, "bold"))
