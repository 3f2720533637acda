"""Before and after in the terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TextIO

from rich.console import Console

from perfsheet.analysis import Analysis
from perfsheet.analysis.ops.categories import short_code
from perfsheet.compare import Comparison
from perfsheet.compare.results import ChangeGroup, Figure, FindingChange, HostChange, OpTypeChange
from perfsheet.outputs.terminal.console import console_for, line
from perfsheet.outputs.terminal.table import Field, print_table
from perfsheet.text import comparison, formats, sentences

_INDENT = "   "
_TYPES = 12
_FINDINGS = 5
_LONGEST_CHANGES = 480
_BETTER, _WORSE = "green", "red"


def render(found: Sequence[Comparison], count: int | None, out: TextIO) -> None:
    """The base beside each capture, one after another; of gains and losses the first `count` (None = all)."""
    console = console_for(out)
    for number, one in enumerate(found):
        if number:
            console.print()
            console.rule(style="dim")
        _print(console, one, count)


def _print(console: Console, found: Comparison, count: int | None) -> None:
    for name, side in (("before", found.base), ("now", found.new)):
        console.print(line(f"{name:7}{_side(side)}", "bold"))
        _wrapped(console, sentences.capture(side.summary), "yellow" if side.summary.warnings else "dim", " " * 7)
    console.print(
        line(comparison.verdict(found), _style(found.span(found.total).delta_ns) if found.total.beyond_noise else "")
    )
    for note in found.notes:
        _wrapped(console, note, "yellow", "")
    console.print()
    if found.nothing_changed:
        console.print(line(comparison.NOTHING_CHANGED))
        _print_foot(console, found)
        return
    print_table(console, _FIGURES, found.figures)
    console.print()
    _print_types(console, found)
    _print_groups(console, found, "Gains", found.gains, count)
    _print_groups(console, found, "Losses", found.losses, count)
    _print_groups(console, found, "Other changes", found.sideways, count)
    _print_hosts(console, found.host_ops_changed)
    _print_findings(console, found)
    _print_foot(console, found)


def _side(side: Analysis) -> str:
    summary = side.summary
    runs = f", {side.repeats.aligned} runs" if side.repeats else ""
    return f"{formats.file_names(summary)}{runs} · {formats.at_a_glance(summary)}"


def _style(delta: float | None, lower_is_better: bool | None = True) -> str:
    if not delta or lower_is_better is None:
        return ""
    return _BETTER if (delta < 0) == lower_is_better else _WORSE


def _figure_style(one: Figure) -> str:
    return _style(one.delta, one.lower_is_better) if one.comparable else "dim"


_FIGURES: tuple[Field[Figure], ...] = (
    Field("FIGURE", comparison.label, number=False, flexible=True),
    Field("BEFORE", lambda one: comparison.value(one, one.base)),
    Field("NOW", lambda one: comparison.value(one, one.new)),
    Field("DIFFERENCE", comparison.difference, style=_figure_style),
    Field("%", lambda one: comparison.signed_percent(one.relative), optional=1, style=_figure_style),
)


def _print_types(console: Console, found: Comparison) -> None:
    changed = found.op_types_changed
    if not changed:
        return

    def style(one: OpTypeChange) -> str:
        return _style(found.span(one.times).delta_ns) if one.times.beyond_noise else "dim"

    def before(one: OpTypeChange) -> str:
        return formats.whole(_rounded(found.span(one.times).base_ns))

    def now(one: OpTypeChange) -> str:
        return formats.whole(_rounded(found.span(one.times).new_ns))

    unit = comparison.unit(found)
    fields: tuple[Field[OpTypeChange], ...] = (
        Field("OP", lambda one: one.op_type, number=False, flexible=True, short=lambda one: short_code(one.op_type)),
        Field("OPS", lambda one: _from_to(one.base_count, one.new_count), optional=1),
        Field(f"BEFORE {unit}", before, optional=2),
        Field(f"NOW {unit}", now),
        Field("DIFFERENCE", lambda one: comparison.signed(_rounded(found.span(one.times).delta_ns)), style=style),
        Field("%", lambda one: comparison.signed_percent(found.span(one.times).delta), style=style),
    )
    print_table(console, fields, changed[:_TYPES])
    if len(changed) > _TYPES:
        console.print(line(f"{_TYPES} of {len(changed):,} ops that differ.", "dim"))
    console.print()


def _from_to(before: int, now: int) -> str:
    return f"{before:,}" if before == now else f"{before:,} → {now:,}"


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value)


def _print_groups(
    console: Console, found: Comparison, title: str, groups: Sequence[ChangeGroup], count: int | None
) -> None:
    shown = groups[:count]
    if not shown:
        return
    of = "" if len(shown) == len(groups) else f" ({len(shown)} of {len(groups):,}, the largest)"
    console.print(line(f"{title}{of}", "bold"))
    for one in shown:
        delta = found.span(one.times).delta_ns
        share = found.span(one.times).delta
        of_it = "" if share is None else f" ({comparison.signed_percent(share)})"
        head = f"{comparison.signed(_rounded(delta))} ns{of_it}  {one.status}: {one.op_code}, {comparison.ops(one)}"
        console.print(line(head, _style(delta) if one.times.beyond_noise else "dim"))
        _wrapped(console, comparison.where(one), "dim")
        _wrapped(console, formats.clean(comparison.what(one), _LONGEST_CHANGES))
    console.print()


def _print_hosts(console: Console, changed: Sequence[HostChange]) -> None:
    if not changed:
        return
    console.print(line("Host ops between device ops", "bold"))
    for one in changed[:_TYPES]:
        console.print(line(f"{_INDENT}{one.op_code}: {_from_to(one.base_count, one.new_count)}"))
    if len(changed) > _TYPES:
        console.print(line(f"{_INDENT}and {len(changed) - _TYPES:,} more", "dim"))
    console.print()


def _print_findings(console: Console, found: Comparison) -> None:
    for title, changes, style in (
        ("Findings fixed", found.findings.fixed, _BETTER),
        ("Findings new", found.findings.new, _WORSE),
        ("Findings remaining", found.findings.remaining, ""),
    ):
        console.print(line(f"{title}: {len(changes):,}", "bold"))
        for change in changes[:_FINDINGS]:
            _wrapped(console, _finding(change), style)
        if len(changes) > _FINDINGS:
            console.print(line(f"{_INDENT}and {len(changes) - _FINDINGS:,} more", "dim"))
    console.print()


def _finding(change: FindingChange) -> str:
    return f"{comparison.finding(change)} ({formats.whole(round(change.one.kernel_ns))} ns)"


def _print_foot(console: Console, found: Comparison) -> None:
    _wrapped(console, comparison.counts(found), "dim", "")
    _wrapped(console, comparison.noise(found), "dim", "")


def _wrapped(console: Console, text: str, style: str = "", indent: str = _INDENT) -> None:
    for part in textwrap.wrap(formats.clean(text), console.width - len(indent)):
        console.print(line(indent + part, style))
