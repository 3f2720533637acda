"""Sentences about comparisons, the same in every output."""

from __future__ import annotations

from collections.abc import Sequence

from perfsheet.analysis import Analysis
from perfsheet.capture.notes import rows
from perfsheet.compare import Comparison
from perfsheet.compare import results as status
from perfsheet.compare.changes import Change
from perfsheet.compare.times import ASSUMED, CONFIDENCE_PCT, FEWEST, RUNS
from perfsheet.compare.results import ChangeGroup, ComparedOp, Figure, FindingChange
from perfsheet.text import formats

_LONGEST_VALUE = 300
NOTHING_CHANGED = "Nothing changed: every op has its counterpart, in the same configuration and within the noise."


def signed(value: float | None) -> str:
    """`+1,234`, `−1,234`; unknown is `–`."""
    if value is None:
        return "–"
    rounded = round(value, 3)
    return f"{_sign(rounded)}{formats.whole(abs(rounded))}"


def signed_percent(fraction: float | None) -> str:
    """`+12.3 %`, `−12.3 %`; unknown is `–`."""
    if fraction is None:
        return "–"
    return f"{_sign(fraction)}{formats.percent(abs(fraction))}"


def signed_time(nanoseconds: float) -> str:
    """`−1.234 ms`."""
    return f"{_sign(nanoseconds)}{formats.span_of_time(abs(nanoseconds))}"


def _sign(value: float) -> str:
    return "+" if value > 0 else "−" if value < 0 else ""


def verdict(found: Comparison) -> str:
    """`−2.712 ms of kernel time, 71.3 % less: 3.805 ms before, 1.093 ms now`, a pass where their numbers differ."""
    times = found.total
    was, now = found.span(times).base_ns, found.span(times).new_ns
    if was is None or now is None:
        return "kernel time unknown"
    a_pass = " a pass" if found.per_pass else ""
    span = f"{formats.span_of_time(was)} before, {formats.span_of_time(now)} now"
    if was == now:
        return f"the same kernel time{a_pass}: {span}"
    share = f", {formats.percent(abs(now - was) / was)} {'more' if now > was else 'less'}" if was else ""
    width = times.noise_ns
    noise = "" if times.beyond_noise or width is None else f" (within the noise of {formats.span_of_time(width)})"
    return f"{signed_time(now - was)} of kernel time{a_pass}{share}{noise}: {span}{_unmatched(found)}"


def _unmatched(found: Comparison) -> str:
    """Time of ops whose counterpart has none: a part of the difference that is no gain and no loss."""
    before, now = found.without_counterpart_ns
    told = [
        f"{formats.span_of_time(time)} of {when} is of ops without a time {other}"
        for time, when, other in ((before, "before", "now"), (now, "now", "before"))
        if time
    ]
    return f"; {', '.join(told)}" if told else ""


def counts(found: Comparison) -> str:
    """`3 ops the same, 40 changed, 4 fused, 31 removed`."""
    told = [f"{count:,} {'the same' if name == status.SAME else name}" for name, count in found.counts.items() if count]
    passes = " (of a pass)" if found.folded else ""
    return f"ops{passes}: {', '.join(told)}"


def noise(found: Comparison) -> str:
    """What counts as a difference, with its statistics."""
    judged = found.noise
    if judged.how == ASSUMED:
        few = "one run a side" if max(judged.base, judged.new) == 1 else "two runs say too little"
        return (
            f"noise unknown ({few}): a difference of time counts beyond {judged.assumed_pct:g} %; "
            f"give {FEWEST} runs a side to know it"
        )
    what = "runs" if judged.how == RUNS else "passes"
    return (
        f"a difference of time counts beyond the {CONFIDENCE_PCT} % interval of Welch's t over "
        f"{judged.base} and {judged.new} {what}"
    )


def value(one: Figure, figure: float | None) -> str:
    """A headline figure in words."""
    if figure is None:
        return "–"
    if one.kind == status.TIME:
        return formats.whole(round(figure))
    if one.kind == status.RATE:
        return formats.rate(figure)
    return formats.percent(figure) if one.kind == status.SHARE else formats.whole(figure)


def difference(one: Figure) -> str:
    """What it differs by, in its own unit."""
    if one.kind == status.SHARE and one.delta is not None:
        return f"{signed(round(100 * one.delta, 1))} points"
    if one.kind == status.RATE and one.delta is not None:
        return f"{_sign(one.delta)}{formats.rate(abs(one.delta))}"
    return signed(None if one.delta is None else round(one.delta))


def label(one: Figure) -> str:
    """`kernel time [ns]`."""
    return f"{one.label} [ns]" if one.kind == status.TIME else one.label


def unit(found: Comparison) -> str:
    """Of differences: `[ns]`, `[ns a pass]` where only passes can be compared."""
    return "[ns a pass]" if found.per_pass else "[ns]"


def side(analysis: Analysis) -> str:
    """A capture on one line: its files, its runs, what is in it."""
    runs = f" ({analysis.repeats.aligned} runs)" if analysis.repeats else ""
    return f"{', '.join(analysis.summary.paths)}{runs} · {formats.at_a_glance(analysis.summary)}"


def changes(found: Sequence[Change]) -> str:
    """`core_count 12 → 48; math_fidelity HiFi4 → LoFi`; what is not set is `–`. Blank where only times differ."""
    return "; ".join(f"{one.name} {_said(one.before)} → {_said(one.after)}" for one in found)


def _said(value: str | None) -> str:
    return "–" if value is None else formats.clean(value, _LONGEST_VALUE)


def what(one: ChangeGroup | ComparedOp) -> str:
    """What changed about an op; of one that keeps its configuration, that it is its time."""
    only_time = one.status == status.CHANGED and not one.changes
    return "its time alone" if only_time else changes(one.changes)


def where(group: ChangeGroup) -> str:
    """`before ⇒ now` of the shapes and layouts of a change, once where both are the same."""
    return " ⇒ ".join(dict.fromkeys(filter(None, (group.base, group.new))))


def ops(group: ChangeGroup) -> str:
    """`16 ops`."""
    return rows(group.count, "op")


def finding(change: FindingChange) -> str:
    """`Low core count: LayerNormDeviceOperation, 16 ops`, of a remaining one `16 → 4 ops`."""
    one = change.one
    count = rows(one.count, "op")
    if change.base and change.new and change.base.count != change.new.count:
        count = f"{change.base.count:,} → {count}"
    return f"{one.rule.title}: {one.signature.op_code}, {count}"
