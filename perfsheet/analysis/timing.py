"""When each op ran, computed from durations and gaps."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.windows.signposts import marks
from perfsheet.capture.arrays import distinct
from perfsheet.capture.table import FloatArray, RowKind
from perfsheet.light_dataclass import dataclass


@dataclass(frozen=True, eq=False)
class Timing:
    """Per op in ns: `start_ns` after the first op of its device started, and the `gap_ns` before it.

    Unknown gaps (`unknown_gaps` of them) and the gap before a device's first op count as 0.
    """

    start_ns: FloatArray
    gap_ns: FloatArray
    unknown_gaps: int


def timing(facts: Facts) -> Timing:
    """Put kernels and gaps in a row: OP TO OP LATENCY is from the end of a kernel to the start of the next."""
    ops = facts.ops
    gap = ops.gap_ns.copy()
    start = ops.start_ns.copy()
    for here in facts.sequences:
        ended = 0.0
        for number in distinct(ops.clock[here]).tolist():  # one capture of a file after the other
            own = here[ops.clock[here] == number]
            gap[own[:1]] = 0.0
            start[own] += ended
            ended = float((start[own] + np.nan_to_num(ops.kernel_ns[own])).max())
    return Timing(start, np.nan_to_num(gap), int((np.isnan(gap) & ~ops.overlaps).sum()))


@dataclass(frozen=True)
class Moment:
    """A signpost with its record number, and the device and start of the next op after it."""

    name: str
    row: int
    device: int
    start_ns: float


def moments(facts: Facts, placed: Timing) -> Iterator[Moment]:
    """The signposts of the window that are followed by an op."""
    ops, table = facts.ops, facts.ops.table
    window = facts.scope.selected
    place_of_op = np.flatnonzero(table.kind[window.rows] == RowKind.DEVICE)
    for mark in marks(table, window):
        following = int(np.searchsorted(place_of_op, mark.place))
        if following < len(ops):
            yield Moment(mark.name, mark.row, int(ops.device[following]), float(placed.start_ns[following]))
