"""Savings of several findings on the same ops."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from perfsheet.capture.table import FloatArray, IntArray


def best(parts: Sequence[tuple[IntArray, FloatArray]], positions: IntArray) -> FloatArray:
    """The largest saving (ns) of each of these ops (ascending), NaN where none is known.

    `parts`: positions of ops, and what each saves; those of host rows, which have savings but no ops, are left out.
    """
    found = np.full(len(positions), np.nan)
    for of, savings in parts:
        if len(savings) == len(of) and len(positions):
            place = np.minimum(np.searchsorted(positions, of), len(positions) - 1)
            here = positions[place] == of
            np.fmax.at(found, place[here], savings[here])
    return found


def best_of_all(parts: Sequence[tuple[IntArray, FloatArray]], positions: IntArray) -> FloatArray:
    """The same, and behind them what is saved of host rows."""
    return np.concatenate([best(parts, positions), *(savings for of, savings in parts if len(savings) != len(of))])


def sum_of_known(values: FloatArray) -> float | None:
    """Σ of the known values; None without any."""
    finite = values[np.isfinite(values)]
    return float(finite.sum()) if finite.size else None
