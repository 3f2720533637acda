"""The ranking in the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TextIO

from rich.console import Console

from perfsheet.analysis import Analysis
from perfsheet.analysis.analyze import NOT_PHYSICAL
from perfsheet.analysis.rules import RULES
from perfsheet.outputs.terminal.console import console_for, line
from perfsheet.outputs.terminal.head import print_head
from perfsheet.outputs.terminal.table import print_rows
from perfsheet.tables import Column, In
from perfsheet.tables.groups import GROUPS, op_groups
from perfsheet.tables.ops import OPS, OpRows
from perfsheet.tables.ops import top_ops as first_ops
from perfsheet.text import formats

_ROOM_FOR_WORDS = 130
_MARKS = {**{rule.id: rule.mark for rule in RULES}, NOT_PHYSICAL: "!"}


def render(analysis: Analysis, count: int | None, out: TextIO) -> None:
    """The first `count` ops, by device kernel duration."""
    console = console_for(out)
    summary = analysis.summary
    print_head(console, summary)
    ops = first_ops(analysis, count)
    if not len(ops):
        console.print(line("Nothing to rank: no device op has a kernel duration."))
        return
    in_words = console.width >= _ROOM_FOR_WORDS
    columns = [_fitted(column, in_words) for column in OPS.columns_in(In.TERMINAL, ops)]
    left_out = print_rows(console, OPS, ops, columns)
    shown = {column.key for column in columns} - {column.key for column in left_out}
    legend = [f"{len(ops):,} of {summary.timed_rows:,} ops shown. UTIL. % = {formats.formula(summary)}; – = no model."]
    legend += [text for key, text in _LEGEND.items() if key in shown]
    flags = {flag for own in ops.flags for flag in own}
    if not in_words and flags:
        named = [f"{rule.mark} {rule.title_in_sentence}" for rule in RULES if rule.id in flags]
        impossible = ["! above 100 %, which is not physical"] if NOT_PHYSICAL in flags else []
        legend.append(f"FLAGS: {', '.join([*named, *impossible]) or 'none'}.")
    if NOT_PHYSICAL in flags:
        reasons = OPS["not_physical_reason"].listed(ops)
        rank, reason = next((rank, reason) for rank, reason in enumerate(reasons, 1) if reason)
        legend.append(f"! is not physical, e.g. # {rank}: {reason}.")
    _print_legend(console, legend, left_out)


_LEGEND = {
    "utilization_grid_pct": "GRID % = the same with the op's own worker grid in place of the reference.",
    "utilization_corrected_pct": "CORR. % = that without the errors of the PM columns (docs/formulas.md).",
    "sol_pct": "SOL % = speed of light: the larger share of the grid's compute peak and of the DRAM peak; – = unknown.",
}


def _fitted(column: Column[OpRows], in_words: bool) -> Column[OpRows]:
    """The column as this terminal has room for it: flags as marks on a narrow one."""
    if column.key != "flags" or in_words:
        return column
    return column.changed(text=_flag_marks, flexible=False)


def _flag_marks(flags: tuple[str, ...]) -> str:
    return " ".join(_MARKS[flag] for flag in flags if flag in _MARKS)


def render_groups(analysis: Analysis, count: int | None, out: TextIO) -> None:
    """Identical ops together, by the sum of their kernel durations."""
    console = console_for(out)
    print_head(console, analysis.summary)
    groups = op_groups(analysis, count)
    left_out = print_rows(console, GROUPS, groups)
    same = "same op, shapes, data types, memory, fidelity and program config"
    _print_legend(console, [f"{len(groups):,} of {len(analysis.groups):,} groups shown ({same})."], left_out)


def _print_legend(console: Console, legend: list[str], left_out: Sequence[Column[Any]]) -> None:
    console.print()
    if left_out:
        names = ", ".join(column.header(In.TERMINAL) for column in left_out)
        legend = [*legend, f"No room for {names}; --csv and --json have everything."]
    for text in legend:
        console.print(line(text, "dim"))
