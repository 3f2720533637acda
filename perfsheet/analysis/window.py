"""The part of a capture that an analysis covers, and the order in which its ops ran."""

from __future__ import annotations

import numpy as np

from perfsheet.capture.table import IntArray, OpsTable, RowKind
from perfsheet.light_dataclass import dataclass

WHOLE = "whole capture"
"""The label of the default window."""


@dataclass(frozen=True, eq=False)
class Window:
    """The rows of a table to analyse, in execution order, with a label.

    `one_pass`: the window is one pass of the capture, even if it repeats inside. `warm`: that is not the first pass, so
    none of its ops waits for compiling. `doubt`: why its bounds are doubtful.
    """

    label: str
    rows: IntArray
    one_pass: bool = False
    warm: bool = False
    doubt: str = ""


def whole(table: OpsTable) -> Window:
    """The default window: every row of the capture."""
    return Window(WHOLE, execution_order(table))


def execution_order(table: OpsTable) -> IntArray:
    """Row positions in the order in which the device ran them.

    The profiler sorts rows by host time. Under trace replay that is the time when the trace was captured, so replayed
    rows are sorted by device, replay session and firmware start cycle, among the positions of replayed rows in the
    file; of several captures in one file, each by itself.
    """
    order = np.arange(len(table))
    replayed = _replayed(table)
    if replayed.size:
        session = table.number("replay_session")
        start = table.number("fw_start_cycle")[replayed]
        order[replayed] = replayed[np.lexsort((start, session[replayed], table.device[replayed], table.run[replayed]))]
    return order


def _replayed(table: OpsTable) -> IntArray:
    return np.flatnonzero((table.kind == RowKind.DEVICE) & np.isfinite(table.number("replay_session")))


def replays_out_of_order(table: OpsTable) -> bool:
    """Whether rows of trace replays stand elsewhere in the file than in the order in which the device ran them."""
    replayed = _replayed(table)
    return bool((execution_order(table)[replayed] != replayed).any())
