"""Arrays of a capture. What numpy has for these imports its masked arrays, which a short command would wait for."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


def distinct(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The distinct values, ascending. Only without the counts, numpy 2 needs masked arrays."""
    return np.asarray(np.unique(values, return_counts=True)[0])


def median(values: npt.ArrayLike) -> float:
    """The median; NaN if a value is NaN, or there is none."""
    ordered = np.sort(values, axis=None)
    count = len(ordered)
    if not count or np.isnan(ordered[-1]):
        return np.nan
    return float(ordered[(count - 1) // 2 : count // 2 + 1].mean())


def known_medians(rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The median of every column's known values; NaN for a column without one."""
    if not len(rows):
        return np.full(rows.shape[1:], np.nan)
    ordered = np.sort(rows, axis=0)  # NaN last
    last = np.maximum(np.isfinite(rows).sum(axis=0) - 1, 0)
    middle = [np.take_along_axis(ordered, place[np.newaxis], axis=0)[0] for place in (last // 2, (last + 1) // 2)]
    return np.asarray((middle[0] + middle[1]) / 2)
