"""Check a capture against another one, given how much slower it may be."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from perfsheet.analysis.ops.kinds import kind
from perfsheet.budget.check import ROWS_NAMED, kept, plan_notes, replay_notes, whole
from perfsheet.budget.limits import of_kind
from perfsheet.budget.model import Checked, Verdict
from perfsheet.budget.quantities import Unit, format_quantity, percentage
from perfsheet.comparison import Comparison
from perfsheet.comparison.results import Times
from perfsheet.errors import usage

WIDEST_NOISE = 0.1
"""Noise above this fraction of the time before excuses nothing; the means are compared as they are."""


def check_against(comparison: Comparison, fail_over: float, fail_op_over: float | None = None) -> Verdict:
    """Kernel time may grow by the fraction `fail_over`, that of each op type by `fail_op_over` (None = not checked).

    If the windows hold different numbers of passes, a mean pass is compared. With repeats, an increase within the noise
    is no breach. Of two plans it is their least times that are compared. Raises PerfsheetError (exit status 2) for a
    plan and a capture.
    """
    if comparison.of_plan_and_capture:
        raise usage(
            "a least time limits no measured one", "give two captures or two plans; `compare` shows one of each"
        )
    notes = (*replay_notes(comparison.replayed), *plan_notes(comparison.new), *comparison.notes)
    return Verdict((*whole(comparison.new), *_all(comparison, fail_over, fail_op_over)), notes)


def _all(comparison: Comparison, fail_over: float, fail_op_over: float | None) -> Iterator[Checked]:
    time = f"{'kernel-time' if comparison.plan is None else 'least-time'}{'-per-pass' if comparison.per_pass else ''}"
    yield _checked(comparison, f"against.{time}", comparison.total, fail_over)
    if fail_op_over is None:
        return
    for op_type in comparison.op_types:
        if op_type.base_count and op_type.new_count:
            name = f"against.op-types.{op_type.op_type}.{time}"
            yield _checked(comparison, name, op_type.times, fail_op_over, op_type.op_type)


def _checked(comparison: Comparison, name: str, times: Times, fail_over: float, op_type: str = "") -> Checked:
    was, now = comparison.span(times).base_ns, comparison.span(times).new_ns
    allowed = (was or 0.0) * (1 + fail_over)
    within = _within_noise(times, was)
    noise = "; the difference is within the noise" if within else ""
    places = _slower(comparison, op_type)
    rows = [comparison.new.row_ref(position) for position in places]
    lost = _lost(comparison, op_type)
    return Checked(
        limit=name,
        ok=was is not None and now is not None and not lost and (within or kept(now, allowed, floor=False)),
        value=was or 0.0,
        allowed=allowed,
        measured=now,
        unit=Unit.TIME,
        floor=False,
        why=f"{format_quantity(was, Unit.TIME)} before + {percentage(fail_over)}{noise}",
        rows=tuple(rows[:ROWS_NAMED]),
        row_count=len(rows),
        missing=lost,
    )


def _within_noise(times: Times, was: float | None) -> bool:
    """Whether the increase is within the measured noise, and that noise is small enough to mean something."""
    narrow = times.noise_ns is not None and times.noise_ns <= WIDEST_NOISE * (was or 0.0)
    return narrow and not times.beyond_noise


def _lost(comparison: Comparison, op_type: str) -> int:
    """How many more ops than in the base lack a usable duration: missing time is not a gain."""
    now, before = (
        int(side.facts.untimed[of_kind(side, op_type) if op_type else slice(None)].sum())
        for side in (comparison.new, comparison.base)
    )
    return max(0, now - before)


def _slower(comparison: Comparison, op_type: str = "") -> list[int]:
    """Ops that are slower or new, largest increase first."""
    losses = [
        ((comparison.span(op.times).delta_ns or 0), op.new)
        for op in comparison.ops
        if (comparison.span(op.times).delta_ns or 0) > 0 and (not op_type or kind(op.op_code) == kind(op_type))
    ]
    losses.sort(key=lambda loss: -loss[0])
    positions = np.array([position for _, new in losses for position in new], dtype=np.int64)
    return list(positions.tolist())
