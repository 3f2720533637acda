"""From arrays, where NaN is unknown, to results, where None is; and the spread of repeated figures."""

from __future__ import annotations

import math
import warnings

import numpy as np

from perfsheet.capture.arrays import distinct, known_medians
from perfsheet.capture.table import FloatArray
from perfsheet.light_dataclass import dataclass

_FEW = 32


def known(value: float) -> float | None:
    """The value, or None if it is NaN."""
    return float(value) if math.isfinite(value) else None


def known_int(value: float) -> int | None:
    """The value as an int, or None if it is NaN."""
    return int(value) if math.isfinite(value) else None


def known_ints(values: FloatArray) -> tuple[int, ...]:
    """The distinct known values, ascending."""
    if len(values) <= _FEW:  # numpy takes a hundred times as long for one value
        return tuple(sorted({int(value) for value in values.tolist() if math.isfinite(value)}))
    return tuple(int(value) for value in distinct(values[np.isfinite(values)]))


def ratio(part: float, whole: float) -> float:
    """part / whole, NaN if the whole is 0."""
    return part / whole if whole else math.nan


@dataclass(frozen=True)
class Spread:
    """How one figure varies between runs. Times in ns; None = unknown. `cv` is a fraction of the mean.

    `std_ns` is the sample standard deviation (n − 1), unknown for a single run, and so is `cv`.
    """

    runs: int
    min_ns: float | None
    median_ns: float | None
    max_ns: float | None
    mean_ns: float | None
    std_ns: float | None
    cv: float | None


def spread(values: FloatArray) -> Spread:
    """The statistics of one figure (ns) over several runs; NaN is ignored."""
    return spreads(values[:, np.newaxis]).at(0)


@dataclass(frozen=True, eq=False)
class Spreads:
    """The `Spread` of many figures, as arrays; NaN = unknown."""

    runs: FloatArray
    min_ns: FloatArray
    median_ns: FloatArray
    max_ns: FloatArray
    mean_ns: FloatArray
    std_ns: FloatArray
    cv: FloatArray

    def at(self, column: int) -> Spread:
        """The statistics of one column."""
        figures = (self.min_ns, self.median_ns, self.max_ns, self.mean_ns, self.std_ns, self.cv)
        return Spread(int(self.runs[column]), *(known(figure[column]) for figure in figures))


def spreads(durations: FloatArray) -> Spreads:
    """The statistics of every column; the rows are runs."""
    runs = np.isfinite(durations).sum(axis=0)
    with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)  # NaN for columns with no known value or one
        mean = np.nanmean(durations, axis=0)
        std = np.nanstd(durations, axis=0, ddof=1)
        return Spreads(
            runs=runs.astype(np.float64),
            min_ns=np.nanmin(durations, axis=0),
            median_ns=known_medians(durations),
            max_ns=np.nanmax(durations, axis=0),
            mean_ns=mean,
            std_ns=std,
            cv=std / mean,
        )


def largest(values: FloatArray) -> float | None:
    """The largest known value; None where none is known."""
    known = values[np.isfinite(values)]
    return float(known.max()) if known.size else None
