"""`perfsheet summary` in the terminal."""

from __future__ import annotations

from typing import TextIO

from perfsheet.analysis import Analysis
from perfsheet.analysis.breakdown.inference import InferenceSummary
from perfsheet.outputs.terminal import print_rows, print_wrapped
from perfsheet.outputs.terminal.ops import print_head
from perfsheet.outputs.terminal.screen import screen_for
from perfsheet.tables import Rows
from perfsheet.tables.inference import REGION_TIMES, TIMINGS
from perfsheet.text import inference as text


def print_inference(analysis: Analysis, found: InferenceSummary, out: TextIO) -> None:
    """The head of the capture, the times of one inference, the roofline, regions, and what limits the figures."""
    screen = screen_for(out)
    print_head(screen, analysis)
    print_wrapped(screen, text.workload(found), "bold")
    if found.timings:
        print_rows(screen, TIMINGS, Rows(found, found.timings))
    screen.print()
    for sentence in (text.roofline(found), text.off_device(found)):
        if sentence:
            print_wrapped(screen, sentence)
    if found.regions:
        screen.print()
        print_rows(screen, REGION_TIMES, Rows(found, found.regions))
    screen.print()
    for sentence in text.limitations(analysis, found):
        print_wrapped(screen, sentence, "dim")
