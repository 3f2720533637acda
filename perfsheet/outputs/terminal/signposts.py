"""The signposts of a capture, and the regions between them, in the terminal."""

from __future__ import annotations

from typing import TextIO

from perfsheet.analysis import Analysis
from perfsheet.analysis.windows.signposts import Region, Signpost
from perfsheet.outputs.terminal.console import console_for, line
from perfsheet.outputs.terminal.head import print_head
from perfsheet.outputs.terminal.table import Field, print_table
from perfsheet.text import formats

_DEEPEST, _NAMED = 12, 8

_SIGNPOSTS: tuple[Field[Signpost], ...] = (
    Field("ROW", lambda one: str(one.row)),
    Field("SIGNPOST", lambda one: one.name, number=False, flexible=True),
    Field("HOST [ms]", lambda one: "–" if one.host_ns is None else f"{one.host_ns / 1e6:,.3f}"),
    Field("OPS", lambda one: f"{one.ops:,}"),
    Field("KERNEL [ns]", lambda one: formats.whole(one.kernel_ns)),
)


def render(analysis: Analysis, out: TextIO) -> None:
    """Every signpost with what runs until the next one, then the regions as a tree."""
    console = console_for(out)
    print_head(console, analysis.summary)
    found = analysis.signposts
    if not found.signposts:
        console.print(line("The window has no signposts."))
        return
    print_table(console, _SIGNPOSTS, found.signposts)
    console.print(line("HOST: since the first one. OPS and KERNEL: device ops until the next one.", "dim"))
    console.print()
    if not found.regions:
        console.print(line("No signpost opens a region (… start, … started, … begin)."))
        return
    print_table(
        console,
        _region_fields({one.name for one in found.regions if one.number > 1}),
        found.regions,
    )
    outside = f"{formats.whole(found.outside_ns)} ns in {found.outside_ops:,} ops lie outside of all regions."
    notes = [f"SELF: ops in no inner region. {outside}"]
    if left_open := [one.name for one in found.regions if not one.closed]:
        notes.append(f"Never closed: {_named(left_open)}.")
    if found.unmatched:
        notes.append(f"Closes nothing: {_named([one.name for one in found.unmatched])}.")
    for note in notes:
        console.print(line(note, "dim"))


def _number(one: Region, repeated: set[str]) -> str:
    return f" #{one.number}" if one.name in repeated else ""


def _named(names: list[str]) -> str:
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _region_fields(repeated: set[str]) -> tuple[Field[Region], ...]:
    return (
        Field(
            "REGION",
            lambda one: f"{'  ' * min(one.depth, _DEEPEST)}{one.name}{_number(one, repeated)}",
            number=False,
            flexible=True,
        ),
        Field("ROWS", lambda one: f"{one.first_row}–{one.last_row}", optional=2),
        Field("OPS", lambda one: f"{one.ops:,}"),
        Field("KERNEL [ns]", lambda one: formats.whole(one.kernel_ns)),
        Field("SELF [ns]", lambda one: formats.whole(one.self_ns)),
        Field("SHARE %", lambda one: formats.in_percent(one.share), optional=1),
    )
