"""One side of a comparison: its ops, those that passes repeat as one slot."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from perfsheet.analysis.analyze import Analysis
from perfsheet.analysis.ops.variants import Variant
from perfsheet.capture.table import BoolArray, FloatArray, IntArray
from perfsheet.compare.kinds import kind


@dataclass(frozen=True, eq=False)
class Slots:
    """`of` gives for each op the number of its slot; slots are numbered in the order in which they first ran.

    A slot is one op of the model: with passes that repeat the same ops its members are that op of every pass. `passes`
    counts those, 1 where ops stand alone.
    """

    analysis: Analysis
    of: IntArray
    passes: int

    def __len__(self) -> int:
        return len(self.first)

    @cached_property
    def members(self) -> list[IntArray]:
        """Positions of the ops of each slot."""
        order = np.argsort(self.of, kind="stable")
        return np.split(order, np.cumsum(np.bincount(self.of))[:-1]) if len(order) else []

    @cached_property
    def first(self) -> IntArray:
        """Position of the first op of each slot."""
        return np.unique(self.of, return_index=True)[1]

    @cached_property
    def variant_of(self) -> IntArray:
        """The description (its number) of each slot."""
        return self.analysis.ops.variants.of[self.first]

    @cached_property
    def uneven(self) -> frozenset[int]:
        """Slots whose ops are not described alike in every pass."""
        of_ops = self.analysis.ops.variants.of
        return frozenset(np.unique(self.of[of_ops != self.variant_of[self.of]]).tolist())

    def descriptions(self, slot: int) -> list[int]:
        """The description (its number) of each op of a slot; a single one where all are alike."""
        if slot not in self.uneven:
            return [int(self.variant_of[slot])]
        return list(self.analysis.ops.variants.of[self.members[slot]].tolist())

    def variant(self, slot: int) -> Variant:
        """The description of a slot."""
        return self.analysis.ops.variants.all[int(self.variant_of[slot])]

    def kind(self, slot: int) -> str:
        """What a slot is, whatever the build calls it."""
        return kind(self.variant(slot).op_code)

    @cached_property
    def devices(self) -> dict[int, IntArray]:
        """The slots of each device, in the order in which they ran."""
        device = self.analysis.ops.device[self.first]
        return {int(device_id): np.flatnonzero(device == device_id) for device_id in np.unique(device)}

    @cached_property
    def kernel_ns(self) -> FloatArray:
        """Σ kernel duration of each slot; NaN where none of its ops has one."""
        return summed(self.of, self.analysis.ops.kernel_ns, len(self))

    @cached_property
    def mean_ns(self) -> FloatArray:
        """Mean kernel duration of the ops of each slot; NaN where none has one."""
        return mean_ns(self.of, self.analysis.ops.kernel_ns, len(self))

    @cached_property
    def outside(self) -> BoolArray:
        """Slots that run outside of the passes."""
        outside = np.zeros(len(self), dtype=np.bool_)
        if self.passes > 1:
            outside[self.of[self.analysis.facts.passes.outside]] = True
        return outside

    @cached_property
    def cores(self) -> list[str | None]:
        """The core counts of each slot, None = unknown; `48`, of unequal passes `48, 64`."""
        cores = self.analysis.ops.cores
        if self.passes == 1:
            return [None if math.isnan(count) else f"{count:.0f}" for count in cores[self.first].tolist()]
        return [_listed(cores[members]) for members in self.members]


def slots(base: Analysis, new: Analysis) -> tuple[Slots, Slots]:
    """Both sides; passes are folded where that makes them more alike: two passes against one, but not a model of two
    layers against four."""
    folded = (_folded(base), _folded(new))
    apart = (_apart(base), _apart(new))
    return folded if _unlike(*folded) <= _unlike(*apart) else apart


def outside_of_passes(base: Slots, new: Slots, pairs: list[tuple[int, int]]) -> tuple[BoolArray, BoolArray]:
    """Slots of both sides that are no part of a pass; `pairs` are counterparts.

    Of a side that holds a single pass those are the counterparts of what is outside on the other side, and what it runs
    before them.
    """
    if base.passes == new.passes or min(base.passes, new.passes) > 1:
        return base.outside, new.outside
    if base.passes > 1:
        return base.outside, _setup(new, [(other, bool(base.outside[base_slot])) for base_slot, other in pairs])
    return _setup(base, [(base_slot, bool(new.outside[other])) for base_slot, other in pairs]), new.outside


def _setup(side: Slots, partners: list[tuple[int, bool]]) -> BoolArray:
    """Slots whose partner is outside, and whatever runs before such a one without a pass having begun."""
    outside = np.zeros(len(side), dtype=np.bool_)
    begun: set[int] = set()
    device = side.analysis.ops.device[side.first]
    for slot, is_outside in sorted(partners):
        here = int(device[slot])
        if not is_outside:
            begun.add(here)
        elif here in begun:
            outside[slot] = True
        else:
            outside[: slot + 1] |= device[: slot + 1] == here
    return outside


def mean_ns(of: IntArray, values: FloatArray, count: int) -> FloatArray:
    """The mean of the known values of each of so many slots; NaN where there is none."""
    finite = np.isfinite(values)
    sizes = np.bincount(of[finite], minlength=count)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.bincount(of[finite], values[finite], count) / sizes)


def summed(of: IntArray, values: FloatArray, count: int) -> FloatArray:
    """Σ of the known values of each of so many slots; NaN where there is none."""
    finite = np.isfinite(values)
    total = np.bincount(of[finite], values[finite], count)
    return np.where(np.bincount(of[finite], minlength=count) > 0, total, np.nan)


def _unlike(base: Slots, new: Slots) -> float:
    return abs(math.log(len(base) / len(new)))


def _apart(analysis: Analysis) -> Slots:
    return Slots(analysis, np.arange(len(analysis.ops)), 1)


def _folded(analysis: Analysis) -> Slots:
    passes = analysis.facts.passes.all
    if analysis.facts.variation is None:
        return _apart(analysis)
    of = np.arange(len(analysis.ops))
    for model_pass in passes[1:]:
        of[model_pass.positions] = passes[0].positions
    return Slots(analysis, np.unique(of, return_inverse=True)[1].reshape(-1), len(passes))


def _listed(cores: FloatArray) -> str | None:
    counts = np.unique(cores[np.isfinite(cores)]).tolist()
    return ", ".join(f"{count:.0f}" for count in counts) or None
