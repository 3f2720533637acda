"""Align two sequences of ops so that the pairs are worth the most.

A pair is worth what its ops have in common (likeness.py); pairs keep the order of both sequences. The best sum is
found by dynamic programming, a row at a time. Long sequences are first cut into segments, in the middle of stretches
that both have in common (`common`: the longest common subsequence).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from perfsheet.capture.table import IntArray

Worth = Callable[[IntArray, IntArray], IntArray]
"""What the pairs of tokens of both sides are worth, as a matrix; 0 = no pair."""

MOST_CELLS = 16_000_000
"""The largest table of 32-bit sums: 64 MB, 4,000 ops per side."""
_SEGMENT, _STRETCH = 1024, 16
"""A segment has at least this many ops, and ends in the middle of a stretch of this many common ones."""


def align(
    base: IntArray, new: IntArray, kin: Sequence[IntArray], worth: Worth, most_cells: int = MOST_CELLS
) -> IntArray:
    """Pairs (index in base, index in new), ascending in both. Equal tokens are identical ops.

    `kin` gives for each token what kind of op it is, the strictest first: long sequences are cut where that agrees.
    """
    shortest = min(len(base), len(new))
    differs = np.flatnonzero(base[:shortest] != new[:shortest])
    head = int(differs[0]) if differs.size else shortest
    left = shortest - head
    differs = np.flatnonzero(base[len(base) - left :][::-1] != new[len(new) - left :][::-1])
    tail = int(differs[0]) if differs.size else left
    middle = _cut(base[head : len(base) - tail], new[head : len(new) - tail], kin, worth, most_cells)
    ends = np.arange(tail)
    return np.concatenate(
        [
            np.repeat(np.arange(head)[:, np.newaxis], 2, axis=1),
            middle + head,
            np.stack([len(base) - tail + ends, len(new) - tail + ends], axis=1),
        ]
    )


def _cut(base: IntArray, new: IntArray, kin: Sequence[IntArray], worth: Worth, most_cells: int) -> IntArray:
    if len(base) * len(new) <= most_cells:
        return _best(base, new, worth)
    shared = common(kin[0][base], kin[0][new])
    pairs: list[IntArray] = []
    for start, stop in _segments(shared, (len(base), len(new))):
        ours, theirs = base[start[0] : stop[0]], new[start[1] : stop[1]]
        if len(ours) * len(theirs) <= most_cells:
            pairs.append(_best(ours, theirs, worth) + np.array(start))
        elif len(kin) > 1:  # another batch size changes all shapes, but not the ops
            pairs.append(_cut(ours, theirs, kin[1:], worth, most_cells) + np.array(start))
        else:  # little in common over a long stretch: use what there is
            pairs.append(shared[(shared >= start).all(axis=1) & (shared < stop).all(axis=1)])
    return np.concatenate(pairs)


def _segments(shared: IntArray, ends: tuple[int, int]) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """The start and end, on both sides, of segments that belong together."""
    start = (0, 0)
    for place in _middles(shared).tolist():
        stop = (int(shared[place, 0]), int(shared[place, 1]))
        if max(stop[0] - start[0], stop[1] - start[1]) >= _SEGMENT:
            yield start, stop
            start = stop
    yield start, ends


def _middles(shared: IntArray) -> IntArray:
    """Indices of pairs that have half a stretch of neighbours without gaps on both sides."""
    half = _STRETCH // 2
    if len(shared) <= 2 * half:
        return np.empty(0, dtype=np.int64)
    span = shared[2 * half :] - shared[: -2 * half]
    return np.flatnonzero((span == 2 * half).all(axis=1)) + half


def _best(base: IntArray, new: IntArray, worth: Worth) -> IntArray:
    tokens, of_base = np.unique(base, return_inverse=True)
    others, of_new = np.unique(new, return_inverse=True)
    values = worth(tokens, others).astype(np.int32)[of_base.reshape(-1)]
    columns = of_new.reshape(-1)
    best = np.zeros((len(base) + 1, len(new) + 1), dtype=np.int32)
    for row in range(len(base)):
        above, here = best[row], best[row + 1]
        np.maximum(above[1:], above[:-1] + values[row][columns], out=here[1:])
        np.maximum.accumulate(here, out=here)
    return _path(best, values, columns)


def _path(best: npt.NDArray[np.int32], values: npt.NDArray[np.int32], columns: IntArray) -> IntArray:
    """The pairs behind the best sum, traced from the end; of equally good ones those that stay together."""
    pairs: list[tuple[int, int]] = []
    row, column = len(best) - 1, best.shape[1] - 1
    while row and column:
        here = best[row, column]
        value = values[row - 1, columns[column - 1]]
        if value and here == best[row - 1, column - 1] + value:
            row, column = row - 1, column - 1
            pairs.append((row, column))
        elif here == best[row - 1, column]:
            row -= 1
        else:
            column -= 1
    return np.array(pairs[::-1], dtype=np.int64).reshape(-1, 2)


_RARE = 32


def common(base: IntArray, new: IntArray) -> IntArray:
    """The longest common subsequence: pairs (index in base, index in new) of equal tokens, ascending in both.

    Bit-parallel (Hyyrö, "Bit-parallel LCS-length computation revisited", 2004): a row of the table is one integer, in
    which a zero bit is a column where the length grows. Only every √n-th row is kept; the others are recomputed on the
    way back.
    """
    if not len(base) or not len(new):
        return np.empty((0, 2), dtype=np.int64)
    columns = _Columns(new)
    rows = base.tolist()
    every = (1 << len(new)) - 1
    interval = max(1, math.isqrt(len(rows)))
    kept = [every]
    for start in range(0, len(rows), interval):
        kept.append(_table(rows[start : start + interval], columns, kept[-1], every)[-1])
    pairs: list[tuple[int, int]] = []
    column = len(new) - 1
    for number in range(len(kept) - 2, -1, -1):
        start = number * interval
        table = [kept[number], *_table(rows[start : start + interval], columns, kept[number], every)]
        for row in range(len(table) - 1, 0, -1):
            column = _last_zero(table[row], column)
            if column < 0:
                return np.array(pairs[::-1], dtype=np.int64).reshape(-1, 2)
            if table[row - 1] >> column & 1:  # it became zero in this row, so the length grows here
                pairs.append((start + row - 1, column))
                column -= 1
    return np.array(pairs[::-1], dtype=np.int64).reshape(-1, 2)


class _Columns:
    """The columns of each token as bits; kept for frequent tokens, computed for rare ones."""

    def __init__(self, new: IntArray) -> None:
        order = np.argsort(new, kind="stable")
        tokens, first = np.unique(new[order], return_index=True)
        self._places = dict(zip(tokens.tolist(), np.split(order, first[1:]), strict=True))
        self._kept = {
            token: int.from_bytes(np.packbits(new == token, bitorder="little").tobytes(), "little")
            for token, places in self._places.items()
            if len(places) > _RARE
        }

    def of(self, token: int) -> int:
        """The bits of a token; 0 if it occurs in no column."""
        if token in self._kept:
            return self._kept[token]
        return sum(1 << place for place in self._places[token].tolist()) if token in self._places else 0


def _table(rows: Sequence[int], columns: _Columns, state: int, every: int) -> list[int]:
    """The states after each of these rows."""
    states: list[int] = []
    for token in rows:
        matching = state & columns.of(token)
        state = ((state + matching) | (state - matching)) & every
        states.append(state)
    return states


def _last_zero(state: int, column: int) -> int:
    """The last column up to this one whose bit is zero; -1 = none."""
    while column >= 0 and state >> column & 1:
        column -= 1
    return column
