"""Cases of one target side by side, in the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from perfsheet.analysis.cases import Case
from perfsheet.analysis.rules import low_core_count, reshard
from perfsheet.outputs.terminal.console import console_for, line
from perfsheet.outputs.terminal.table import Field, print_table
from perfsheet.text import formats


def _outcome_style(case: Case) -> str:
    if case.outcome == "skipped":
        return "yellow"
    return "green" if case.outcome == "passed" and not case.problem else "red"


_FIELDS: tuple[Field[Case], ...] = (
    Field("#", lambda case: str(case.number)),
    Field(
        "CASE",
        lambda case: case.nodeid,
        number=False,
        flexible=True,
        short=lambda case: formats.short_nodeid(case.nodeid),
    ),
    Field("OUTCOME", lambda case: case.outcome or "no verdict", number=False, style=_outcome_style),
    Field("DEVICE OPS", lambda case: formats.whole(case.summary.device_rows if case.summary else None), optional=3),
    Field("KERNEL [ns]", lambda case: formats.whole(case.kernel_ns)),
    Field("CV %", lambda case: formats.in_percent(case.kernel_spread.cv if case.kernel_spread else None), optional=4),
    Field("FPS", lambda case: formats.rate(case.summary.fps.all if case.summary else None)),
    Field("FEW CORES %", lambda case: formats.in_percent(case.share_of(low_core_count.RULE.id)), optional=1),
    Field("RESHARDS %", lambda case: formats.in_percent(case.share_of(reshard.RULE.id)), optional=2),
)


def render(cases: Sequence[Case], out: TextIO) -> None:
    """A line per case; what kept a case from a report stands below."""
    console = console_for(out)
    fields = [field for field in _FIELDS if field.header != "CV %" or any(case.kernel_spread for case in cases)]
    left_out = print_table(console, fields, cases)
    console.print()
    for case in cases:
        if case.problem:
            console.print(line(f"{case.number}: {case.problem}", "red"))
    if left_out:
        console.print(line(f"Left out for want of room: {', '.join(left_out)}; the workbook has everything.", "dim"))
