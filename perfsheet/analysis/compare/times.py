"""Kernel time on both sides of any grouping of slots: ops, op types, groups of changes, all of it."""

from __future__ import annotations

import numpy as np

from perfsheet.analysis.compare.noise import beyond, noise_and_samples
from perfsheet.analysis.compare.result import Times
from perfsheet.analysis.compare.slots import Slots, summed
from perfsheet.analysis.numbers import known
from perfsheet.capture.table import BoolArray, FloatArray, IntArray


class Clock:
    """Adds up the slots of both sides.

    `noise` is what differences are judged by; `per_pass`: the windows hold different numbers of passes.
    """

    def __init__(self, base: Slots, new: Slots, assumed_pct: float) -> None:
        self._sides = (base, new)
        self.per_pass = base.passes != new.passes
        self.noise, *self._samples = noise_and_samples(base, new, assumed_pct)

    def times(self, of_base: IntArray, of_new: IntArray, count: int) -> list[Times]:
        """The times of so many groups; `of_base` and `of_new` give for each slot its group."""
        base, new = self._sides
        there = [np.bincount(of, minlength=count) > 0 for of in (of_base, of_new)]
        samples = (self._samples[0].of(of_base, count), self._samples[1].of(of_new, count))
        counts: BoolArray = beyond(self.noise, *samples) | (there[0] != there[1])
        columns = (
            _values(summed(of_base, base.kernel_ns, count), there[0]),
            _values(summed(of_new, new.kernel_ns, count), there[1]),
            _values(summed(of_base, base.pass_ns, count), there[0]),
            _values(summed(of_new, new.pass_ns, count), there[1]),
        )
        return [
            Times(was, now, was_pass, now_pass, counted)
            for was, now, was_pass, now_pass, counted in zip(*columns, counts.tolist(), strict=True)
        ]

    def delta_ns(self, times: Times) -> float:
        """The difference that can be compared: of a mean pass where `per_pass`, else of the windows; unknown is 0."""
        return (times.delta_pass_ns if self.per_pass else times.delta_ns) or 0.0

    def total(self) -> Times:
        """All of it."""
        base, new = (np.zeros(len(side), dtype=np.int64) for side in self._sides)
        return self.times(base, new, 1)[0]


def _values(sums: FloatArray, present: BoolArray) -> list[float | None]:
    """0 where there is nothing, None where there is but its time is unknown."""
    return [known(value) if there else 0.0 for value, there in zip(sums.tolist(), present.tolist(), strict=True)]
