"""`compare` in the terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TextIO

from rich.console import Console

from perfsheet.comparison import Comparison
from perfsheet.comparison.results import ChangeGroup
from perfsheet.outputs.terminal import TONES, console_for, line, print_rows
from perfsheet.tables import Rows
from perfsheet.tables.changes import CHANGES
from perfsheet.tables.comparison import FIGURES, HOST_OPS, OP_TYPES, time_keys
from perfsheet.text import comparison as text
from perfsheet.text import sentences
from perfsheet.text.safe import clean

_INDENT = "   "
_MOST_ROWS, _MOST_FINDINGS = 12, 5
_LONGEST_CHANGES = 480


def print_comparisons(comparisons: Sequence[Comparison], count: int | None, out: TextIO) -> None:
    """Print each comparison; of gains, losses and other changes the first `count` (None = all)."""
    console = console_for(out)
    for number, comparison in enumerate(comparisons):
        if number:
            console.print()
            console.rule(style="dim")
        _print(console, comparison, count)


def _print(console: Console, comparison: Comparison, count: int | None) -> None:
    for name, side in (("before", comparison.base), ("now", comparison.new)):
        _wrapped(console, text.short_side(side), "bold", " " * 7, f"{name:7}")
        _wrapped(console, sentences.capture(side.summary), "yellow" if side.summary.warnings else "dim", " " * 7)
    total = comparison.span(comparison.total).delta_ns or 0
    tone = ("good" if total < 0 else "bad") if total and comparison.total.beyond_noise else ""
    console.print(line(text.headline(comparison), TONES[tone]))
    for note in comparison.notes:
        _wrapped(console, note, "yellow", "")
    console.print()
    if comparison.nothing_changed:
        console.print(line(text.NOTHING_CHANGED))
    else:
        _print_differences(console, comparison, count)
    _wrapped(console, text.counts(comparison), "dim", "")
    _wrapped(console, text.noise(comparison), "dim", "")


def _print_differences(console: Console, comparison: Comparison, count: int | None) -> None:
    print_rows(console, FIGURES, Rows(comparison, comparison.figures))
    console.print()
    op_types = comparison.op_types_changed
    if op_types:
        print_rows(console, OP_TYPES, Rows(comparison, op_types[:_MOST_ROWS]))
        _print_left_out(console, len(op_types), "op types that differ")
    _print_groups(console, comparison, "Gains", comparison.gains[:count], len(comparison.gains))
    _print_groups(console, comparison, "Losses", comparison.losses[:count], len(comparison.losses))
    _print_groups(console, comparison, "Other changes", comparison.other_changes[:count], len(comparison.other_changes))
    host_ops = comparison.host_ops_changed
    if host_ops:
        console.print(line(HOST_OPS.title, "bold"))
        print_rows(console, HOST_OPS, Rows(comparison, host_ops[:_MOST_ROWS]))
        _print_left_out(console, len(host_ops), "host ops that differ")
    _print_findings(console, comparison)


def _print_left_out(console: Console, count: int, what: str) -> None:
    if count > _MOST_ROWS:
        console.print(line(f"{_MOST_ROWS} of {count:,} {what}.", "dim"))
    console.print()


def _print_groups(
    console: Console, comparison: Comparison, title: str, groups: Sequence[ChangeGroup], count: int
) -> None:
    if not groups:
        return
    of = "" if len(groups) == count else f" ({len(groups)} of {count:,}, the largest)"
    console.print(line(f"{title}{of}", "bold"))
    rows = Rows(comparison, groups)
    keys = time_keys(comparison)
    shown = (keys.delta, keys.delta_pct, "status", "op_code", "count", "where", "changes")
    tones = CHANGES[keys.delta].tone
    for tone, *cells in zip(tones(rows) if tones else (), *(CHANGES[key].texts(rows) for key in shown), strict=True):
        delta, percent, status, op_code, ops, where, what = cells
        relative = "" if percent == "–" else f" ({percent} %)"
        counted = f"{ops} op{'' if ops == '1' else 's'}"
        console.print(line(f"{delta} ns{relative}  {status}: {op_code}, {counted}", TONES[tone]))
        _wrapped(console, where, "dim")
        _wrapped(console, clean(what, _LONGEST_CHANGES))
    console.print()


def _print_findings(console: Console, comparison: Comparison) -> None:
    findings = comparison.findings
    for title, changes, tone in (
        ("Findings fixed", findings.fixed, "good"),
        ("Findings new", findings.new, "bad"),
        ("Findings remaining", findings.remaining, ""),
    ):
        console.print(line(f"{title}: {len(changes):,}", "bold"))
        for change in changes[:_MOST_FINDINGS]:
            _wrapped(console, text.finding(change), TONES[tone])
        if len(changes) > _MOST_FINDINGS:
            console.print(line(f"{_INDENT}and {len(changes) - _MOST_FINDINGS:,} more", "dim"))
    console.print()


def _wrapped(console: Console, text: str, style: str = "", indent: str = _INDENT, first: str | None = None) -> None:
    start = indent if first is None else first
    for part in textwrap.wrap(clean(text), console.width, initial_indent=start, subsequent_indent=indent):
        console.print(line(part, style))
