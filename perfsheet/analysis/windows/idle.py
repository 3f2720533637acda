"""The time between ops, and the time from the first op to the last."""

from __future__ import annotations

import numpy as np

from perfsheet.analysis.ops.device_ops import Ops, clock_ghz
from perfsheet.capture.arrays import distinct
from perfsheet.capture.table import BoolArray, FloatArray, IntArray

HOST_GAP_NS = 6500.0
"""A longer gap is the host's (the threshold is that of tt-perf-report); shorter ones are dispatch."""

LONG_WAIT_NS = 1e6
"""Dispatch takes microseconds and the host, to enqueue an op, less than a millisecond: a longer wait before an op that
may run for the first time is taken for compiling."""


def elapsed_ns(ops: Ops, here: IntArray) -> float:
    """From the first firmware start of one device to its last firmware end; by kernels where cycles are unknown.

    Of several captures in one file, the sum.
    """
    return sum(_span_ns(ops, here[ops.clock[here] == number]) for number in distinct(ops.clock[here]).tolist())


def _span_ns(ops: Ops, here: IntArray) -> float:
    clock = clock_ghz(ops, here)
    if clock is not None:
        span = np.nanmax(ops.number("fw_end_cycle")[here]) - np.nanmin(ops.number("fw_start_cycle")[here])
        return float(span / clock)
    ends = ops.start_ns[here] + np.nan_to_num(ops.kernel_ns[here])
    return float(ends.max() - ops.start_ns[here].min())


def inference_span_ns(ops: Ops, here: IntArray, warm: BoolArray) -> float:
    """The elapsed time of one device, without waits of ops that are not warm for compiling: FPS where ops overlap."""
    idle = np.nan_to_num(idle_before(ops, here))
    return elapsed_ns(ops, here) - float(idle[(idle >= LONG_WAIT_NS) & ~warm].sum())


def idle_before(every: Ops, within: IntArray) -> FloatArray:
    """For each op the time since its device last ran another one, 0 for the first of a device; NaN = unknown."""
    gaps = every.gap_ns[within].copy()
    captured = bool(np.isfinite(every.number("op_to_op_latency_ns")).any())
    for number in distinct(every.clock[within]).tolist():
        here = np.flatnonzero(every.clock[within] == number)
        at = within[here]
        clock = None if captured else clock_ghz(every, at)
        if clock is not None:
            start, end = every.number("fw_start_cycle")[at], every.number("fw_end_cycle")[at]
            gaps[here] = _since(start, end) / clock
        elif every.overlaps[at].any():
            start = every.start_ns[at]
            gaps[here] = _since(start, start + np.nan_to_num(every.kernel_ns[at]))
        gaps[here[:1]] = 0.0
    return np.asarray(gaps)


def _since(start: FloatArray, end: FloatArray) -> FloatArray:
    """From the latest end before each op to its start, 0 where these overlap."""
    ended = np.concatenate([start[:1], np.fmax.accumulate(end)[:-1]])
    return np.asarray(np.clip(start - ended, 0, None), dtype=np.float64)
