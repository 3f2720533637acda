"""The ranking in the terminal."""

from __future__ import annotations

from typing import TextIO

from perfsheet.analysis import Analysis
from perfsheet.analysis.result import OpGroup, RankedOp
from perfsheet.render import words
from perfsheet.render.terminal.console import Field, console_for, line, table
from perfsheet.render.terminal.head import print_head

_WIDE, _VERY_WIDE = 110, 150
_MARKS = {"low-core-count": "L", "reshard": "R", "not-physical": "!"}


def render(analysis: Analysis, count: int | None, out: TextIO) -> None:
    """The first `count` ops, by device kernel duration."""
    console = console_for(out)
    summary = analysis.summary
    print_head(console, summary)
    ops = analysis.top(count)
    if not ops:
        console.print(line("Nothing to rank: no device op has a kernel duration."))
        return
    several = len(summary.devices) > 1
    fields = [field for field in _OP_FIELDS if several or field.header != "DEV"]
    if console.width >= _VERY_WIDE:
        fields.append(Field("FLAGS", _flags_in_words, number=False))
    else:
        fields.append(Field("FLAGS", _flags_in_letters, number=False))
    console.print(table(console, fields, ops))
    console.print()
    legend = [f"{len(ops):,} of {summary.timed_rows:,} ops shown. UTIL. = {words.formula(summary)}; – = no model."]
    if console.width >= _WIDE:
        legend.append("BY GRID = the same with the op's own worker grid. ROW = row in the file, the header being 1.")
    if console.width < _VERY_WIDE:
        legend.append("FLAGS: L low core count, R reshard, ! above 100 %, which is not physical.")
    impossible = next((op for op in ops if op.not_physical_reason), None)
    if impossible:
        legend.append(f"! is not physical, e.g. # {impossible.rank}: {impossible.not_physical_reason}.")
    for text in legend:
        console.print(line(text, "dim"))


def render_groups(analysis: Analysis, count: int | None, out: TextIO) -> None:
    """Identical ops together, by the sum of their kernel durations."""
    console = console_for(out)
    print_head(console, analysis.summary)
    groups = analysis.groups[:count]
    console.print(table(console, _GROUP_FIELDS, groups))
    console.print()
    same = "same op, shapes, data types, memory, fidelity and program config"
    console.print(line(f"{len(groups):,} of {len(analysis.groups):,} groups shown ({same}).", "dim"))


def _marked(fraction: float | None) -> str:
    """A percentage; above 100 % it carries a mark."""
    return ("!" if fraction is not None and fraction > 1 else "") + words.percent(fraction)


def _few_cores_style(op: RankedOp) -> str:
    return "yellow" if "low-core-count" in op.flags else ""


def _impossible_style(op: RankedOp) -> str:
    return "red" if "not-physical" in op.flags else ""


def _flags_in_words(op: RankedOp) -> str:
    return ", ".join(flag for flag in op.flags if flag != "no-model")


def _flags_in_letters(op: RankedOp) -> str:
    return "".join(_MARKS.get(flag, "") for flag in op.flags)


_OP_FIELDS: tuple[Field[RankedOp], ...] = (
    Field("#", lambda op: str(op.rank)),
    Field("OP CODE", lambda op: words.short_code(op.op_code), number=False, flexible=True),
    Field("DEV", lambda op: str(op.device)),
    Field("CORES", lambda op: words.cores_of_grid(op.core_count, op.worker_cores), style=_few_cores_style),
    Field("KERNEL [ns]", lambda op: words.whole(op.kernel_ns)),
    Field("SHARE", lambda op: words.percent(op.share)),
    Field("CUM.", lambda op: words.percent(op.cumulative)),
    Field("UTIL.", lambda op: _marked(op.utilization), style=_impossible_style),
    Field("BY GRID", lambda op: _marked(op.utilization_grid), from_width=_WIDE),
    Field("ROW", lambda op: str(op.row.row), from_width=_WIDE),
)

_GROUP_FIELDS: tuple[Field[OpGroup], ...] = (
    Field("#", lambda group: str(group.rank)),
    Field("OP CODE", lambda group: words.short_code(group.signature.op_code), number=False, flexible=True),
    Field("COUNT", lambda group: f"{group.count:,}"),
    Field("CORES", lambda group: words.span(group.cores)),
    Field("Σ KERNEL [ns]", lambda group: words.whole(group.kernel_ns)),
    Field("MEDIAN [ns]", lambda group: words.whole(group.median_ns), from_width=90),
    Field("SHARE", lambda group: words.percent(group.share)),
    Field("CUM.", lambda group: words.percent(group.cumulative)),
    Field("INPUTS → OUTPUTS", lambda group: group.signature.tensors, number=False, flexible=True, from_width=_WIDE),
)
