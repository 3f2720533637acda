"""How the ops of a model vary between its passes."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from perfsheet.analysis.ops.device_ops import Ops
from perfsheet.analysis.statistics import Spread, Spreads, spread, spreads
from perfsheet.analysis.windows.passes import Passes, alike, usable_of
from perfsheet.capture.table import FloatArray, IntArray
from perfsheet.light_dataclass import dataclass


@dataclass(frozen=True, eq=False)
class Variation:
    """How ops vary between passes: `durations` has a row per pass and a column per op of a pass (ns, NaN = unknown).

    `total` is the spread of the passes' kernel time.
    """

    durations: FloatArray
    total: Spread

    @cached_property
    def spreads(self) -> Spreads:
        """The spread of every op, column by column."""
        return spreads(self.durations)


def variation(ops: Ops, window_passes: Passes, of: IntArray) -> Variation | None:
    """The passes side by side, for the ops at these positions, all of one pass; None for a single pass, and if the
    passes' ops differ. Passes that lack more durations than others are left out."""
    every = [run.positions for run in window_passes.all]
    usable = usable_of(window_passes.all)
    if len(usable) < 2 or not alike(ops, every):
        return None
    mine = next(positions for positions in every if len(of) and (positions == of[0]).any())
    place = np.full(len(ops), -1, dtype=np.int64)
    place[mine] = np.arange(len(mine))
    columns = place[of]
    totals = np.array([run.kernel_ns for run in usable])
    return Variation(np.array([ops.kernel_ns[run.positions[columns]] for run in usable]), spread(totals))
