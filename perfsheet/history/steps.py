"""Change points of one series: where it steps up or down and stays there, and whether it has two levels by nature.

Optimal partitioning (Jackson and others, 2005) proposes where a series steps. A step counts if it is large enough,
persists, and noise alone would hardly ever show one like it anywhere in the series (docs/history.md).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from perfsheet.capture.table import FloatArray
from perfsheet.light_dataclass import dataclass

LEAST = 0.03
"""The least size of a step, as a fraction of the level before it; twice the noise, if that is more."""
PERSISTENCE = 3
"""Runs that a level lasts at the least."""
SIGNIFICANCE = 0.001
"""How often noise alone may show such a step anywhere in a series."""
_PENALTY = 3.0
"""Of one more step, times noise² × log n: low, because every step is tested afterwards."""
_SIMULATED = 4000
_LONGEST_SIMULATED = 500
"""Runs of a simulated series; the largest split of a longer one is hardly larger."""
_SEED = 20260101
_CLIP = 4.0
"""Times the noise: what is further from the runs around it is an outlier, and counts as being that far."""
_WINDOW = 7
_FROM_MAD = 1.4826
"""The standard deviation of a normal distribution, by its median absolute deviation."""


@dataclass(frozen=True)
class Step:
    """A step: `at` is the place of the first run on the new level, the others are as the series has them.

    It may have happened anywhere from `earliest` to `latest` (99 %). `size` is a fraction of the level before;
    `p_value`: how often noise alone shows such a split anywhere in these runs, at most.
    """

    at: int
    earliest: int
    latest: int
    before: float
    after: float
    size: float
    p_value: float

    @property
    def confidence(self) -> float:
        """1 − `p_value`."""
        return 1.0 - self.p_value


@dataclass(frozen=True)
class Levels:
    """Two levels that a series alternates between, and the part of its runs on the upper one."""

    lower: float
    upper: float
    upper_share: float

    @property
    def apart(self) -> float:
        """How far the upper one is above the lower one, as a fraction of it."""
        return self.upper / self.lower - 1


@dataclass(frozen=True)
class Steps:
    """What a series of n runs shows. `cv`: its noise around its levels, as a fraction; None with fewer than two runs.

    `enough`: whether it has runs enough for a step to be told from noise.
    """

    found: tuple[Step, ...]
    cv: float | None
    bimodal: Levels | None
    enough: bool


def find_steps(values: Sequence[float] | FloatArray) -> Steps:
    """The steps of a series of values that are not negative, in the order of its runs.

    Steps are sought in the logarithms; in the values themselves, if there are zeros among them.
    """
    series = np.asarray(values, dtype=np.float64)
    if len(series) < 2 * PERSISTENCE:
        return Steps((), _cv(series, []), None, enough=False)
    logs = np.log(series) if series.min() > 0 else series / (series.mean() or 1.0)
    bimodal = _two_levels(logs) if series.min() > 0 else None
    used = logs if bimodal else _without_outliers(logs)
    cuts = _candidates(used, _noise(used) if bimodal is None else float(used.std()))
    steps = [_step(series, used, cuts, place) for place in range(len(cuts))]
    while steps and not all(_counts(step, series, cuts, place) for place, step in enumerate(steps)):
        weakest = max(
            (place for place, step in enumerate(steps) if not _counts(step, series, cuts, place)),
            key=lambda place: (steps[place].p_value, -abs(steps[place].size)),
        )
        del cuts[weakest]
        steps = [_step(series, used, cuts, place) for place in range(len(cuts))]
    return Steps(tuple(steps), _cv(series, cuts), bimodal, enough=True)


def _counts(step: Step, series: FloatArray, cuts: list[int], place: int) -> bool:
    """Whether a step is large enough, by the noise of the runs on both sides of it, persists, and is hardly noise."""
    first, end = _neighbours(cuts, place, len(series))
    noise = _cv(series[first:end], [step.at - first]) or 0.0
    middle = math.sqrt(step.before * step.after) or (step.before + step.after) / 2
    above = series[first:end] > middle
    on_own_side = (above if step.size > 0 else ~above) == (np.arange(first, end) >= step.at)
    before, after = (int(part.sum()) for part in np.split(on_own_side, [step.at - first]))
    large = abs(step.size) >= max(LEAST, 2 * noise)
    return large and step.p_value <= SIGNIFICANCE and min(before, after) >= PERSISTENCE


def _neighbours(cuts: Sequence[int], place: int, count: int) -> tuple[int, int]:
    """The runs of the two levels around a step."""
    bounds = [0, *cuts, count]
    return bounds[place], bounds[place + 2]


def _step(series: FloatArray, used: FloatArray, cuts: Sequence[int], place: int) -> Step:
    at = cuts[place]
    first, end = _neighbours(cuts, place, len(series))
    before, after = (float(np.median(part)) for part in (series[first:at], series[at:end]))
    statistic, curve = _largest_split(used[first:end])
    earliest, latest = _where(curve)
    return Step(
        at=at,
        earliest=min(at, first + earliest),
        latest=max(at, first + latest),
        before=before,
        after=after,
        size=after / before - 1 if before else math.inf if after else 0.0,
        p_value=_p_value(end - first, statistic),
    )


def _largest_split(part: FloatArray) -> tuple[float, FloatArray]:
    """The largest t statistic over all splits of a series in two, and for every split its sum of squares in log form.

    The second is n / 2 × log of what is left around both means: differences are those of the log likelihood.
    """
    _, squares, whole = _squares(part[None, :])
    left = np.maximum(squares[0], 1e-12 * whole[0] + np.finfo(float).tiny)
    explained = np.maximum(whole[0] - left, 0.0)
    return math.sqrt(float((explained / left).max()) * (len(part) - 2)), len(part) / 2 * np.log(left)


def _squares(rows: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """For every split of each row that leaves runs enough on both sides: its place, and the squares around both means.

    The third are the squares around the mean of each row.
    """
    count = rows.shape[1]
    centred = rows - rows.mean(axis=1, keepdims=True)
    splits = np.arange(PERSISTENCE, count - PERSISTENCE + 1)
    sums = np.cumsum(centred, axis=1)[:, splits - 1]
    whole = (centred**2).sum(axis=1, keepdims=True)
    explained = sums**2 * (1 / splits + 1 / (count - splits))
    return splits.astype(np.float64), whole - explained, whole


_WITHIN = 3.32
"""Half the 99 % quantile of chi² with one degree of freedom: by so much the log likelihood may be lower."""


def _where(curve: FloatArray) -> tuple[int, int]:
    """The first and the last place of a split that fits about as well as the best one."""
    likely = np.flatnonzero(curve <= curve.min() + _WITHIN) + PERSISTENCE
    return int(likely[0]), int(likely[-1])


def _p_value(count: int, statistic: float) -> float:
    """How often series of `count` runs of noise alone have a split as large as this, at most."""
    simulated = _largest_of_noise(_simulated_length(count))
    above = len(simulated) - int(np.searchsorted(simulated, statistic))
    return (above + 1) / (len(simulated) + 1)


def _simulated_length(count: int) -> int:
    """The length to simulate: exact for short series, in steps of an eighth for longer ones."""
    if count <= 32:
        return count
    return min(_LONGEST_SIMULATED, math.ceil(2 ** (math.ceil(8 * math.log2(count)) / 8)))


@lru_cache
def _largest_of_noise(count: int) -> FloatArray:
    """The largest t statistics over all splits of simulated series of normal noise, ascending."""
    rows = np.random.default_rng(_SEED).standard_normal((_SIMULATED, count))
    _, squares, whole = _squares(rows)
    largest = np.sqrt(((whole - squares) / squares).max(axis=1) * (count - 2))
    return np.sort(largest)


_BLOCK, _OVERLAP = 1000, 200
"""Longer series are partitioned in blocks that overlap, so that the cost grows with their length."""


def _candidates(used: FloatArray, noise: float) -> list[int]:
    """Where a series may step, in order; every one is tested afterwards."""
    penalty = _PENALTY * max(noise, 1e-6) ** 2 * math.log(len(used))
    starts = range(0, max(1, len(used) - _OVERLAP), _BLOCK - _OVERLAP)
    found = sorted({start + cut for start in starts for cut in _partition(used[start : start + _BLOCK], penalty)})
    apart: list[int] = []
    for cut in found:
        if cut - (apart[-1] if apart else 0) >= PERSISTENCE:
            apart.append(cut)
    return apart


def _partition(used: FloatArray, penalty: float) -> list[int]:
    """The places where the cheapest partition into constant levels steps; a step costs a penalty."""
    count = len(used)
    sums, squares = (
        np.concatenate([[0.0], np.cumsum(part)]) for part in (used - used.mean(), (used - used.mean()) ** 2)
    )
    best = np.full(count + 1, np.inf)
    best[0] = -penalty
    came_from = np.zeros(count + 1, dtype=np.int64)
    for end in range(PERSISTENCE, count + 1):
        starts = np.arange(end - PERSISTENCE + 1)
        inside = squares[end] - squares[starts] - (sums[end] - sums[starts]) ** 2 / (end - starts)
        costs = best[starts] + inside
        came_from[end] = int(np.argmin(costs))
        best[end] = costs[came_from[end]] + penalty
    cuts: list[int] = []
    at = count
    while came_from[at]:
        at = int(came_from[at])
        cuts.append(at)
    return cuts[::-1]


def _noise(logs: FloatArray) -> float:
    """The standard deviation of the noise, by differences of runs that follow each other: steps hardly count."""
    return _FROM_MAD * float(np.median(np.abs(np.diff(logs)))) / math.sqrt(2)


def _without_outliers(logs: FloatArray) -> FloatArray:
    """Values far from those around them, moved nearer."""
    around = np.lib.stride_tricks.sliding_window_view(np.pad(logs, _WINDOW // 2, mode="edge"), _WINDOW)
    middle = np.median(around, axis=1)
    reach = _CLIP * max(_noise(logs), _FROM_MAD * float(np.median(np.abs(logs - middle))), 1e-9)
    return np.asarray(np.clip(logs, middle - reach, middle + reach))


def _cv(series: FloatArray, cuts: Sequence[int]) -> float | None:
    """The standard deviation around the mean of each level, as a fraction; None if there is nothing to tell it by."""
    parts = [part for part in np.split(series, cuts) if len(part)]
    free = len(series) - len(parts)
    if free < 1:
        return None
    return math.sqrt(sum(float(((part / part.mean() - 1) ** 2).sum()) for part in parts if part.mean()) / free)


_FEWEST_OF_LEVELS = 12
_LEAST_SHARE = 0.1
_BIC = 10.0
"""By so much the fit of two levels must be better than that of one."""
_LEAST_APART = 2.5
"""Times the noise around each level."""
_MIXED = 0.5
"""Part of the changes between the levels that a shuffled series would have: a series that stays is one with steps."""


def _two_levels(logs: FloatArray) -> Levels | None:
    """The two levels that a series alternates between; None if it has one, or steps from one to the other and stays."""
    count = len(logs)
    if count < _FEWEST_OF_LEVELS or not float(np.ptp(logs)):
        return None
    fitted = _mixture(logs)
    if fitted is None:
        return None
    low, high, deviation, on_upper, gain = fitted
    upper = on_upper > 0.5
    share = float(upper.mean())
    apart = math.exp(high - low) - 1
    if not (_LEAST_SHARE <= share <= 1 - _LEAST_SHARE) or gain < _BIC:
        return None
    if apart < LEAST or high - low < _LEAST_APART * deviation:
        return None
    changes = int((upper[1:] != upper[:-1]).sum())
    if changes < _MIXED * 2 * share * (1 - share) * (count - 1):
        return None
    return Levels(math.exp(low), math.exp(high), share)


def _mixture(logs: FloatArray) -> tuple[float, float, float, FloatArray, float] | None:
    """Two normal distributions of one deviation, fitted by expectation and maximisation.

    Their means, the deviation, how likely each run is on the upper one, and how much better that fits (BIC) than one.
    """
    count = len(logs)
    ordered = np.sort(logs)
    splits = np.arange(1, count)
    sums = np.cumsum(ordered - ordered.mean())[:-1]
    threshold = ordered[int(np.argmax(sums**2 * (1 / splits + 1 / (count - splits)))) + 1]
    on_upper = (logs >= threshold).astype(np.float64)
    likelihood = low = high = deviation = 0.0
    for _ in range(50):
        share = float(on_upper.mean())
        if not 0 < share < 1:
            return None
        high, low = (float((weight * logs).sum() / weight.sum()) for weight in (on_upper, 1 - on_upper))
        left = on_upper * (logs - high) ** 2 + (1 - on_upper) * (logs - low) ** 2
        deviation = max(math.sqrt(float(left.mean())), 1e-6)
        of_upper, of_lower = (
            part * np.exp(-(((logs - mean) / deviation) ** 2) / 2) for part, mean in ((share, high), (1 - share, low))
        )
        together = np.maximum(of_upper + of_lower, np.finfo(float).tiny)
        on_upper = of_upper / together
        likelihood = float(np.log(together).sum()) - count * math.log(deviation)
    alone = -count * math.log(max(float(logs.std()), 1e-6)) - count / 2
    return low, high, deviation, on_upper, 2 * (likelihood - alone) - 2 * math.log(count)
