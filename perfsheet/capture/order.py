"""The order of rows. The profiler writes them by host start time; a spreadsheet may have sorted them by another column.

Rows are out of order where the time stamps of a device run backwards and its calls with them. Where only one of the two
does, a time stamp is wrong or another capture begins (runs.py), and the rows stay as they are.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from perfsheet.capture.arrays import distinct
from perfsheet.capture.notes import Note, rows
from perfsheet.capture.table import BoolArray, IntArray, OpsTable, RowKind

_DISPLACED_NS = 1e6
"""Host threads may write rows a little out of order; a signpost or host op further away than this was moved."""


def restored(table: OpsTable) -> OpsTable:
    """The table with the rows of each capture in the order in which they ran, and a note if they were not."""
    order = np.arange(len(table))
    group = table.file * (table.runs + 1) + table.run
    notes: list[Note] = []
    for index, label in enumerate(table.files):
        for number in distinct(group[table.file == index]):
            here = np.flatnonzero(group == number)
            if _is_disordered(table, here):
                order[here] = _in_order(table, here)
        moved = int(np.count_nonzero(order[table.file == index] != np.flatnonzero(table.file == index)))
        if moved:
            text = f"{label} was sorted by another column: {rows(moved)} put back in the order in which they ran"
            notes.append(Note("rows-sorted", f"{text}, by their time stamps", moved))
    return _taken(table, order, notes) if notes else table


def _taken(table: OpsTable, order: IntArray, notes: list[Note]) -> OpsTable:
    return replace(
        table,
        file=table.file[order],
        row=table.row[order],
        kind=table.kind[order],
        device=table.device[order],
        numbers={name: values[order] for name, values in table.numbers.items()},
        texts={name: texts.take(order) for name, texts in table.texts.items()},
        notes=(*table.notes, *notes),
    )


def _replayed(table: OpsTable) -> BoolArray:
    return np.isfinite(table.number("replay_session"))


def _is_disordered(table: OpsTable, here: IntArray) -> bool:
    """Whether rows stand in an order that the profiler does not write, judged by two clocks of the capture."""
    call, cycle = (table.number(name)[here] for name in ("global_call_count", "fw_start_cycle"))
    session = np.nan_to_num(table.number("replay_session")[here], nan=-1.0)
    on_device = (table.kind[here] == RowKind.DEVICE) & np.isfinite(cycle)
    # Replays have the host time of their trace's capture, so each replay is an order of its own.
    before, after = following(on_device, table.device[here], session)
    backwards = cycle[after] < cycle[before]
    confirmed = ~(call[after] > call[before])
    if (backwards & confirmed).any():
        return True
    # Without cycles the host times are the other clock.
    host = table.number("host_start_ns")[here]
    eager = (table.kind[here] == RowKind.DEVICE) & (session < 0)
    before, after = following(eager & np.isfinite(host) & np.isfinite(call), table.device[here])
    backwards = (host[after] < host[before]) & (call[after] < call[before])
    return bool(backwards.any()) or _has_displaced_marks(table, here)


def _has_displaced_marks(table: OpsTable, here: IntArray) -> bool:
    """Whether a signpost or host op stands elsewhere than its host time says; several hosts have several clocks."""
    kind, host, host_id = table.kind[here], table.number("host_start_ns")[here], table.number("host_id")[here]
    known = np.flatnonzero(np.isfinite(host) & ~_replayed(table)[here])
    if (kind[known] == RowKind.DEVICE).all() or len(distinct(host_id[known])) > 1:
        return False
    return bool((np.diff(host[known]) < -_DISPLACED_NS).any())


def following(which: BoolArray, *keys: npt.NDArray[np.generic]) -> tuple[IntArray, IntArray]:
    """Each of these rows and the next one of them with the same keys."""
    order = np.flatnonzero(which)
    varying = [key for key in keys if (key[order] != key[order[:1]]).any()]  # most captures are of one device
    if varying:
        order = order[np.lexsort([key[order] for key in reversed(varying)])]
    same = np.ones(max(len(order) - 1, 0), dtype=np.bool_)
    for key in varying:
        same &= key[order][1:] == key[order][:-1]
    return order[:-1][same], order[1:][same]


def _in_order(table: OpsTable, here: IntArray) -> IntArray:
    """These rows by host start time, and among the places of a device its ops by firmware start cycle."""
    host = table.number("host_start_ns")
    if np.isfinite(host[here][table.kind[here] == RowKind.DEVICE]).all():
        here = here[np.argsort(host[here], kind="stable")]
    device, cycle = table.device[here], table.number("fw_start_cycle")[here]
    places = np.flatnonzero((table.kind[here] == RowKind.DEVICE) & np.isfinite(cycle) & ~_replayed(table)[here])
    by_device = places[np.argsort(device[places], kind="stable")]
    by_cycle = places[np.lexsort((cycle[places], device[places]))]
    result: IntArray = here.copy()
    result[by_device] = here[by_cycle]
    return result
