"""One side of a comparison: its ops as slots; an op that passes repeat is one slot."""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np

from perfsheet.analysis.analyze import Analysis
from perfsheet.analysis.ops.kinds import kind
from perfsheet.analysis.ops.signature import numbers
from perfsheet.analysis.ops.variants import Variant
from perfsheet.capture.arrays import distinct
from perfsheet.capture.table import BoolArray, FloatArray, IntArray
from perfsheet.light_dataclass import dataclass


@dataclass(frozen=True, eq=False)
class Slots:
    """The slots of one side; `of` gives for each op the number of its slot, in order of first execution.

    A slot is one op of the model: if passes repeat the same ops, its members are that op in every pass. `passes` is
    their number, 1 if every op is a slot of its own.
    """

    analysis: Analysis
    of: IntArray
    passes: int

    def __len__(self) -> int:
        return len(self.first)

    @property
    def planned(self) -> bool:
        """Whether its times are least times."""
        return self.analysis.ops.planned

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
        """The index of each slot's description."""
        return self.analysis.ops.variants.of[self.first]

    @cached_property
    def uneven(self) -> frozenset[int]:
        """Slots whose ops have different descriptions in different passes."""
        of_ops = self.analysis.ops.variants.of
        return frozenset(distinct(self.of[of_ops != self.variant_of[self.of]]).tolist())

    def descriptions(self, slot: int) -> list[int]:
        """The index of the description of each op of a slot; a single one if all are the same."""
        if slot not in self.uneven:
            return [int(self.variant_of[slot])]
        return list(self.analysis.ops.variants.of[self.members[slot]].tolist())

    def variant(self, slot: int) -> Variant:
        """The description of a slot."""
        return self.analysis.ops.variants.all[int(self.variant_of[slot])]

    def kind(self, slot: int) -> str:
        """The kind of op of a slot, independent of the build."""
        return kind(self.variant(slot).op_code)

    @cached_property
    def devices(self) -> dict[int, IntArray]:
        """The slots of each device (one sequence for a critical path), in execution order."""
        device = self.analysis.ops.sequence[self.first]
        return {int(device_id): np.flatnonzero(device == device_id) for device_id in distinct(device)}

    @cached_property
    def kernel_ns(self) -> FloatArray:
        """Σ of what the ops of each slot add to the kernel time; NaN where none has a duration."""
        return summed(self.of, self.analysis.ops.counted_ns, len(self))

    @cached_property
    def mean_ns(self) -> FloatArray:
        """The mean of the same."""
        return mean_ns(self.of, self.analysis.ops.counted_ns, len(self))

    @cached_property
    def outside(self) -> BoolArray:
        """Slots that run outside of the passes."""
        outside = np.zeros(len(self), dtype=np.bool_)
        if self.passes > 1:
            outside[self.of[positions_of(self.analysis, self.analysis.facts.passes.outside)]] = True
        return outside

    @cached_property
    def cores(self) -> list[str | None]:
        """The core counts of each slot, None = unknown; `48`, of unequal passes `48, 64`."""
        cores = self.analysis.ops.cores
        if self.passes == 1:
            return [None if math.isnan(count) else f"{count:.0f}" for count in cores[self.first].tolist()]
        return [_listed(cores[members]) for members in self.members]


def outside_of_passes(base: Slots, new: Slots, pairs: list[tuple[int, int]]) -> tuple[BoolArray, BoolArray]:
    """Slots of both sides that belong to no pass; `pairs` are counterparts.

    On a side with a single pass these are the counterparts of ops outside of the passes on the other side, and what
    runs before them.
    """
    if base.passes == new.passes or min(base.passes, new.passes) > 1:
        return base.outside, new.outside
    if base.passes > 1:
        return base.outside, _setup(new, [(other, bool(base.outside[base_slot])) for base_slot, other in pairs])
    return _setup(base, [(base_slot, bool(new.outside[other])) for base_slot, other in pairs]), new.outside


def _setup(side: Slots, partners: list[tuple[int, bool]]) -> BoolArray:
    """Slots whose counterpart is outside, and slots before such a slot if no pass has started yet."""
    outside = np.zeros(len(side), dtype=np.bool_)
    begun: set[int] = set()
    device = side.analysis.ops.sequence[side.first]
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
    """The mean of the known values of each slot; NaN without any."""
    finite = np.isfinite(values)
    sizes = np.bincount(of[finite], minlength=count)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.bincount(of[finite], values[finite], count) / sizes)


def summed(of: IntArray, values: FloatArray, count: int) -> FloatArray:
    """Σ of the known values of each slot; NaN without any."""
    finite = np.isfinite(values)
    total = np.bincount(of[finite], values[finite], count)
    return np.where(np.bincount(of[finite], minlength=count) > 0, total, np.nan)


def unfolded(analysis: Analysis) -> Slots:
    """Every op as a slot of its own."""
    return Slots(analysis, np.arange(len(analysis.ops)), 1)


def folded(analysis: Analysis) -> Slots:
    """The same op of every pass as one slot, if the figures are of all passes and these have the same ops."""
    scope = analysis.facts.scope
    if scope.chosen is not None or analysis.facts.variation is None:
        return unfolded(analysis)
    passes = [positions_of(analysis, run.positions) for run in scope.passes.all]
    number = numbers(scope.every)[scope.of]
    # On the critical path ops that some devices lack may be those of another device in another pass.
    if any(len(here) != len(passes[0]) or (number[here] != number[passes[0]]).any() for here in passes):
        return unfolded(analysis)
    of = np.arange(len(analysis.ops))
    for here in passes[1:]:
        of[here] = passes[0]
    return Slots(analysis, np.unique(of, return_inverse=True)[1].reshape(-1), len(passes))


def positions_of(analysis: Analysis, selected: IntArray) -> IntArray:
    """Positions among the ops that the figures are of, of ops given by their positions in everything selected."""
    return np.flatnonzero(np.isin(analysis.facts.scope.of, selected))


def _listed(cores: FloatArray) -> str | None:
    counts = distinct(cores[np.isfinite(cores)]).tolist()
    return ", ".join(f"{count:.0f}" for count in counts) or None
