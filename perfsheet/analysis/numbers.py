"""Between arrays, in which unknown is NaN, and results, in which it is None."""

from __future__ import annotations

import math

import numpy as np

from perfsheet.capture.table import FloatArray


def known(value: float) -> float | None:
    """The value, None when it is unknown."""
    return float(value) if math.isfinite(value) else None


def known_int(value: float) -> int | None:
    """The value as a whole number, None when it is unknown."""
    return int(value) if math.isfinite(value) else None


def known_ints(values: FloatArray) -> tuple[int, ...]:
    """The distinct known values, ascending."""
    return tuple(int(value) for value in np.unique(values[np.isfinite(values)]))


def ratio(part: float, whole: float) -> float:
    """part / whole, NaN when there is no whole."""
    return part / whole if whole else math.nan
