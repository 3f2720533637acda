"""Sentences about causes, the same in every output: what and where, what is expected, and the verdict."""

from __future__ import annotations

from collections.abc import Sequence

from perfsheet.analysis import Analysis
from perfsheet.analysis.ops.categories import short_code
from perfsheet.analysis.results import Cause, Finding
from perfsheet.analysis.rules import faster_sibling, host_ops, low_core_count, reshard
from perfsheet.capture.notes import rows
from perfsheet.text import formats, words
from perfsheet.text.formats import percent, span_of_time

NOT_IN_LEAST_TIME = "What it saves shows on a device only: the least time is the same"
_MOST_OF_IT = 0.8
_NAMED = 3


def clipped(cause: Cause, room: int = 60) -> str:
    """The op or chain that the cause is about, in this many characters."""
    text = cause.subject
    return text if len(text) <= room else f"{text[: max(room - 2, 1)].rstrip(' →,')} …"


def where(cause: Cause) -> str:
    """`102 ops in 11 shapes · 91.4 % · 1–64/64 cores`: the share is that of the kernel time."""
    of = "host row" if cause.saves_gaps and not len(cause.positions) else "op"
    parts = [rows(cause.count, of) + (f" in {cause.shapes} shapes" if cause.shapes > 1 else "")]
    if not cause.saves_gaps:
        parts.append(percent(cause.share))
        parts += [f"{formats.span_of_grid(cause.cores, cause.worker_cores)} cores"] if cause.cores else []
    return " · ".join(parts)


def title(cause: Cause, room: int = 200) -> str:
    """`C1 Unfused heads: Reshape → Transpose · 108 ops in 3 shapes · 18.7 % · 24–64/64 cores`, `room` wide."""
    head, end = f"{cause.id} {cause.title}: ", f" · {where(cause)}"
    return f"{head}{clipped(cause, room - len(head) - len(end))}{end}"


def saving(cause: Cause) -> str:
    """`Should save 685.289 µs (at most 700.000 µs): such fixes saved 90 % …`."""
    gaps = " of gaps" if cause.saves_gaps else ""
    if cause.planned:
        known = cause.bound_ns is not None
        return f"{_at_most(cause).replace('saves', 'Saves', 1)} of least time" if known else NOT_IN_LEAST_TIME
    if cause.expected_saving_ns is None:
        return f"{_at_most(cause).replace('saves', 'Saves', 1)}; what to expect is unknown"
    bound = span_of_time(cause.bound_ns or 0.0)
    of_sibling = cause.members[0].rule is faster_sibling.RULE  # its cure names the settings
    why = "" if cause.ground is None else (of_sibling and cause.ground.brief) or cause.ground.text
    ground = f": {why}" if why else ""
    if not cause.expected_saving_ns:
        return f"Should save nothing{gaps} (at most {bound}){ground}"
    return f"Should save {span_of_time(cause.expected_saving_ns)}{gaps} (at most {bound}){ground}"


def expected(finding: Finding) -> str:
    """`should save 12.300 µs: the same op in row 67 takes …`; blank when unknown."""
    if finding.expected_saving_ns is None:
        return ""
    ground = f": {finding.ground.text}" if finding.ground else ""
    return f"should save {span_of_time(finding.expected_saving_ns)}{ground}"


def cures(cause: Cause) -> Sequence[str]:
    """What to try, most expected saving first; each advice once."""
    return tuple(dict.fromkeys(cure.advice for cure in cause.cures))


def left(analysis: Analysis, shown: Sequence[Cause]) -> str:
    """`Expected to be left of 127.591 ms with C1 fixed 11.033 ms, with all 18 fixed 3.944 ms.`; blank if unknown."""
    known = [cause for cause in analysis.causes if _is_known(cause)]
    if not known:
        return _without_cause(analysis).strip()
    steps = [(shown[0].id, shown[0])] if shown and _is_known(shown[0]) else []
    if len(shown) > 1:
        steps.append((_ids(shown), shown[-1]))
    if len(analysis.causes) > len(shown):
        steps.append((f"all {len(analysis.causes)}", analysis.causes[-1]))
    parts = [f"{name} fixed {span_of_time(cause.left_ns)}" for name, cause in steps]
    unknown = len(analysis.causes) - len(known)
    more = f" (unknown for {unknown})" if unknown else ""
    sentence = f"Expected to be left of {span_of_time(analysis.ops.total_ns)} with {', with '.join(parts)}{more}."
    return f"{sentence}{_without_cause(analysis)}"


def _without_cause(analysis: Analysis) -> str:
    """` No finding is about GridSample (26.0 % of kernel time).`; blank where every op with much time has one."""
    time = words.time(analysis)
    named = [f"{short_code(code)} ({percent(share)} of {time})" for code, share in analysis.without_cause]
    return f" No finding is about {', '.join(named)}." if named else ""


def _ids(causes: Sequence[Cause]) -> str:
    """`C1`, `C1 and C2`, `C1 to C3`, `C1, C2 and C4`."""
    numbers = [int(cause.id[1:]) for cause in causes]
    if len(numbers) > 2 and numbers == [*range(numbers[0], numbers[-1] + 1)]:
        return f"{causes[0].id} to {causes[-1].id}"
    return " and ".join(filter(None, (", ".join(cause.id for cause in causes[:-1]), causes[-1].id)))


def _is_known(cause: Cause) -> bool:
    return cause.expected_saving_ns is not None and not cause.saves_gaps


def verdict(analysis: Analysis) -> str:
    """One sentence: what the time goes to, why, and what would remain."""
    if analysis.plan is not None:
        return _of_plan(analysis)
    if not analysis.causes:
        return formats.no_finding(analysis.summary)
    total, first = analysis.ops.total_ns, analysis.causes[0]
    lead = _leading(analysis.causes)
    if not total or not lead:
        if first.is_minor:
            return f"Nothing here is expected to save time; the first of {len(analysis.causes)} causes is {first.id}."
        bound = f"{first.id}, which {_at_most(first)}"
        return f"What to expect of a fix is not known here; first comes {bound}{_idle(analysis)}."
    named = lead if _is_known(first) or first.saves_gaps else [first, *lead]
    saved = sum(cause.expected_saving_ns or 0.0 for cause in lead)
    return (
        f"Of {span_of_time(total)} of kernel time {', '.join(map(_phrase, named))}; with {_ids(lead)} fixed about "
        f"{span_of_time(total - saved)} should be left ({percent(saved / total)} less){_idle(analysis)}."
    )


def _of_plan(analysis: Analysis) -> str:
    """What a plan has of the faults that need no time: few cores, reshards, host ops; and what comes first."""
    counts = {total.rule.id: total.rows for total in analysis.rule_totals}
    few, resharding, host = (counts[rule.id] for rule in (low_core_count.RULE, reshard.RULE, host_ops.RULE))
    found = f"{few:,} on few cores, {rows(resharding, 'reshard')}, {rows(host, 'host op')} in between"
    sentence = f"Of {rows(len(analysis.ops), 'planned op')} {found}"
    if not analysis.causes:
        return f"{sentence}; no rule found anything else."
    first = analysis.causes[0]
    bound = "" if first.bound_ns is None else f", which {_at_most(first)} of least time"
    return f"{sentence}; first of {rows(len(analysis.causes), 'cause')} is {first.id}{bound}."


_IDLE = 0.25
"""Part of the elapsed time from which the verdict says that the device is idle."""


def _idle(analysis: Analysis) -> str:
    """`; between ops the device is idle for 40.2 % of the elapsed time (C1)`, where that is a quarter or more."""
    split = analysis.summary.time_split
    if not split.elapsed_ns > 0 or split.idle_ns < _IDLE * split.elapsed_ns:
        return ""
    cause = next((f" ({cause.id})" for cause in analysis.causes if cause.saves_gaps and len(cause.positions)), "")
    return (
        f"; between ops the device is idle for {percent(split.idle_ns / split.elapsed_ns)} of the elapsed time{cause}"
    )


def _at_most(cause: Cause) -> str:
    gaps = " of gaps" if cause.saves_gaps else ""
    return f"saves at most {'an unknown time' if cause.bound_ns is None else span_of_time(cause.bound_ns)}{gaps}"


def _leading(causes: Sequence[Cause]) -> list[Cause]:
    """The first causes with an expected saving, up to three, that make up most of what is expected of all."""
    known = [cause for cause in causes if _is_known(cause) and not cause.is_minor]
    whole = sum(cause.expected_saving_ns or 0.0 for cause in known)
    lead: list[Cause] = []
    for cause in known[:_NAMED]:
        lead.append(cause)
        if sum(taken.expected_saving_ns or 0.0 for taken in lead) >= _MOST_OF_IT * whole:
            break
    return lead


def _phrase(cause: Cause) -> str:
    """`91.4 % goes to Reshape → Transpose (unfused heads)`; with its bound where the saving is not known."""
    rule = cause.members[0].rule.title_in_sentence
    bound = "" if _is_known(cause) else f", {_at_most(cause)}"
    return f"{percent(cause.share)} goes to {clipped(cause)} ({rule}{bound})"
