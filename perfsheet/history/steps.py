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
FROM_MAD = 1.4826
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
    """Two levels that a series alternates between, the part of its runs on the upper one, and the noise around each.

    `cv` is a fraction.
    """

    lower: float
    upper: float
    upper_share: float
    cv: float

    @property
    def apart(self) -> float:
        """How far the upper one is above the lower one, as a fraction of it."""
        return self.upper / self.lower - 1


@dataclass(frozen=True)
class Steps:
    """What a series of n runs shows.

    `cv`: its noise around its levels without outliers, as a fraction; None with fewer than two runs. `outliers`: how
    many of its runs are so far from those around them that they count as nearer. `enough`: whether it has runs enough
    for a step to be told from noise.
    """

    found: tuple[Step, ...]
    cv: float | None
    bimodal: Levels | None
    outliers: int
    enough: bool


def find_steps(values: Sequence[float] | FloatArray) -> Steps:
    """The steps of a series of finite values, in the order of its runs.

    Steps are sought in the logarithms; in the values themselves, if some are not above 0.
    """
    series = np.asarray(values, dtype=np.float64)
    if len(series) < 2 * PERSISTENCE:
        return Steps((), _cv(series, []), None, 0, enough=False)
    scale = float(np.abs(series).max()) or 1.0
    logarithmic = series.min() > 0
    bent = np.log(series) if logarithmic else series / scale
    bimodal = _two_levels(bent) if logarithmic else None
    used = bent if bimodal else _without_outliers(bent)
    plain = np.where(used == bent, series, np.exp(used) if logarithmic else scale * used)
    noise = _noise(used) if bimodal is None else float(used.std())
    steps = _tested(_Series(series, used, plain), _candidates(used, noise))
    cv = _cv(plain, [step.at for step in steps])
    return Steps(tuple(steps), cv, bimodal, int((used != bent).sum()), enough=True)


@dataclass(frozen=True, eq=False)
class _Series:
    """Values as measured, as they are searched (logarithms, outliers moved nearer), and these in the unit again."""

    measured: FloatArray
    used: FloatArray
    plain: FloatArray


def _tested(series: _Series, cuts: list[int]) -> list[Step]:
    """The steps at these places, the weakest dropped until all count."""
    tests = [_test(series, cuts, place) for place in range(len(cuts))]
    while not all(counts for _, counts in tests):
        weakest = max(
            (place for place, (_, counts) in enumerate(tests) if not counts),
            key=lambda place: (tests[place][0].p_value, -abs(tests[place][0].size)),
        )
        del cuts[weakest], tests[weakest]
        for beside in (weakest - 1, weakest):
            if 0 <= beside < len(cuts):
                tests[beside] = _test(series, cuts, beside)
    return [step for step, _ in tests]


def _test(series: _Series, cuts: Sequence[int], place: int) -> tuple[Step, bool]:
    """A step, and whether it is large by the noise of the runs on both sides of it, persists, and is no noise."""
    first, end = _neighbours(cuts, place, len(series.used))
    step = _step(series, cuts[place], first, end)
    noise = _cv(series.plain[first:end], [step.at - first]) or 0.0
    large = abs(step.size) >= max(LEAST, 2 * noise)
    return step, large and step.p_value <= SIGNIFICANCE and _persists(series.measured[first:end], step, step.at - first)


def _persists(part: FloatArray, step: Step, at: int) -> bool:
    """Whether runs enough of both levels are on their own side of the middle between the two."""
    middle = math.sqrt(step.before * step.after) if min(step.before, step.after) > 0 else (step.before + step.after) / 2
    above = part > middle if step.after > step.before else part < middle
    return min(int((~above[:at]).sum()), int(above[at:].sum())) >= PERSISTENCE


def _neighbours(cuts: Sequence[int], place: int, count: int) -> tuple[int, int]:
    """The runs of the two levels around a step."""
    bounds = [0, *cuts, count]
    return bounds[place], bounds[place + 2]


def _step(series: _Series, at: int, first: int, end: int) -> Step:
    before, after = (float(np.median(part)) for part in (series.measured[first:at], series.measured[at:end]))
    statistic, curve = _largest_split(series.used[first:end])
    earliest, latest = _where(curve)
    return Step(
        at=at,
        earliest=min(at, first + earliest),
        latest=max(at, first + latest),
        before=before,
        after=after,
        size=(after - before) / abs(before) if before else math.inf if after else 0.0,
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
    """The length to simulate: exact for short series, for longer ones the next of four lengths per doubling."""
    if count <= 16:
        return count
    return min(_LONGEST_SIMULATED, math.ceil(2 ** (math.ceil(4 * math.log2(count)) / 4)))


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
    return FROM_MAD * float(np.median(np.abs(np.diff(logs)))) / math.sqrt(2)


def _without_outliers(logs: FloatArray) -> FloatArray:
    """Values far from those around them, moved nearer."""
    around = np.lib.stride_tricks.sliding_window_view(np.pad(logs, _WINDOW // 2, mode="reflect"), _WINDOW)
    middle = np.median(around, axis=1)
    reach = _CLIP * max(_noise(logs), FROM_MAD * float(np.median(np.abs(logs - middle))), 1e-9)
    return np.asarray(np.clip(logs, middle - reach, middle + reach))


def _cv(series: FloatArray, cuts: Sequence[int]) -> float | None:
    """The standard deviation around the mean of each level, as a fraction; None if there is nothing to tell it by."""
    parts = [part for part in np.split(series, cuts) if len(part)]
    free = len(series) - len(parts)
    if free < 1:
        return None
    means = [(part, float(part.mean())) for part in parts]
    return math.sqrt(sum(float(((part / mean - 1) ** 2).sum()) for part, mean in means if mean) / free)


_FEWEST_OF_LEVELS = 12
_LEAST_SHARE, _FEWEST_ON_LEVEL = 0.1, 5
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
    fewest = max(_FEWEST_ON_LEVEL, _LEAST_SHARE * count)
    if min(int(upper.sum()), count - int(upper.sum())) < fewest or gain < _BIC:
        return None
    if high - low < max(math.log1p(LEAST), _LEAST_APART * deviation):
        return None
    changes = int((upper[1:] != upper[:-1]).sum())
    if changes < _MIXED * 2 * share * (1 - share) * (count - 1):
        return None
    return Levels(math.exp(low), math.exp(high), share, deviation)


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
