"""Ops tried on a mock board, in the terminal."""

from __future__ import annotations

from typing import Any, TextIO

from perfsheet.capture.notes import rows
from perfsheet.outputs.terminal import print_rows, print_wrapped
from perfsheet.outputs.terminal.screen import Screen, line, screen_for
from perfsheet.tables import Rows, Table
from perfsheet.tables.trials import CHAINS, VARIANTS, Numbered
from perfsheet.text import trials as text
from perfsheet.trials import Session, Trial
from perfsheet.trials.asked import Asked
from perfsheet.trials.chain import ChainTrial

_REASONS = 5
_CHAIN_REASONS = 2


def print_trials(asked: Asked, board: Session, count: int | None, which: int, out: TextIO) -> None:
    """Each op and chain with the first `count` ways that TTNN accepts, why it refuses others, and the Python of one.

    `which` counts all that are accepted, from 1; 0 = the op as recorded.
    """
    screen = screen_for(out)
    print_wrapped(screen, text.ground(board), "bold yellow")
    first = 1
    for trial in asked.every:
        screen.print()
        if isinstance(trial, Trial):
            _print_op(screen, Numbered(trial, first), count)
        else:
            _print_chain(screen, Numbered(trial, first), count)
        first += len(trial.accepted)
    if asked.left_out:
        screen.print()
        screen.print(line(f"{asked.left_out} further configurations were not tried; --ops 0: all.", "dim"))
    _print_code(screen, asked, which, first - 1)


def _print_op(screen: Screen, shown: Numbered[Trial], count: int | None) -> None:
    trial = shown.of
    print_wrapped(screen, text.subject(trial), "bold")
    print_wrapped(screen, text.again(trial), "" if trial.reproduced else "yellow")
    if trial.reproduced:
        _print_accepted(screen, VARIANTS, shown, count, _REASONS)
        print_wrapped(screen, text.not_tried(trial), "dim")


def _print_chain(screen: Screen, shown: Numbered[ChainTrial], count: int | None) -> None:
    print_wrapped(screen, text.chain_subject(shown.of), "bold")
    print_wrapped(screen, text.chain_again(shown.of), "yellow" if shown.of.problem else "")
    _print_accepted(screen, CHAINS, shown, count, _CHAIN_REASONS)


def _print_accepted(
    screen: Screen, table: Table[Any], shown: Numbered[Any], count: int | None, most_reasons: int
) -> None:
    if accepted := shown.of.accepted:
        print_rows(screen, table, Rows(shown, accepted[:count]))
        if count is not None and len(accepted) > count:
            screen.print(line(f"{count} of {len(accepted)} that TTNN accepts; -n 0: all.", "dim"))
    refusals = text.refusals(shown.of)
    for reason, labels in refusals[:most_reasons]:
        print_wrapped(screen, f"Refused ({reason}): {labels}", "dim")
    if len(refusals) > most_reasons:
        screen.print(line(f"{rows(len(refusals) - most_reasons, 'further reason')} in --json.", "dim"))


def _print_code(screen: Screen, asked: Asked, which: int, last: int) -> None:
    """The Python of one of them, which number says."""
    code = text.code(asked.every, which)
    if not code:
        if last and which > 1:
            screen.print(line(f"There is no variant {which}: TTNN accepts {last}."))
        elif asked.chains and which == 0:
            screen.print(line("A chain is no call of its own: try its rows for the ops as recorded."))
        return
    screen.print()
    screen.print(line(f"The Python of {which or 'the op as recorded'} (--code N: of another one):", "dim"))
    screen.print()
    for one in code.splitlines():
        screen.print_whole(line(f"    {one}"))
