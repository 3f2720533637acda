"""Passes by repetition: where a device's sequence of ops repeats.

A repetition counts when it makes up the whole window and has two distinct op codes. Ops that ran once (preparing
weights) may precede it if each pass starts with a gap that none of its other ops has: without such a gap it could just
as well be a model with equal layers after an embedding. The same goes for passes that a capture has only a part of.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from perfsheet.analysis.ops.device_ops import Ops
from perfsheet.analysis.ops.signature import numbers
from perfsheet.analysis.windows.periods import longest_border, tail_periods
from perfsheet.capture.arrays import median
from perfsheet.capture.table import FloatArray, IntArray
from perfsheet.light_dataclass import dataclass

BREAK_NS, _BREAK_FACTOR = 10_000, 10.0
"""A gap between two passes is at least 10 µs, and ten times the longest gap inside a pass."""

_APART_FACTOR = 5.0
_START, _PLACES = 8, 3
_FEWEST, _LEAST_REST, _LEAST_PART = 5, 0.2, 0.6
"""Beside a whole pass there is at least a fifth of another one, of five ops or more; both are at least three fifths of
the ops."""


@dataclass(frozen=True)
class Pieces:
    """`count` passes of `period` ops each, from index `start` of a device's ops on.

    `before` and `after`: ops around them that are parts of passes. `by_gap`: the sequence as a whole does not repeat, a
    long gap tells where a pass starts.
    """

    start: int
    period: int
    count: int
    before: int = 0
    after: int = 0
    by_gap: bool = False

    @property
    def is_cut(self) -> bool:
        """Whether a pass lacks ops."""
        return bool(self.before or self.after)


def repetition(ops: Ops, here: IntArray) -> Pieces:
    """The passes in a device's ops by repetition; a single piece of all ops if nothing repeats."""
    sequence = numbers(ops)[here]
    border = longest_border(sequence)
    period = len(here) - border
    if border and len(here) % period == 0 and distinct_codes(ops, here[:period]) > 1:
        period *= _layers_of_a_pass(ops, here, period)
        return Pieces(0, period, len(here) // period)
    for tail in tail_periods(sequence):
        start = len(here) - (len(here) - tail.start) // tail.period * tail.period
        if (
            start < tail.period
            and distinct_codes(ops, here[-tail.period :]) > 1
            and _begins_late(ops, here, tail.period)
        ):
            return Pieces(start, tail.period, (len(here) - start) // tail.period)
    return _cut_repetition(ops, here, sequence, border) or Pieces(0, max(1, len(here)), 1)


def _cut_repetition(ops: Ops, here: IntArray, sequence: IntArray, border: int) -> Pieces | None:
    """Whole passes beside the rest of one, as in a capture that lacks its beginning or end, or ops in between.

    The pieces are those between gaps of 10 µs and more at a distance of the period, ten times longer than any other gap
    of the last piece.
    """
    gaps = np.nan_to_num(ops.number("op_to_op_latency_ns")[here])
    for period in _candidates(sequence, gaps, border):
        equal = np.concatenate([[False], sequence[period:] == sequence[:-period], [False]])
        edges = np.flatnonzero(np.diff(equal.astype(np.int8)))
        if not edges.size:
            continue
        longest = int(np.argmax(edges[1::2] - edges[::2]))
        begin, end = int(edges[::2][longest]), int(edges[1::2][longest]) + period
        rest = max(_FEWEST, round(_LEAST_REST * period))
        if end - begin < period + rest or end - begin < _LEAST_PART * len(here):
            continue
        if distinct_codes(ops, here[begin : begin + period]) < 2:
            continue
        # Where the last piece starts: after the gap that stands out most from all later ones.
        starts = np.arange(max(begin, end - period), end - rest + 1)
        ratio = gaps[starts] / np.maximum(_latest(gaps[:end])[starts], 1.0)
        last = int(starts[np.argmax(ratio)])
        if gaps[last] < BREAK_NS or ratio.max() < _BREAK_FACTOR:
            continue
        first = last - (last - begin) // period * period
        count = (end - first) // period
        if count:
            return Pieces(first, period, count, first - begin, end - first - count * period, by_gap=True)
    return None


def _candidates(sequence: IntArray, gaps: FloatArray, border: int) -> list[int]:
    """Periods to try: from a start, by its gap, to the end or back to where the same ops start; the sequence's own."""
    starts = np.flatnonzero((gaps >= BREAK_NS) & (gaps >= _BREAK_FACTOR * _latest(gaps)))[1:].tolist()
    periods = [len(sequence) - start for start in reversed(starts)]
    periods.append(len(sequence) - border)
    for start in starts:
        alike = sequence[start : start + _START] == sliding_window_view(sequence, min(_START, len(sequence) - start))
        periods += [start - place for place in np.flatnonzero(alike[:start].all(axis=1))[:_PLACES].tolist()]
    return [period for period in dict.fromkeys(periods) if 1 < period < len(sequence)]


def _latest(gaps: FloatArray) -> FloatArray:
    """The longest gap after each."""
    return np.concatenate([np.maximum.accumulate(gaps[::-1])[::-1][1:], [0.0]])


def _layers_of_a_pass(ops: Ops, here: IntArray, period: int) -> int:
    """How many equal pieces make up a pass: n if only every n-th piece starts with a long gap.

    The first n pieces are ignored, since all gaps of a first pass are long.
    """
    gaps = np.nan_to_num(ops.number("op_to_op_latency_ns")[here[::period]])
    count = len(gaps)
    long = gaps >= max(BREAK_NS, _BREAK_FACTOR * median(gaps[count // 2 :]))
    last = np.flatnonzero(long[1:])
    if not last.size:
        return 1
    pieces = count - int(last[-1]) - 1
    regular = np.arange(count) % pieces == 0
    return pieces if count % pieces == 0 and (long[pieces:] == regular[pieces:]).all() else 1


def distinct_codes(ops: Ops, positions: IntArray) -> int:
    """How many op codes these ops have: a sweep of one op is no pass."""
    return len(ops.codes.take(positions).present())


def starts_apart(ops: Ops, here: IntArray, pieces: Pieces) -> bool:
    """Whether the last pass starts with a gap that its other ops do not usually have, as layers do not."""
    gaps = np.nan_to_num(ops.gap_ns[here[-pieces.period :]])
    return bool(gaps[0] >= _APART_FACTOR * median(gaps))


def _begins_late(ops: Ops, here: IntArray, period: int) -> bool:
    """Whether the last pass starts with a gap that is far longer than all others inside it."""
    gaps = np.nan_to_num(ops.number("op_to_op_latency_ns")[here[-period:]])
    return bool(gaps[0] >= BREAK_NS and gaps[0] >= _BREAK_FACTOR * np.max(gaps[1:], initial=0))
