"""The signposts of a capture, and the regions between them, in the terminal."""

from __future__ import annotations

from typing import TextIO

from perfsheet.analysis import Analysis
from perfsheet.outputs.terminal.console import console_for, line
from perfsheet.outputs.terminal.head import print_head
from perfsheet.outputs.terminal.table import print_rows
from perfsheet.tables.signposts import REGIONS, SIGNPOSTS
from perfsheet.text import formats

_DEEPEST, _NAMED = 12, 8


def render(analysis: Analysis, out: TextIO) -> None:
    """Every signpost with what runs until the next one, then the regions as a tree."""
    console = console_for(out)
    print_head(console, analysis.summary)
    found = analysis.signposts
    if not found.signposts:
        console.print(line("The window has no signposts."))
        return
    print_rows(console, SIGNPOSTS, found.signposts)
    console.print(line("HOST: since the first one. OPS and KERNEL: device ops until the next one.", "dim"))
    console.print()
    if not found.regions:
        console.print(line("No signpost opens a region (… start, … started, … begin)."))
        return
    print_rows(console, REGIONS, found.regions)
    outside = f"{formats.whole(found.outside_ns)} ns in {found.outside_ops:,} ops lie outside of all regions."
    notes = [f"SELF: ops in no inner region. {outside}"]
    if left_open := [one.name for one in found.regions if not one.closed]:
        notes.append(f"Never closed: {_named(left_open)}.")
    if found.unmatched:
        notes.append(f"Closes nothing: {_named([one.name for one in found.unmatched])}.")
    for note in notes:
        console.print(line(note, "dim"))


def _named(names: list[str]) -> str:
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
