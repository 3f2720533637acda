"""How ops vary between the passes of a window: passes of the same ops are repeats."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from perfsheet.analysis.ops.device_ops import Ops
from perfsheet.analysis.ops.signature import numbers
from perfsheet.analysis.statistics import Spread, Spreads, spread, spreads
from perfsheet.analysis.windows.passes import Passes
from perfsheet.capture.table import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Variation:
    """`durations` has a line per pass and a column per op of a pass (ns, NaN = unknown).

    `positions` are the ops of the last pass, in that order; `total` the spread of the passes' kernel time.
    """

    positions: IntArray
    durations: FloatArray
    total: Spread

    def op(self, column: int) -> Spread:
        """What one op took in all passes."""
        return self.spreads.at(column)

    @cached_property
    def spreads(self) -> Spreads:
        """What every op took, column by column."""
        return spreads(self.durations)


def variation(ops: Ops, found: Passes) -> Variation | None:
    """The passes side by side; None for a single pass, and for replays whose ops differ."""
    members = [one.positions for one in found.all]
    last = members[-1]
    if len(members) < 2 or any(len(one) != len(last) for one in members):
        return None
    side_by_side = np.array(members)
    same_ops = (numbers(ops)[side_by_side] == numbers(ops)[last]).all()
    same_devices = (ops.device[side_by_side] == ops.device[last]).all()
    if not (same_ops and same_devices):
        return None
    totals = np.array([one.kernel_ns for one in found.all])
    return Variation(last, ops.kernel_ns[side_by_side], spread(totals))
