"""Sentences and figures of a comparison, shared by all outputs."""

from __future__ import annotations

from collections.abc import Sequence

from perfsheet.analysis import Analysis
from perfsheet.capture.notes import rows
from perfsheet.comparison import Comparison, results
from perfsheet.comparison.changes import Change
from perfsheet.comparison.results import ChangeGroup, ComparedOp, FindingChange, FindingChanges, Times
from perfsheet.comparison.times import ASSUMED, CONFIDENCE_PCT, FEWEST, NONE, RUNS
from perfsheet.text import formats, sentences
from perfsheet.text.graph import joined
from perfsheet.text.safe import clean

_LONGEST_VALUE = 300
NOT_ALIKE = "The captures differ in more than their ops"
NOTHING_CHANGED = (
    "Nothing changed: every op has its counterpart, with the same configuration and, within the noise, the same time."
)


def headline(comparison: Comparison) -> str:
    """`−2.712 ms of kernel time, 71.3 % less: 3.805 ms before, 1.093 ms now`, per pass where their numbers differ."""
    times = comparison.total
    before, now = comparison.span(times).base_ns, comparison.span(times).new_ns
    if before is None or now is None:
        return "kernel time unknown"
    per_pass = " per pass" if comparison.per_pass else ""
    if comparison.of_plan_and_capture:
        least, measured = (before, now) if comparison.base.plan is not None else (now, before)
        return (
            f"least time {formats.span_of_time(least)} by the plan, {formats.span_of_time(measured)} measured"
            f"{per_pass}{_times_least(comparison)}"
        )
    time = "kernel time" if comparison.plan is None else "least time"
    both = f"{formats.span_of_time(before)} before, {formats.span_of_time(now)} now"
    if before == now:
        return f"the same {time}{per_pass}: {both}"
    share = f", {formats.percent(abs(now - before) / before)} {'more' if now > before else 'less'}" if before else ""
    difference = f"{formats.sign(now - before)}{formats.span_of_time(abs(now - before))}"
    return f"{difference} of {time}{per_pass}{share}{_noise_of(times)}: {both}{_unmatched(comparison)}"


def _times_least(comparison: Comparison) -> str:
    """How far from their least times those ops are whose time both sides know."""
    count, base, new = comparison.known_on_both
    least, measured = (base, new) if comparison.base.plan is not None else (new, base)
    if not least:
        return "; no op has both"
    whole = "" if count == len(comparison.ops) else f"the {count:,} of {len(comparison.ops):,} ops with both: "
    both = f"{formats.span_of_time(measured)} measured, " if whole else ""
    return f"; {whole}{both}{measured / least:.1f} × the least time"


def gains_and_losses(comparison: Comparison) -> tuple[str, str]:
    """What the differences of time are called: between a plan and a capture they are no gains and losses."""
    if not comparison.of_plan_and_capture:
        return "Gains", "Losses"
    above, below = "Above the least time", "Below the least time (its formula is wrong there)"
    return (below, above) if comparison.base.plan is not None else (above, below)


def _noise_of(times: Times) -> str:
    if times.beyond_noise or times.noise_ns is None:
        return ""
    return f" (within the noise of {formats.span_of_time(times.noise_ns)})"


def _unmatched(comparison: Comparison) -> str:
    """How much time is in ops without a kernel duration on the other side: neither gain nor loss."""
    before, now = comparison.without_counterpart_ns
    parts = [
        f"{formats.span_of_time(time)} of the time {side} is in ops without a {_time_of(other)} {name}"
        for time, side, other, name in (
            (before, "before", comparison.new, "now"),
            (now, "now", comparison.base, "before"),
        )
        if time
    ]
    return f"; {', '.join(parts)}" if parts else ""


def _time_of(analysis: Analysis) -> str:
    return "kernel duration" if analysis.plan is None else "known least time"


def counts(comparison: Comparison) -> str:
    """`ops: 3 same, 40 changed, 4 fused, 31 removed`."""
    parts = [f"{count:,} {status}" for status, count in comparison.counts.items() if count]
    return f"ops{' per pass' if comparison.folded else ''}: {', '.join(parts)}"


def noise(comparison: Comparison) -> str:
    """How large a difference of time must be to count, and by which statistics."""
    noise = comparison.noise
    if noise.how == NONE:
        return "least times have no noise: every difference counts"
    if noise.how == ASSUMED:
        few = "one run per side" if max(noise.base, noise.new) == 1 else "two runs are too few"
        return (
            f"noise unknown ({few}): differences of time above {noise.assumed_pct:g} % count; "
            f"give {FEWEST} runs per side to measure the noise"
        )
    return (
        f"differences of time count beyond the {CONFIDENCE_PCT} % interval of Welch's t-test over "
        f"{noise.base} and {noise.new} {'runs' if noise.how == RUNS else 'passes'}"
    )


def amount(kind: str, value: float | None) -> str:
    """A headline metric of one side; kernel times in whole ns."""
    if value is None:
        return "–"
    if kind == results.TIME:
        return formats.whole(round(value))
    if kind == results.RATE:
        return formats.rate(value)
    return formats.percent(value) if kind == results.SHARE else formats.whole(value)


def difference(kind: str, delta: float | None) -> str:
    """The difference of a headline metric, in its own unit."""
    if kind == results.SHARE and delta is not None:
        return f"{formats.signed(round(100 * delta, 1))} points"
    if kind == results.RATE and delta is not None:
        return f"{formats.sign(delta)}{formats.rate(abs(delta))}"
    return formats.signed(None if delta is None else round(delta))


def side(analysis: Analysis) -> str:
    """A capture in one line: its files, its runs, what is in it."""
    runs = f" ({analysis.repeats.aligned} runs)" if analysis.repeats else ""
    return f"{', '.join(analysis.summary.paths)}{runs} · {formats.at_a_glance(analysis.summary)}"


def capture(analysis: Analysis) -> str:
    """How far a capture can be relied on, and how its graph report was joined, if it has one."""
    of_capture = sentences.capture(analysis.summary)
    how = "" if analysis.graph is None else joined(analysis.graph)
    return f"{of_capture} · {how}" if how else of_capture


def banner(comparisons: Sequence[Comparison]) -> str:
    """What must not be overlooked: a recorded capture, or a plan, on a side; else blank."""
    if any(comparison.replayed for comparison in comparisons):
        return formats.REPLAYED
    sides = (side for comparison in comparisons for side in (comparison.base, comparison.new))
    return next((text for side in sides if (text := sentences.plan(side.summary))), "")


def short_side(analysis: Analysis) -> str:
    """The same without folders."""
    runs = f", {analysis.repeats.aligned} runs" if analysis.repeats else ""
    return f"{formats.file_names(analysis.summary)}{runs} · {formats.at_a_glance(analysis.summary)}"


def what(change: ChangeGroup | ComparedOp) -> str:
    """What changed about an op, attribute by attribute; `only its time` if no attribute did."""
    only_time = change.status == results.CHANGED and not change.changes
    return "only its time" if only_time else _changes(change.changes)


def _changes(changes: Sequence[Change]) -> str:
    """`core_count 12 → 48; math_fidelity HiFi4 → LoFi`; what is not set is `–`."""
    return "; ".join(f"{change.name} {_value(change.before)} → {_value(change.after)}" for change in changes)


def _value(value: str | None) -> str:
    return "–" if value is None else clean(value, _LONGEST_VALUE)


def where(group: ChangeGroup) -> str:
    """`before ⇒ now` of the shapes and layouts of a change; stated once if both are the same."""
    return " ⇒ ".join(dict.fromkeys(filter(None, (group.base, group.new))))


def from_to(before: int, now: int) -> str:
    """`16 → 4`, or `16` for both."""
    return f"{before:,}" if before == now else f"{before:,} → {now:,}"


def finding(change: FindingChange) -> str:
    """`Low core count: LayerNormDeviceOperation, 16 ops (549,236 ns)`; with `16 → 4 ops` where the number changed."""
    either = change.finding
    count = rows(either.count, "op")
    if change.base and change.new and change.base.count != change.new.count:
        count = f"{change.base.count:,} → {count}"
    return f"{either.rule.title}: {either.signature.op_code}, {count} ({formats.whole(round(either.kernel_ns))} ns)"


def finding_counts(changes: FindingChanges) -> str:
    """`17 fixed, 3 new, 6 remaining`."""
    return f"{len(changes.fixed):,} fixed, {len(changes.new):,} new, {len(changes.remaining):,} remaining"
