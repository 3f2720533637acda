"""Sentences about checked limits, the same in every output."""

from __future__ import annotations

from perfsheet.budget.model import Checked, ExpectationResult, Verdict
from perfsheet.budget.quantities import Unit, format_quantity
from perfsheet.capture.notes import rows
from perfsheet.text import formats

_ROWS = 5


def sentence(one: Checked, several_files: bool) -> str:
    """`limits.kernel-time: 4.100 ms, at most 3.995 ms allowed (3.805 ms + 5 %); row 57`, on one line."""
    bound = f"{'at least' if one.floor else 'at most'} {format_quantity(one.allowed, one.unit)} allowed"
    why = f" ({one.why})" if one.why else ""
    if one.measured is None:
        return f"{one.limit}: cannot be measured, {bound}{why}"
    if one.missing:
        ops = f"{rows(one.missing, 'op')} without a usable duration, the others {measured(one)}"
        return f"{one.limit}: cannot be measured: {ops}, {bound}{why}"
    return f"{one.limit}: {measured(one)}, {bound}{why}{_where(one, several_files)}"


def marked(one: Checked, text: str) -> str:
    """The sentence behind `ok` or `FAIL`."""
    return f"{'ok  ' if one.ok else 'FAIL'}  {text}"


def measured(one: Checked) -> str:
    """What was measured; where rounding would hide a breach, to the nanosecond."""
    text = format_quantity(one.measured, one.unit)
    if one.ok or one.measured is None or text != format_quantity(one.allowed, one.unit):
        return text
    return f"{formats.whole(one.measured)} ns" if one.unit is Unit.TIME else f"{one.measured!r}"


def _where(one: Checked, several_files: bool) -> str:
    if one.ok or not one.rows:
        return ""
    named = ", ".join(formats.place(ref, several_files) for ref in one.rows[:_ROWS])
    more = one.row_count - min(len(one.rows), _ROWS)
    return f"; {'row' if one.row_count == 1 else 'rows'} {named}{f' and {more:,} more' if more else ''}"


def breached(one: ExpectationResult) -> list[str]:
    """A line for each limit that a test stated and its ops did not keep, or why they could not be checked."""
    if one.verdict is None:
        return [f"{one.nodeid}: {one.problem}"]
    return [f"{one.nodeid}: {sentence(breach, several_files=False)}" for breach in one.verdict.breaches]


def outcome(verdict: Verdict) -> str:
    """`2 of 14 limits breached`, `all 14 limits kept`."""
    total = len(verdict.checked)
    if verdict.passed:
        return f"all {rows(total, 'limit')} kept" if total != 1 else "the limit is kept"
    return f"{len(verdict.breaches):,} of {rows(total, 'limit')} breached"
