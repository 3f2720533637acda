"""`compare` in the terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TextIO

from perfsheet.comparison import Comparison
from perfsheet.comparison.results import ChangeGroup
from perfsheet.outputs.terminal import TONES, print_rows
from perfsheet.outputs.terminal.screen import Screen, line, screen_for
from perfsheet.tables import Rows
from perfsheet.tables.changes import CHANGES
from perfsheet.tables.comparison import FIGURES, HOST_OPS, LINES, OP_TYPES, time_keys
from perfsheet.text import comparison as text
from perfsheet.text.safe import clean

_INDENT = "   "
_MOST_ROWS, _MOST_FINDINGS = 12, 5
_LONGEST_CHANGES = 480


def print_comparisons(comparisons: Sequence[Comparison], count: int | None, out: TextIO) -> None:
    """Print each comparison; of gains, losses and other changes the first `count` (None = all)."""
    screen = screen_for(out)
    for number, comparison in enumerate(comparisons):
        if number:
            screen.print()
            screen.rule()
        _print(screen, comparison, count)


def _print(screen: Screen, comparison: Comparison, count: int | None) -> None:
    if banner := text.banner([comparison]):
        _wrapped(screen, banner, "bold yellow", "")
    for name, side in (("before", comparison.base), ("now", comparison.new)):
        _wrapped(screen, text.short_side(side), "bold", " " * 7, f"{name:7}")
        _wrapped(screen, text.capture(side), "yellow" if side.summary.warnings else "dim", " " * 7)
    total = comparison.span(comparison.total).delta_ns or 0
    tone = ("good" if total < 0 else "bad") if total and comparison.total.beyond_noise else ""
    screen.print(line(text.headline(comparison), TONES[tone]))
    for note in comparison.notes:
        _wrapped(screen, note, "yellow", "")
    screen.print()
    if comparison.nothing_changed:
        screen.print(line(text.NOTHING_CHANGED))
    else:
        _print_differences(screen, comparison, count)
    _wrapped(screen, text.counts(comparison), "dim", "")
    _wrapped(screen, text.noise(comparison), "dim", "")


def _print_differences(screen: Screen, comparison: Comparison, count: int | None) -> None:
    print_rows(screen, FIGURES, Rows(comparison, comparison.figures))
    screen.print()
    op_types = comparison.op_types_changed
    if op_types:
        print_rows(screen, OP_TYPES, Rows(comparison, op_types[:_MOST_ROWS]))
        _print_left_out(screen, len(op_types), "op types that differ")
    if lines := comparison.lines_changed:
        print_rows(screen, LINES, Rows(comparison, lines[:_MOST_ROWS]))
        _print_left_out(screen, len(lines), "lines that differ")
    gains, losses = text.gains_and_losses(comparison)
    _print_groups(screen, comparison, gains, comparison.gains[:count], len(comparison.gains))
    _print_groups(screen, comparison, losses, comparison.losses[:count], len(comparison.losses))
    _print_groups(screen, comparison, "Other changes", comparison.other_changes[:count], len(comparison.other_changes))
    host_ops = comparison.host_ops_changed
    if host_ops:
        screen.print(line(HOST_OPS.title, "bold"))
        print_rows(screen, HOST_OPS, Rows(comparison, host_ops[:_MOST_ROWS]))
        _print_left_out(screen, len(host_ops), "host ops that differ")
    _print_findings(screen, comparison)


def _print_left_out(screen: Screen, count: int, what: str) -> None:
    if count > _MOST_ROWS:
        screen.print(line(f"{_MOST_ROWS} of {count:,} {what}.", "dim"))
    screen.print()


def _print_groups(
    screen: Screen, comparison: Comparison, title: str, groups: Sequence[ChangeGroup], count: int
) -> None:
    if not groups:
        return
    of = "" if len(groups) == count else f" ({len(groups)} of {count:,}, the largest)"
    screen.print(line(f"{title}{of}", "bold"))
    rows = Rows(comparison, groups)
    keys = time_keys(comparison)
    shown = (keys.delta, keys.delta_pct, "status", "op_code", "count", "where", "changes")
    tones = CHANGES[keys.delta].tone
    for tone, *cells in zip(tones(rows) if tones else (), *(CHANGES[key].texts(rows) for key in shown), strict=True):
        delta, percent, status, op_code, ops, where, what = cells
        relative = "" if percent == "–" else f" ({percent} %)"
        counted = f"{ops} op{'' if ops == '1' else 's'}"
        screen.print(line(f"{delta} ns{relative}  {status}: {op_code}, {counted}", TONES[tone]))
        _wrapped(screen, where, "dim")
        _wrapped(screen, clean(what, _LONGEST_CHANGES))
    screen.print()


def _print_findings(screen: Screen, comparison: Comparison) -> None:
    findings = comparison.findings
    for title, changes, tone in (
        ("Findings fixed", findings.fixed, "good"),
        ("Findings new", findings.new, "bad"),
        ("Findings remaining", findings.remaining, ""),
    ):
        screen.print(line(f"{title}: {len(changes):,}", "bold"))
        for change in changes[:_MOST_FINDINGS]:
            _wrapped(screen, text.finding(change), TONES[tone])
        if len(changes) > _MOST_FINDINGS:
            screen.print(line(f"{_INDENT}and {len(changes) - _MOST_FINDINGS:,} more", "dim"))
    screen.print()


def _wrapped(screen: Screen, text: str, style: str = "", indent: str = _INDENT, first: str | None = None) -> None:
    start = indent if first is None else first
    for part in textwrap.wrap(clean(text), screen.width, initial_indent=start, subsequent_indent=indent):
        screen.print(line(part, style))
