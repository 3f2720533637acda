"""Kernel time on both sides of any grouping of slots: ops, op types, groups of changes, all of it."""

from __future__ import annotations

import numpy as np

from perfsheet.analysis.statistics import known
from perfsheet.capture.table import BoolArray, FloatArray, IntArray
from perfsheet.compare.noise import beyond, noise_and_samples
from perfsheet.compare.results import Span, Times
from perfsheet.compare.slots import Slots, summed


class Clock:
    """Adds up the slots of both sides; `outside` are those that are no part of a pass.

    `noise` is what differences are judged by; `per_pass`: the windows hold different numbers of passes.
    """

    def __init__(self, base: Slots, new: Slots, outside: tuple[BoolArray, BoolArray], assumed_pct: float) -> None:
        self._sides = (base, new)
        self._outside = outside
        self.per_pass = base.passes != new.passes
        self.noise, *self._samples = noise_and_samples(base, new, assumed_pct)

    def times(self, of_base: IntArray, of_new: IntArray, count: int) -> list[Times]:
        """The times of so many groups; `of_base` and `of_new` give for each slot its group."""
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
            Times(Span(*window), Span(*a_pass), counted, known(width))
            for window, a_pass, counted, width in zip(
                zip(*windows, strict=True), zip(*passes, strict=True), counts.tolist(), widths.tolist(), strict=True
            )
        ]

    def span(self, times: Times) -> Span:
        """What can be compared: a mean pass where `per_pass`, else the windows."""
        return times.a_pass if self.per_pass else times.window

    def total(self) -> Times:
        """All of it."""
        base, new = (np.zeros(len(side), dtype=np.int64) for side in self._sides)
        return self.times(base, new, 1)[0]


def _values(sums: FloatArray, present: BoolArray) -> list[float | None]:
    """0 where there is nothing, None where there is but its time is unknown."""
    return [known(value) if there else 0.0 for value, there in zip(sums.tolist(), present.tolist(), strict=True)]
