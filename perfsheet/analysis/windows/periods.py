"""Repetition in a sequence of numbers."""

from __future__ import annotations

from collections import Counter

import numpy as np

from perfsheet.capture.arrays import distinct
from perfsheet.capture.table import IntArray
from perfsheet.light_dataclass import dataclass


def smallest_period(sequence: IntArray) -> int:
    """The length of the shortest piece whose repetition is the whole sequence; the full length if there is none."""
    period = len(sequence) - longest_border(sequence)
    return period if period and len(sequence) % period == 0 else len(sequence)


def longest_border(sequence: IntArray) -> int:
    """The length of the longest beginning, short of the whole, that is also the end of a sequence."""
    items = sequence.tolist()
    # The failure function of Knuth, Morris and Pratt: the longest prefix that ends at each index.
    border = [0] * len(items)
    length = 0
    for place in range(1, len(items)):
        while length and items[place] != items[length]:
            length = border[length - 1]
        if items[place] == items[length]:
            length += 1
        border[place] = length
    return border[-1] if items else 0


@dataclass(frozen=True)
class Tail:
    """From index `start` to its end, a sequence repeats with this period."""

    start: int
    period: int


def tail_periods(sequence: IntArray) -> list[Tail]:
    """Repetitions of at least two pieces at the end of a sequence, the longest period first."""
    tails: list[Tail] = []
    for period in sorted(_likely_periods(sequence[::-1]), reverse=True):
        differs = np.flatnonzero(sequence[period:] != sequence[:-period])
        start = int(differs[-1]) + 1 if differs.size else 0
        if len(sequence) - start >= 2 * period:
            tails.append(Tail(start, period))
    return tails


@dataclass(frozen=True)
class Tandem:
    """A piece of `period` items that repeats `count` times in a row, from index `start`."""

    start: int
    period: int
    count: int

    @property
    def length(self) -> int:
        """Items in all repetitions."""
        return self.period * self.count


_CANDIDATES = 24
_SAMPLES = 5000


def tandems(sequence: IntArray, distinct_in: IntArray) -> list[Tandem]:
    """Pieces that repeat in a row, largest coverage first, without overlaps.

    A piece needs two distinct values of `distinct_in` (op codes: a sweep of one op is not a layer). The periods tried
    are the common distances between equal items.
    """
    candidates: list[Tandem] = []
    for period in _likely_periods(sequence):
        equal = sequence[period:] == sequence[:-period]
        edges = np.flatnonzero(np.diff(np.concatenate([[0], equal.astype(np.int8), [0]])))
        for start, stop in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
            count = (stop - start) // period + 1
            if count > 1 and len(distinct(distinct_in[start : start + period])) > 1:
                candidates.append(Tandem(start, period, count))
    chosen: list[Tandem] = []
    # Of equal coverage the shorter piece comes first: 12 layers rather than 6 pairs of layers.
    taken = np.zeros(len(sequence), dtype=np.bool_)
    for tandem in sorted(candidates, key=lambda tandem: (-tandem.length, tandem.period)):
        if not taken[tandem.start : tandem.start + tandem.length].any():
            taken[tandem.start : tandem.start + tandem.length] = True
            chosen.append(tandem)
    return chosen


def _likely_periods(sequence: IntArray) -> list[int]:
    distances: Counter[int] = Counter()
    last: dict[int, list[int]] = {}
    for place, item in enumerate(sequence[:_SAMPLES].tolist()):
        earlier = last.setdefault(item, [])
        distances.update(place - earlier_place for earlier_place in earlier[-3:])
        earlier.append(place)
    return [distance for distance, _ in distances.most_common(_CANDIDATES) if 1 < distance < len(sequence)]
