"""Captures that were appended to each other in one file: where call counts and times start again.

Replays of a trace, several devices or hosts, and rows in another order look much like it. So a start needs all of
this: the calls of a device start again, and so do its cycles or host times; they repeat calls of the piece before, and
go back to its first half; and wherever calls fall, so do times.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from perfsheet.capture.table import OpsTable

_Rows = npt.NDArray[np.int64]

_MOST = 64
"""More starts than this are an order of rows, not captures."""
_DEVICE = 0


def number_runs(table: OpsTable) -> _Rows:
    """The number of the capture that each row belongs to, from 1 in each file."""
    run = np.ones(len(table), dtype=np.int64)
    known = (table.kind == _DEVICE) & np.isfinite(table.number("global_call_count"))
    for index in range(len(table.files)):
        rows = np.flatnonzero(table.file == index)
        starts = [_first_row(table, *start) for start in _starts(table, rows[known[rows]])]
        run[rows] += np.searchsorted(np.array(starts, dtype=np.int64), rows, side="right")
    return run


def _starts(table: OpsTable, rows: _Rows) -> list[tuple[int, int]]:
    """For each start the device rows around it: the last one before, the first one after."""
    call, cycle, host = (table.number(name)[rows] for name in ("global_call_count", "fw_start_cycle", "host_start_ns"))
    trace, session = (np.nan_to_num(table.number(name)[rows], nan=-1.0) for name in ("trace_id", "replay_session"))
    # A device's ops outside traces are a stream, its replays of each trace another one.
    stream, order = _numbered(table.device[rows], trace)
    before, after = order[:-1], order[1:]
    falls = (session[after] < session[before]) | (session[after] == session[before]) & (call[after] <= call[before])
    falls &= stream[after] == stream[before]
    before, after = before[falls], after[falls]
    if not len(after) > 0:
        return []
    key, by_key = _numbered(stream, session, call)
    first = by_key[np.searchsorted(key[by_key], np.arange(key.max() + 1))][key]
    # Older captures do not name their traces: there, a replay has the host time of its call.
    replay = (session >= 0) | np.isnan(host) | ((first != np.arange(len(rows))) & (host == host[first]))
    again = (cycle[after] < cycle[before]) | (session[after] < session[before])
    again |= (host[after] < host[before]) & ~replay[after]
    if (~again & ~replay[after]).any():
        return []
    cuts = _cuts(before[again], after[again])
    if len(cuts) > _MOST:
        return []
    piece = np.searchsorted(np.array([first for _, first in cuts], dtype=np.int64), np.arange(len(rows)), "right")
    if not _each_repeats(key, stream, piece):
        return []
    return [(int(rows[last]), int(rows[first])) for last, first in cuts]


def _numbered(*columns: npt.NDArray[np.generic]) -> tuple[_Rows, _Rows]:
    """The number of each row's combination of values, and the rows in the order of these numbers, else as they are."""
    order = np.lexsort(columns[::-1])
    changes = np.zeros(max(len(order) - 1, 0), dtype=np.bool_)
    for column in columns:
        changes |= column[order][1:] != column[order][:-1]
    numbers = np.zeros(len(order), dtype=np.int64)
    numbers[order[1:]] = np.cumsum(changes)
    return numbers, order


def _cuts(before: _Rows, after: _Rows) -> list[tuple[int, int]]:
    """The fewest places that separate each row of `before` from its row of `after`."""
    cuts: list[tuple[int, int]] = []
    for last, first in sorted(zip(before.tolist(), after.tolist(), strict=True), key=lambda pair: pair[1]):
        if cuts and last < cuts[-1][1]:
            cuts[-1] = (max(cuts[-1][0], last), cuts[-1][1])
        else:
            cuts.append((last, first))
    return cuts


def _each_repeats(key: _Rows, stream: _Rows, piece: _Rows) -> bool:
    """Whether every piece repeats a call of the one before, and goes back to its first half, on one of its devices."""
    for number in range(1, int(piece.max(initial=0)) + 1):
        old, new = piece == number - 1, piece == number
        shared = np.isin(key[new], key[old])
        if not any(
            2 * key[new & (stream == one)].min() <= key[old & (stream == one)].min() + key[old & (stream == one)].max()
            for one in np.unique(stream[new][shared])
        ):
            return False
    return True


def _first_row(table: OpsTable, last: int, first: int) -> int:
    """The first row of a capture, between these device rows: host ops and signposts belong to it from the fall of their
    host times on."""
    between = np.arange(last, first + 1)
    between = between[np.isfinite(table.number("host_start_ns")[between])]
    falls = np.flatnonzero(np.diff(table.number("host_start_ns")[between]) < 0)
    return int(between[falls[0] + 1]) if len(falls) else first
