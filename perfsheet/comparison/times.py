"""Kernel times of both sides for any grouping of slots, and whether a difference exceeds the noise.

With repeats the noise follows from their spread (Welch's t interval); without, it is an assumed share of the time.
"""

from __future__ import annotations

import warnings

import numpy as np

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.repeats import NOISY_PCT
from perfsheet.analysis.statistics import known
from perfsheet.analysis.windows.passes import Pass
from perfsheet.capture.table import BoolArray, FloatArray, IntArray
from perfsheet.comparison.results import Span, Times
from perfsheet.comparison.slots import Slots, mean_ns, positions_of, summed
from perfsheet.light_dataclass import dataclass

CONFIDENCE_PCT = 99
RUNS, PASSES, ASSUMED, NONE = "runs", "passes", "assumed", "none"
FEWEST = 3
"""Two repeats say too little about their spread: with two runs per side the interval is ten deviations wide."""
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
    """How noise is known: from `runs`, from `passes`, or `assumed`; `base` and `new` are their numbers on each side.

    `none`: least times of a plan have no noise.

    `assumed_pct` applies to ops without repeats: the percentage of the shorter time from which a difference counts.
    """

    how: str
    base: int
    new: int
    assumed_pct: float = NOISY_PCT


@dataclass(frozen=True, eq=False)
class Samples:
    """The time of each slot, a row per repeat (ns per pass, NaN = unknown).

    `once`: slots that are not repeated; their time is in the first row, and counts in every repeat in sums.
    """

    lines: FloatArray
    once: BoolArray

    def of(self, groups: IntArray, count: int) -> FloatArray:
        """The same for groups of slots; a sum that lacks one of its parts is unknown."""
        repeated = ~self.once
        measured = np.isfinite(self.lines)
        missing: BoolArray = ~measured & measured.any(axis=0) & repeated  # what is never known is in no sum
        values = np.nan_to_num(self.lines)
        fixed = np.bincount(groups[self.once], values[0, self.once], count)
        sums: FloatArray = np.array([np.bincount(groups[repeated], line[repeated], count) for line in values]) + fixed
        gaps = np.array([np.bincount(groups, line, count) for line in missing.astype(np.float64)]) > 0
        sums[gaps] = np.nan
        ever_measured = measured.any(axis=0)
        sums[:, np.bincount(groups[ever_measured], minlength=count) == 0] = np.nan
        alone = np.bincount(groups[ever_measured & repeated], minlength=count) == 0
        sums[1:, alone] = np.nan
        return sums


def noise_and_samples(base: Slots, new: Slots, assumed_pct: float) -> tuple[Noise, Samples, Samples]:
    """The noise and the samples of both sides: from three or more runs, else three or more passes, else assumed.

    None if one of them is a plan.
    """
    if base.planned or new.planned:
        return Noise(NONE, 1, 1, 0.0), _shown(base), _shown(new)
    runs = (_runs(base), _runs(new))
    if max(len(samples.lines) for samples in runs) >= FEWEST:
        return Noise(RUNS, len(runs[0].lines), len(runs[1].lines), assumed_pct), *runs
    passes = (_passes(base), _passes(new))
    if max(len(samples.lines) for samples in passes) >= FEWEST:
        return Noise(PASSES, len(passes[0].lines), len(passes[1].lines), assumed_pct), *passes
    shown = (_shown(base), _shown(new))
    return Noise(ASSUMED, len(runs[0].lines), len(runs[1].lines), assumed_pct), *shown


def _shown(side: Slots) -> Samples:
    return Samples(side.mean_ns[np.newaxis], np.zeros(len(side), dtype=np.bool_))


def _runs(side: Slots) -> Samples:
    """The mean pass of every run."""
    repeats = side.analysis.repeats
    if repeats is None:
        return _shown(side)
    lines = np.array([mean_ns(side.of, line, len(side)) for line in repeats.counted_ns])
    return Samples(lines, np.zeros(len(side), dtype=np.bool_))


def _passes(side: Slots) -> Samples:
    """Every pass except a cold one."""
    facts = side.analysis.facts
    warm = [model_pass for model_pass in facts.passes.all if not model_pass.cold]
    if facts.scope.chosen is not None and facts.variation is not None:
        return Samples(_like_chosen(facts, warm)[:, side.first], np.zeros(len(side), dtype=np.bool_))
    if side.passes == 1 or not warm:
        return _shown(side)
    time = side.analysis.ops.counted_ns
    lines = np.full((len(warm), len(side)), np.nan)
    for number, model_pass in enumerate(warm):
        here = positions_of(side.analysis, model_pass.positions)
        lines[number, side.of[here]] = time[here]
    outside = positions_of(side.analysis, facts.passes.outside)
    lines[0, side.of[outside]] = time[outside]
    return Samples(lines, side.outside)


def _like_chosen(facts: Facts, passes: list[Pass]) -> FloatArray:
    """What each op of the chosen pass takes in these passes of the same ops; on the critical path, its step's slowest
    device in each of them."""
    scope, aligned = facts.scope, facts.devices
    lines = scope.every.counted_ns[np.array([run.positions for run in passes])]
    if not scope.every.options.per_device and aligned.count > 1 and aligned.aligned:
        slowest = np.full((len(lines), int(aligned.step.max()) + 1), np.nan)
        for line, longest in zip(lines, slowest, strict=True):
            np.fmax.at(longest, aligned.step, line)
        lines = slowest[:, aligned.step]
    return np.asarray(lines[:, scope.place_within])


def beyond(noise: Noise, base: FloatArray, new: FloatArray) -> tuple[BoolArray, FloatArray]:
    """For each column of two samples whether their means differ by more than the noise, and the noise.

    The noise (ns) is half of the interval, NaN without repeats. Unknown times do not differ.
    """
    (count, mean, variance), (others, other_mean, other_variance) = _moments(base), _moments(new)
    repeated, also = count >= FEWEST, others >= FEWEST
    with np.errstate(divide="ignore", invalid="ignore"):
        # A side without repeats is assumed to vary like the other side.
        own, other = np.where(repeated, variance, other_variance), np.where(also, other_variance, variance)
        parts = (own / count, other / others)
        squared = parts[0] + parts[1]
        welch = squared**2 / (parts[0] ** 2 / (count - 1) + parts[1] ** 2 / (others - 1))
        one_sided = np.where(repeated, count, others) - 1
        degrees = np.where(repeated & also & np.isfinite(welch), welch, one_sided)
        place = np.clip(np.nan_to_num(degrees, nan=1.0), 1, len(_T)).astype(np.int64) - 1
        assumed = noise.assumed_pct / 100 * np.minimum(mean, other_mean)
        width = np.where(repeated | also, _T[place] * np.sqrt(squared), np.nan)
        limit = np.where(repeated | also, width, assumed)
        return np.asarray(np.abs(other_mean - mean) > limit + _ROUNDING * mean), width


def _moments(lines: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    count = np.isfinite(lines).sum(axis=0).astype(np.float64)
    with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)  # NaN for columns with no known value or one
        return count, np.nanmean(lines, axis=0), np.nanvar(lines, axis=0, ddof=1)


class Clock:
    """Sums up the slots of both sides; `outside` are slots that belong to no pass.

    `noise` decides which differences count; `per_pass`: the windows hold different numbers of passes.
    """

    def __init__(self, base: Slots, new: Slots, outside: tuple[BoolArray, BoolArray], assumed_pct: float) -> None:
        self._sides = (base, new)
        self._outside = outside
        self.per_pass = base.passes != new.passes
        self.noise, *self._samples = noise_and_samples(base, new, assumed_pct)

    def times(self, of_base: IntArray, of_new: IntArray, count: int) -> list[Times]:
        """The times of `count` groups; `of_base` and `of_new` give the group of each slot."""
        windows, passes, there = [], [], []
        for side, outside, of in zip(self._sides, self._outside, (of_base, of_new), strict=True):
            present = np.bincount(of, minlength=count) > 0
            windows.append(_values(summed(of, side.kernel_ns, count), present))
            passes.append(_values(summed(of, np.where(outside, 0.0, side.mean_ns), count), present))
            there.append(present)
        samples = (self._samples[0].of(of_base, count), self._samples[1].of(of_new, count))
        counts, widths = beyond(self.noise, *samples)
        counts |= there[0] != there[1]
        return [
            Times(Span(*window), Span(*mean_pass), counted, known(width))
            for window, mean_pass, counted, width in zip(
                zip(*windows, strict=True), zip(*passes, strict=True), counts.tolist(), widths.tolist(), strict=True
            )
        ]

    def span(self, times: Times) -> Span:
        """The comparable times: those of a mean pass if `per_pass`, else those of the windows."""
        return times.mean_pass if self.per_pass else times.window

    def total(self) -> Times:
        """The times of the whole windows."""
        base, new = (np.zeros(len(side), dtype=np.int64) for side in self._sides)
        return self.times(base, new, 1)[0]


def _values(sums: FloatArray, present: BoolArray) -> list[float | None]:
    """0 without ops, None if there are ops but their time is unknown."""
    return [known(value) if there else 0.0 for value, there in zip(sums.tolist(), present.tolist(), strict=True)]
