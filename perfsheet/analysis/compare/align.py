"""Put two sequences of ops side by side, so that what they share is worth the most.

A pair of ops is worth what they have in common (likeness.py); pairs keep the order of both sequences. The best sum is
found by dynamic programming, one row at a time over whole arrays. Long sequences are aligned in windows that overlap by
half, so that time grows with their length and not with its square.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from perfsheet.capture.table import IntArray

Worth = Callable[[IntArray, IntArray], IntArray]
"""What pairs of these tokens of both sides are worth: a matrix, 0 = no pair."""

_WINDOW = 4096
_NOTHING = np.empty((0, 2), dtype=np.int64)


def align(base: IntArray, new: IntArray, worth: Worth, window: int = _WINDOW) -> IntArray:
    """Pairs (place in base, place in new), ascending in both. Equal tokens are the same op in the same configuration.

    `window`: so many ops of each side are looked at together.
    """
    shortest = min(len(base), len(new))
    differs = np.flatnonzero(base[:shortest] != new[:shortest])
    head = int(differs[0]) if differs.size else shortest
    left = shortest - head
    differs = np.flatnonzero(base[len(base) - left :][::-1] != new[len(new) - left :][::-1])
    tail = int(differs[0]) if differs.size else left
    middle = _in_windows(base[head : len(base) - tail], new[head : len(new) - tail], worth, window)
    ends = np.arange(tail)
    return np.concatenate(
        [
            np.repeat(np.arange(head)[:, np.newaxis], 2, axis=1),
            middle + head,
            np.stack([len(base) - tail + ends, len(new) - tail + ends], axis=1),
        ]
    )


def _in_windows(base: IntArray, new: IntArray, worth: Worth, window: int) -> IntArray:
    found: list[IntArray] = []
    at, there = 0, 0
    while at < len(base) and there < len(new):
        ours, theirs = base[at : at + window], new[there : there + window]
        pairs = _best(ours, theirs, worth)
        if at + window < len(base) or there + window < len(new):
            # What lies in the second half may have its counterpart beyond the window.
            pairs = pairs[(pairs < window // 2).all(axis=1)]
            steps = pairs[-1] + 1 if len(pairs) else np.array([window // 2, window // 2])
        else:
            steps = np.array([len(ours), len(theirs)])
        found.append(pairs + np.array([at, there]))
        at, there = at + int(steps[0]), there + int(steps[1])
    return np.concatenate(found) if found else _NOTHING


def _best(base: IntArray, new: IntArray, worth: Worth) -> IntArray:
    tokens, of_base = np.unique(base, return_inverse=True)
    others, of_new = np.unique(new, return_inverse=True)
    values = worth(tokens, others).astype(np.int32)[of_base.reshape(-1)]  # half the memory of 64 bits
    columns = of_new.reshape(-1)
    best = np.zeros((len(base) + 1, len(new) + 1), dtype=np.int32)
    for row in range(len(base)):
        above, here = best[row], best[row + 1]
        np.maximum(above[1:], above[:-1] + values[row][columns], out=here[1:])
        np.maximum.accumulate(here, out=here)
    return _path(best, values, columns)


def _path(best: npt.NDArray[np.int32], values: npt.NDArray[np.int32], columns: IntArray) -> IntArray:
    """The pairs behind the best sum, from the end: of equally good ones those that stay together."""
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
