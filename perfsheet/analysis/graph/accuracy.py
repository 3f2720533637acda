"""The PCC of each op, from TTNN's comparison with golden functions."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from perfsheet.analysis.graph.join import Joined
from perfsheet.capture.table import FloatArray, IntArray
from perfsheet.graph_report.model import Call, GraphReport
from perfsheet.light_dataclass import dataclass

_ROUNDING = 1e-9
_FALL = 0.001
"""A fall of the accumulated PCC over one op that is worth naming."""


@dataclass(frozen=True, eq=False)
class OpAccuracy:
    """PCC of the ops of a window, NaN = not compared.

    `alone` has the device's own inputs, `accumulated` counts errors from the start of the model, and `before` is the
    accumulated PCC of what the op reads, the lowest of its inputs; `desired` is the limit that TTNN compared with.
    """

    alone: FloatArray
    accumulated: FloatArray
    desired: FloatArray
    before: FloatArray

    @property
    def known(self) -> bool:
        """Whether any op was compared."""
        return bool(np.isfinite(self.alone).any() or np.isfinite(self.accumulated).any())

    @cached_property
    def lowest(self) -> int | None:
        """The position of the op with the lowest PCC of its own; None = unknown."""
        return int(np.nanargmin(self.alone)) if np.isfinite(self.alone).any() else None

    @cached_property
    def below(self) -> IntArray:
        """The positions of the ops whose own PCC is below the limit that TTNN compared with."""
        return np.flatnonzero(self.alone < self.desired - _ROUNDING)

    @cached_property
    def last(self) -> int | None:
        """The position of the last op whose accumulated PCC is known; None without one."""
        known = np.flatnonzero(np.isfinite(self.accumulated))
        return int(known[-1]) if known.size else None

    @cached_property
    def first_fall(self) -> int | None:
        """The position of the first op whose accumulated PCC is a thousandth or more below that of its inputs.

        The op before it in the sequence may be of another branch, which says nothing. None without such an op: errors
        that grow little by little have no op of their own.
        """
        falls = np.flatnonzero(self.before - self.accumulated >= _FALL * (1 - _ROUNDING))
        return int(falls[0]) if falls.size else None


def accuracy(joined: Joined, rows: IntArray) -> OpAccuracy:
    """The accuracy of the ops in these rows of the table: the lowest PCC of their outputs."""
    report = joined.report
    columns = np.full((len(report.device_ops) + 1, 4), np.nan)
    rank, previous = 0, 1.0
    # A call's outputs are compared, which its last device op makes.
    for call in report.calls:
        compared = [report.accuracy[tensor] for tensor in call.outputs if tensor in report.accuracy]
        if call.rank != rank:
            rank, previous = call.rank, 1.0
        if not compared:
            continue
        alone, accumulated, desired = (
            min((value for value in values if value is not None), default=np.nan)
            for values in zip(*compared, strict=True)
        )
        if len(call.device_ops):
            before = _before(report, call, previous)
            columns[call.device_ops[-1]] = alone, accumulated, desired, before
        if np.isfinite(accumulated):
            previous = accumulated
    return OpAccuracy(*columns[joined.partner[rows]].T)


def _before(report: GraphReport, call: Call, previous: float) -> float:
    """The accumulated PCC of what a call reads; `previous`, of what was compared before it, stands for unknown inputs.

    It is 1 at first: TTNN takes what it has not seen made as exact.
    """
    known = [report.accuracy[tensor].accumulated for tensor in call.inputs if tensor in report.accuracy]
    values = [value for value in known if value is not None]
    return min(values if values and len(values) == len(call.inputs) else [*values, previous])
