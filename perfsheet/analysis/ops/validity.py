"""Kernel durations that the time stamps contradict, and ops that other ops hide."""

from __future__ import annotations

import heapq

import numpy as np

from perfsheet.capture.arrays import distinct
from perfsheet.capture.table import BoolArray, FloatArray, IntArray

CONTRADICTED_NS = 1e6
"""A kernel longer than this that starts more than this before the previous one ended has wrong markers: its start and
its end are those of different replays (the test is tt-metal's own, tt-metal#48043)."""

_SLACK_NS = 2000.0
"""How much earlier than the previous op an op may start by its kernel: firmware starts are in order, kernels nearly."""


def contradicted(clock: IntArray, kernel_ns: FloatArray, gap_ns: FloatArray, sub_device: FloatArray) -> BoolArray:
    """Ops whose kernel duration contradicts the gaps around it; `gap_ns` as captured, ops in execution order.

    Ops of sub-devices may overlap, so that their gaps prove nothing.
    """
    if not (gap_ns < -CONTRADICTED_NS).any():
        return np.zeros(len(clock), dtype=np.bool_)
    after = _next_on_clock(clock)
    has_next = after >= 0
    apart = ~np.isfinite(sub_device)
    backwards = (gap_ns < -CONTRADICTED_NS) & apart
    backwards[after[has_next]] &= apart[has_next]
    long = kernel_ns > CONTRADICTED_NS
    own = long & backwards
    # The next op started before this one ended, and its own duration is plausible: then this one's end is wrong.
    overrun = np.zeros(len(clock), dtype=np.bool_)
    overrun[has_next] = (backwards & ~own)[after[has_next]]
    return np.asarray(own | (long & overrun))


def after_contradicted(clock: IntArray, wrong: BoolArray) -> BoolArray:
    """Ops that directly follow one with wrong markers on their device and capture, so that their gap is unknown."""
    after = _next_on_clock(clock)
    follows = np.zeros(len(clock), dtype=np.bool_)
    follows[after[wrong & (after >= 0)]] = True
    return follows


def _next_on_clock(clock: IntArray) -> IntArray:
    """For each op the next one of the same device and capture, -1 for the last."""
    order = np.argsort(clock, kind="stable")
    after = np.full(len(clock), -1, dtype=np.int64)
    same = clock[order][1:] == clock[order][:-1]
    after[order[:-1][same]] = order[1:][same]
    return after


def overlapping(kernel_ns: FloatArray, gap_ns: FloatArray, start: FloatArray, end: FloatArray) -> BoolArray:
    """Ops of one device, in order, that start while an earlier one still runs, as sub-devices and queues allow.

    `start` and `end` are firmware cycles: where they are known they must show the overlap, too.
    """
    if len(kernel_ns) < 2:
        return np.zeros(len(kernel_ns), dtype=np.bool_)
    before = np.concatenate([[np.nan], kernel_ns[:-1]])
    ended = np.concatenate([[np.nan], np.fmax.accumulate(end)[:-1]])
    seen = ~(np.isfinite(start) & np.isfinite(ended)) | (start < ended)
    return np.asarray((gap_ns < 0) & (-gap_ns <= before + _SLACK_NS) & seen)


def exposed(start_ns: FloatArray, kernel_ns: FloatArray) -> FloatArray:
    """The part of each op's time in which no longer op runs; these parts add up to the time in which any op runs."""
    edges = distinct(np.concatenate([start_ns, start_ns + kernel_ns]))
    order = np.argsort(start_ns, kind="stable").tolist()
    visible = np.zeros(len(start_ns))
    running: list[tuple[float, int]] = []
    upcoming = 0
    for begin, finish in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        while upcoming < len(order) and start_ns[order[upcoming]] <= begin:
            heapq.heappush(running, (-kernel_ns[order[upcoming]], order[upcoming]))
            upcoming += 1
        while running and start_ns[running[0][1]] + kernel_ns[running[0][1]] <= begin:
            heapq.heappop(running)
        if running:
            visible[running[0][1]] += finish - begin
    return visible
