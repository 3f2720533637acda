"""The ranking in the terminal."""

from __future__ import annotations

from typing import TextIO

from rich.console import Console

from perfsheet.analysis import Analysis
from perfsheet.analysis.analyze import NOT_PHYSICAL
from perfsheet.analysis.ops.categories import short_code
from perfsheet.analysis.results import OpGroup, RankedOp
from perfsheet.analysis.rules import RULES, low_core_count
from perfsheet.outputs.terminal.console import console_for, line
from perfsheet.outputs.terminal.head import print_head
from perfsheet.outputs.terminal.table import Field, print_table
from perfsheet.text import formats

_ROOM_FOR_WORDS = 130
_MARKS = {**{rule.id: rule.letter for rule in RULES}, NOT_PHYSICAL: "!"}


def render(analysis: Analysis, count: int | None, out: TextIO) -> None:
    """The first `count` ops, by device kernel duration."""
    console = console_for(out)
    summary = analysis.summary
    print_head(console, summary)
    ops = analysis.top(count)
    if not ops:
        console.print(line("Nothing to rank: no device op has a kernel duration."))
        return
    several_files = len(summary.paths) > 1
    in_words = console.width >= _ROOM_FOR_WORDS
    fields = [
        *_OP_FIELDS[:2],
        *([Field[RankedOp]("DEV", lambda op: str(op.device))] if len(summary.devices) > 1 else []),
        *_OP_FIELDS[2:],
        Field("ROW", lambda op: formats.place(op.row, several_files), optional=6),
        Field("FLAGS", _flags_in_words if in_words else _flags_in_letters, number=False, flexible=in_words),
    ]
    left_out = print_table(console, fields, ops)
    legend = [f"{len(ops):,} of {summary.timed_rows:,} ops shown. UTIL. % = {formats.formula(summary)}; – = no model."]
    if "GRID %" not in left_out:
        legend.append("GRID % = the same with the op's own worker grid in place of the reference.")
    if "CORR. %" not in left_out:
        legend.append("CORR. % = that without the errors of the PM columns (docs/formulas.md).")
    if "SOL %" not in left_out:
        legend.append(
            "SOL % = speed of light: the larger share of the grid's compute peak and of the DRAM peak; – = unknown."
        )
    if not in_words and (flags := {flag for op in ops for flag in op.flags}):
        named = [f"{rule.letter} {rule.title.lower()}" for rule in RULES if rule.id in flags]
        impossible_flag = ["! above 100 %, which is not physical"] if NOT_PHYSICAL in flags else []
        legend.append(f"FLAGS: {', '.join([*named, *impossible_flag]) or 'none'}.")
    impossible = next((op for op in ops if op.not_physical_reason), None)
    if impossible:
        legend.append(f"! is not physical, e.g. # {impossible.rank}: {impossible.not_physical_reason}.")
    _print_legend(console, legend, left_out)


def render_groups(analysis: Analysis, count: int | None, out: TextIO) -> None:
    """Identical ops together, by the sum of their kernel durations."""
    console = console_for(out)
    print_head(console, analysis.summary)
    groups = analysis.groups[:count]
    left_out = print_table(console, _GROUP_FIELDS, groups)
    same = "same op, shapes, data types, memory, fidelity and program config"
    _print_legend(console, [f"{len(groups):,} of {len(analysis.groups):,} groups shown ({same})."], left_out)


def _print_legend(console: Console, legend: list[str], left_out: list[str]) -> None:
    console.print()
    if left_out:
        legend = [*legend, f"Left out for want of room: {', '.join(left_out)}; --csv and --json have everything."]
    for text in legend:
        console.print(line(text, "dim"))


def _marked(fraction: float | None) -> str:
    """A percentage; above 100 % it carries a mark."""
    return ("!" if fraction is not None and fraction > 1 else "") + formats.in_percent(fraction)


def _few_cores_style(op: RankedOp) -> str:
    return "yellow" if low_core_count.RULE.id in op.flags else ""


def _impossible_style(op: RankedOp) -> str:
    return "red" if NOT_PHYSICAL in op.flags else ""


def _flags_in_words(op: RankedOp) -> str:
    return formats.flags(op.flags)


def _flags_in_letters(op: RankedOp) -> str:
    return "".join(_MARKS.get(flag, "") for flag in op.flags)


_OP_FIELDS: tuple[Field[RankedOp], ...] = (
    Field("#", lambda op: str(op.rank)),
    Field("OP CODE", lambda op: op.op_code, number=False, flexible=True, short=lambda op: short_code(op.op_code)),
    Field("CORES", lambda op: formats.cores_of_grid(op.core_count, op.worker_cores), style=_few_cores_style),
    Field("KERNEL [ns]", lambda op: formats.whole(op.kernel_ns)),
    Field("SHARE %", lambda op: formats.in_percent(op.share)),
    Field("CUM. %", lambda op: formats.in_percent(op.cumulative)),
    Field("UTIL. %", lambda op: _marked(op.utilization), style=_impossible_style),
    Field("GRID %", lambda op: _marked(op.utilization_grid), optional=4, style=_impossible_style),
    Field("CORR. %", lambda op: _marked(op.utilization_corrected), optional=3),
    Field("SOL %", lambda op: formats.in_percent(op.sol), optional=1),
    Field("BOUND", lambda op: formats.bound(op.bound), number=False, optional=5),
)

_GROUP_FIELDS: tuple[Field[OpGroup], ...] = (
    Field("#", lambda group: str(group.rank)),
    Field(
        "OP CODE",
        lambda group: group.signature.op_code,
        number=False,
        flexible=True,
        short=lambda group: short_code(group.signature.op_code),
    ),
    Field("COUNT", lambda group: f"{group.count:,}"),
    Field("CORES", lambda group: formats.span(group.cores)),
    Field("Σ KERNEL [ns]", lambda group: formats.whole(group.kernel_ns)),
    Field("MEDIAN [ns]", lambda group: formats.whole(group.median_ns), optional=2),
    Field("SHARE %", lambda group: formats.in_percent(group.share)),
    Field("CUM. %", lambda group: formats.in_percent(group.cumulative), optional=3),
    Field("INPUTS → OUTPUTS", lambda group: group.signature.tensors, number=False, flexible=True, optional=1),
)
