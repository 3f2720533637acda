"""Sentences about checked limits, shared by all outputs."""

from __future__ import annotations

from perfsheet.budget.model import Checked, ExpectationResult, Verdict
from perfsheet.budget.quantities import Unit, format_quantity
from perfsheet.capture.notes import rows
from perfsheet.text import formats

_ROWS = 5


def sentence(limit: Checked, several_files: bool) -> str:
    """`limits.kernel-time: 4.100 ms, at most 3.995 ms allowed (3.805 ms + 5 %); row 57`, on one line."""
    bound = f"{'at least' if limit.floor else 'at most'} {format_quantity(limit.allowed, limit.unit)} allowed"
    why = f" ({limit.why})" if limit.why else ""
    if limit.missing:
        others = "" if limit.measured is None else f", the others {measured(limit)}"
        ops = f"{rows(limit.missing, 'op')} without a usable duration{others}"
        return f"{limit.limit}: cannot be measured: {ops}, {bound}{why}"
    if limit.measured is None:
        return f"{limit.limit}: cannot be measured, {bound}{why}"
    return f"{limit.limit}: {measured(limit)}, {bound}{why}{_where(limit, several_files)}"


def marked(limit: Checked, text: str) -> str:
    """The sentence after `ok` or `FAIL`."""
    return f"{'ok  ' if limit.ok else 'FAIL'}  {text}"


def measured(limit: Checked) -> str:
    """What was measured; where rounding would hide a breach, to the nanosecond."""
    text = format_quantity(limit.measured, limit.unit)
    if limit.ok or limit.measured is None or text != format_quantity(limit.allowed, limit.unit):
        return text
    return f"{formats.whole(limit.measured)} ns" if limit.unit is Unit.TIME else f"{limit.measured!r}"


def _where(limit: Checked, several_files: bool) -> str:
    if limit.ok or not limit.rows:
        return ""
    named = ", ".join(formats.place(ref, several_files) for ref in limit.rows[:_ROWS])
    more = limit.row_count - min(len(limit.rows), _ROWS)
    return f"; {'row' if limit.row_count == 1 else 'rows'} {named}{f' and {more:,} more' if more else ''}"


def breached(result: ExpectationResult) -> list[str]:
    """A line for each breached limit of a test, or why its limits could not be checked."""
    if result.verdict is None:
        return [f"{result.nodeid}: {result.problem}"]
    return [f"{result.nodeid}: {sentence(breach, several_files=False)}" for breach in result.verdict.breaches]


def outcome(verdict: Verdict) -> str:
    """`2 of 14 limits breached`, `all 14 limits kept`, `nothing was checked`."""
    total = len(verdict.checked)
    if not total:
        return "nothing was checked"
    if verdict.passed:
        return f"all {rows(total, 'limit')} kept" if total != 1 else "the limit is kept"
    return f"{len(verdict.breaches):,} of {rows(total, 'limit')} breached"
