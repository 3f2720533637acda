"""The PCC of each op, from TTNN's comparison with golden functions."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from perfsheet.analysis.graph.join import Joined
from perfsheet.capture.table import FloatArray, IntArray
from perfsheet.light_dataclass import dataclass

_FALL = 0.001
"""A fall of the accumulated PCC from one compared op to the next that is worth naming."""


@dataclass(frozen=True, eq=False)
class OpAccuracy:
    """PCC of the ops of a window, NaN = not compared.

    `alone` has the device's own inputs, `accumulated` counts errors from the start of the model; `desired` is the limit
    that TTNN compared with.
    """

    alone: FloatArray
    accumulated: FloatArray
    desired: FloatArray

    @property
    def known(self) -> bool:
        """Whether any op was compared."""
        return bool(np.isfinite(self.alone).any() or np.isfinite(self.accumulated).any())

    @cached_property
    def lowest(self) -> int | None:
        """The position of the op with the lowest PCC of its own; None = unknown."""
        return int(np.nanargmin(self.alone)) if np.isfinite(self.alone).any() else None

    @cached_property
    def first_fall(self) -> int | None:
        """The position of the first op where the accumulated PCC falls by a thousandth or more; None without one."""
        known = np.flatnonzero(np.isfinite(self.accumulated))
        if not known.size:
            return None
        values = self.accumulated[known]
        falls = np.flatnonzero(np.concatenate([[1.0], values[:-1]]) - values >= _FALL)
        return int(known[falls[0]]) if falls.size else None


def accuracy(joined: Joined, rows: IntArray) -> OpAccuracy:
    """The accuracy of the ops in these rows of the table: the lowest PCC of their outputs."""
    report = joined.report
    columns = np.full((len(report.device_ops) + 1, 3), np.nan)
    # A call's outputs are compared, which its last device op makes.
    for call in report.calls:
        compared = [report.accuracy[tensor] for tensor in call.outputs if tensor in report.accuracy]
        if compared and len(call.device_ops):
            columns[call.device_ops[-1]] = [
                min((value for value in values if value is not None), default=np.nan)
                for values in zip(*compared, strict=True)
            ]
    alone, accumulated, desired = columns[joined.partner[rows]].T
    return OpAccuracy(alone, accumulated, desired)
