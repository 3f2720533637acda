"""Ops tried on a mock board, in the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from perfsheet.outputs.terminal import print_rows, print_wrapped
from perfsheet.outputs.terminal.screen import Screen, line, screen_for
from perfsheet.tables import Rows
from perfsheet.tables.trials import VARIANTS
from perfsheet.text import trials as text
from perfsheet.trials import Session, Trial

_REASONS = 5


def print_trials(
    trials: Sequence[Trial], board: Session, count: int | None, which: int, left_out: int, out: TextIO
) -> None:
    """Each op with the first `count` variants that TTNN accepts, why it refuses others, and the Python of one.

    `which` counts the accepted variants from 1; 0 = the op as recorded. `left_out`: further ops that were not tried.
    """
    screen = screen_for(out)
    print_wrapped(screen, text.ground(board), "bold yellow")
    for trial in trials:
        screen.print()
        print_wrapped(screen, text.subject(trial), "bold")
        print_wrapped(screen, text.again(trial), "" if trial.reproduced else "yellow")
        if trial.reproduced:
            _print_variants(screen, trial, count)
        code = text.code(trial, which)
        if code:
            screen.print()
            for one in code.splitlines():
                screen.print_whole(line(f"    {one}"))
        elif which > 1 and trial.accepted:
            screen.print(line(f"There is no variant {which}: TTNN accepts {len(trial.accepted)}."))
    if left_out:
        screen.print()
        screen.print(line(f"{left_out} further configurations were not tried; --ops 0: all.", "dim"))


def _print_variants(screen: Screen, trial: Trial, count: int | None) -> None:
    if accepted := trial.accepted:
        print_rows(screen, VARIANTS, Rows(trial, accepted[:count]))
        if count is not None and len(accepted) > count:
            screen.print(line(f"{count} of {len(accepted)} that TTNN accepts.", "dim"))
    refusals = text.refusals(trial)
    for reason, labels in refusals[:_REASONS]:
        print_wrapped(screen, f"Refused ({reason}): {labels}", "dim")
    if len(refusals) > _REASONS:
        screen.print(line(f"{len(refusals) - _REASONS} further reasons are in --json.", "dim"))
    print_wrapped(screen, text.not_tried(trial), "dim")
