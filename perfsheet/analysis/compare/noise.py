"""Whether a difference of times is more than noise.

With repeats it is judged by their spread (Welch's t interval); without, a share of the time that is assumed.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from perfsheet.analysis.compare.slots import Slots, summed
from perfsheet.analysis.repeats import NOISY_PCT
from perfsheet.capture.table import BoolArray, FloatArray, IntArray

CONFIDENCE_PCT = 99
RUNS, PASSES, ASSUMED = "runs", "passes", "assumed"
_FEWEST_PASSES = 3
"""Two passes say too little of their spread."""
_ROUNDING = 1e-9

# Two-sided 99 % quantiles of Student's t for 1 to 30 degrees of freedom; beyond, that of 30 (slightly cautious).
# Source: NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2 (upper tail 0.995).
# fmt: off
_T = np.array([
    63.657, 9.925, 5.841, 4.604, 4.032, 3.707, 3.499, 3.355, 3.250, 3.169,
    3.106, 3.055, 3.012, 2.977, 2.947, 2.921, 2.898, 2.878, 2.861, 2.845,
    2.831, 2.819, 2.807, 2.797, 2.787, 2.779, 2.771, 2.763, 2.756, 2.750,
])
# fmt: on


@dataclass(frozen=True)
class Noise:
    """What differences are judged by: `how` is `runs`, `passes` or `assumed`, with so many of them on each side.

    `assumed_pct` counts where an op has no repeats: a difference of more than so much of the shorter time.
    """

    how: str
    base: int
    new: int
    assumed_pct: float = NOISY_PCT


@dataclass(frozen=True, eq=False)
class Samples:
    """What each slot took, a line per repeat (ns a pass, NaN = unknown)."""

    lines: FloatArray

    def of(self, groups: IntArray, count: int) -> FloatArray:
        """The same for so many groups of slots; -1 = in none."""
        inside = groups >= 0
        return np.array([summed(groups[inside], line[inside], count) for line in self.lines])


def noise_and_samples(base: Slots, new: Slots, assumed_pct: float) -> tuple[Noise, Samples, Samples]:
    """Runs if one side has several, else passes if one has three; else each side is one sample."""
    runs = [_runs(side) for side in (base, new)]
    if max(map(len, runs)) > 1:
        return Noise(RUNS, len(runs[0]), len(runs[1]), assumed_pct), Samples(runs[0]), Samples(runs[1])
    if max(base.passes, new.passes) >= _FEWEST_PASSES:
        return Noise(PASSES, base.passes, new.passes, assumed_pct), Samples(_passes(base)), Samples(_passes(new))
    return Noise(ASSUMED, 1, 1, assumed_pct), Samples(runs[0]), Samples(runs[1])


def _runs(side: Slots) -> FloatArray:
    """The mean pass of every run."""
    repeats = side.analysis.repeats
    durations = side.analysis.ops.kernel_ns[np.newaxis] if repeats is None else repeats.durations
    return np.array([summed(side.of, line, len(side)) / side.sizes for line in durations])


def _passes(side: Slots) -> FloatArray:
    """Every pass; what is outside of them ran once."""
    lines = np.full((side.passes, len(side)), np.nan)
    ops = side.analysis.ops
    if side.passes == 1:
        lines[0, side.of] = ops.kernel_ns
        return lines
    for number, one in enumerate(side.analysis.facts.passes.all):
        lines[number, side.of[one.positions]] = ops.kernel_ns[one.positions]
    outside = side.analysis.facts.passes.outside
    lines[0, side.of[outside]] = ops.kernel_ns[outside]
    return lines


def beyond(noise: Noise, base: FloatArray, new: FloatArray) -> BoolArray:
    """For each column of two samples whether their means differ by more than noise; unknown times don't."""
    (count, mean, variance), (others, other_mean, other_variance) = _moments(base), _moments(new)
    with np.errstate(divide="ignore", invalid="ignore"):
        # A side without repeats of its own varies as the other one does.
        variance, freedom = (
            np.where(count > 1, variance, other_variance),
            np.where(count > 1, count - 1, others - 1),
        )
        other_variance, other_freedom = (
            np.where(others > 1, other_variance, variance),
            np.where(others > 1, others - 1, freedom),
        )
        parts = (variance / count, other_variance / others)
        squared = parts[0] + parts[1]
        welch = squared**2 / (parts[0] ** 2 / freedom + parts[1] ** 2 / other_freedom)
        both = (count > 1) & (others > 1)
        degrees = np.where(both, welch, np.maximum(freedom, other_freedom))
        degrees = np.where(np.isfinite(degrees), degrees, freedom)
        repeated = (count > 1) | (others > 1)
        place = np.clip(np.nan_to_num(degrees, nan=1.0), 1, len(_T)).astype(np.int64) - 1
        limit = np.where(repeated, _T[place] * np.sqrt(squared), noise.assumed_pct / 100 * np.minimum(mean, other_mean))
        return np.asarray(np.abs(other_mean - mean) > limit + _ROUNDING * mean)


def _moments(lines: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    count = np.isfinite(lines).sum(axis=0).astype(np.float64)
    with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)  # no known value, or one: NaN it is
        return count, np.nanmean(lines, axis=0), np.nanvar(lines, axis=0, ddof=1)
