"""A calibration in the terminal."""

from __future__ import annotations

from typing import TextIO

from perfsheet.comparison.calibration import FIRST, Calibration
from perfsheet.outputs.terminal import print_rows, print_wrapped
from perfsheet.outputs.terminal.screen import line, screen_for
from perfsheet.tables import Rows
from perfsheet.tables.calibration import PREDICTIONS, RULE_RECORDS
from perfsheet.text import comparison as text
from perfsheet.text.formats import percent, span_of_time


def print_calibration(calibration: Calibration, count: int | None, out: TextIO) -> None:
    """The hit rate, the first `count` causes beside what was realised, and the records of the rules."""
    screen = screen_for(out)
    print_wrapped(screen, text.headline(calibration.comparison), "bold")
    print_wrapped(screen, hit_rate(calibration))
    print_wrapped(screen, ratio(calibration))
    if calibration.aligned is not None and calibration.aligned < _FEW:
        print_wrapped(screen, few_aligned(calibration.aligned), "yellow")
    screen.print()
    print_rows(screen, PREDICTIONS, Rows(calibration, calibration.causes[:count]))
    screen.print()
    if calibration.rules:
        print_rows(screen, RULE_RECORDS, Rows(calibration, calibration.rules))
        screen.print(line("What an op saved counts for every rule that names it.", "dim"))
    else:
        screen.print(line("No finding was acted on."))


_FEW = 0.5


def few_aligned(share: float) -> str:
    """`Only 3.2 % of the kernel time before is in ops with a counterpart now: …`"""
    return (
        f"Only {percent(share)} of the kernel time before is in ops with a counterpart now: is it the same model? Ops "
        "that went count as saved."
    )


def hit_rate(calibration: Calibration) -> str:
    """`The first 5 causes name 93.1 % of the realised 806.971 ms; the 5 longest groups of identical ops 75.8 %.`"""
    if calibration.hit_rate is None or calibration.naive_hit_rate is None:
        return "Nothing got faster."
    return (
        f"The first {FIRST} causes name {percent(calibration.hit_rate)} of the realised "
        f"{span_of_time(calibration.realised_ns)}; the {FIRST} longest groups of identical ops "
        f"{percent(calibration.naive_hit_rate)}."
    )


def ratio(calibration: Calibration) -> str:
    """`Expected / realised, of the ops of these causes that changed: 0.87.`"""
    if calibration.ratio is None:
        return "No op with an expected saving changed and got faster."
    return f"Expected / realised, of the ops of these causes that changed: {calibration.ratio:.2f}."
