"""The longest common subsequence of two long sequences.

Bit-parallel (Hyyrö, "Bit-parallel LCS-length computation revisited", 2004): a row of the table is one whole number, in
which a zero bit is a column where the length grows. Rows are kept at intervals only, and made again on the way back.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from perfsheet.capture.table import IntArray

_RARE = 32


def common(base: IntArray, new: IntArray) -> IntArray:
    """Pairs (place in base, place in new) of equal tokens, ascending in both, as many as there can be."""
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
            if table[row - 1] >> column & 1:  # it became zero in this row: the length grows here
                pairs.append((start + row - 1, column))
                column -= 1
    return np.array(pairs[::-1], dtype=np.int64).reshape(-1, 2)


class _Columns:
    """The columns of each token, as bits. Those of frequent tokens are kept; of rare ones they are soon made."""

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
        """The bits of a token; 0 where it is in no column."""
        if token in self._kept:
            return self._kept[token]
        return sum(1 << place for place in self._places[token].tolist()) if token in self._places else 0


def _table(rows: Sequence[int], columns: _Columns, state: int, every: int) -> list[int]:
    """The states after each of these rows."""
    states: list[int] = []
    for token in rows:
        found = state & columns.of(token)
        state = ((state + found) | (state - found)) & every
        states.append(state)
    return states


def _last_zero(state: int, column: int) -> int:
    """The last column up to this one whose bit is zero; -1 = none."""
    while column >= 0 and state >> column & 1:
        column -= 1
    return column
