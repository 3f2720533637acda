"""The part of a capture that an analysis covers, and the order in which its ops ran."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from perfsheet.capture.table import IntArray, OpsTable, RowKind

WHOLE = "whole capture"
"""The label of the default window."""


@dataclass(frozen=True, eq=False)
class Window:
    """Rows of a table to analyse: `rows` are positions in the table, in execution order; `label` names the window.

    `one_pass`: it is a pass of the capture, however it repeats inside. `warm`: that was not the first one, so that no
    op of it waits for a compiler.
    """

    label: str
    rows: IntArray
    one_pass: bool = False
    warm: bool = False


def whole(table: OpsTable) -> Window:
    """The default window: every row of the capture."""
    return Window(WHOLE, execution_order(table))


def execution_order(table: OpsTable) -> IntArray:
    """Row positions in the order in which the device ran them.

    The writer sorts rows by host time. Under trace replay that is the time of the capture, so replayed rows are put
    in order of (device, replay session, firmware start cycle), in the places that replayed rows hold in the file.
    """
    order = np.arange(len(table))
    session = table.number("replay_session")
    replayed = np.flatnonzero((table.kind == RowKind.DEVICE) & np.isfinite(session))
    if replayed.size:
        start = table.number("fw_start_cycle")[replayed]
        order[replayed] = replayed[np.lexsort((start, session[replayed], table.device[replayed]))]
    return order
