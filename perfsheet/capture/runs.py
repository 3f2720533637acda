"""Captures that were appended to each other in one file: where call counts and times start again.

Replays of a trace, several devices or hosts, and rows in another order look much like it. So a start needs all of
this: the calls of a device start again, and so do its cycles or host times; they repeat calls of the piece before, and
go back to its first half; and wherever calls fall, so do times.

A capture whose calls have other numbers is told by its clocks: calls run on, but cycles, host times or replay sessions
start again, and in the order of the cycles they would run backwards.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from perfsheet.capture.arrays import distinct
from perfsheet.light_dataclass import dataclass

if TYPE_CHECKING:
    from perfsheet.capture.table import OpsTable

_Rows = npt.NDArray[np.int64]
_Figures = npt.NDArray[np.float64]
_Bools = npt.NDArray[np.bool_]

_MOST = 64
"""More starts than this are an order of rows, not captures."""
_FEW = 8
"""More pieces than this with calls of their own are an order of rows, not captures."""
_LEAST_OPS = 3
"""A capture has at least so many ops; fewer with odd time stamps have wrong markers."""
_DEVICE = 0


def number_runs(table: OpsTable) -> _Rows:
    """The number of the capture that each row belongs to, from 1 in each file."""
    run = np.ones(len(table), dtype=np.int64)
    known = (table.kind == _DEVICE) & np.isfinite(table.number("global_call_count"))
    for index in range(len(table.files)):
        rows = np.flatnonzero(table.file == index)
        own = rows[known[rows]]
        starts = [_first_row(table, *start) for start in _starts(table, own) or _other_calls(table, own)]
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


@dataclass(frozen=True)
class _Clocks:
    """What runs forwards in a capture: on a device the cycles, in a stream the sessions, calls and (if it is no trace)
    host times. `dispatched` are the host times of all rows, of replays that of their trace's capture.
    """

    device: _Rows
    stream: _Rows
    cycle: _Figures
    host: _Figures
    dispatched: _Figures
    session: _Figures
    call: _Figures

    def falls(self, order: _Rows) -> tuple[_Rows, _Rows]:
        """The rows before and after each place where one of them falls, in that order of the rows."""
        before, after = _consecutive(self.device, order)
        back = self.cycle[after] < self.cycle[before]
        first, then = _consecutive(self.stream, order)
        again = (self.host[then] < self.host[first]) | self._calls_again(first, then)
        # A trace is captured before it is replayed, and what is dispatched after that has a later call.
        early = self._before_earlier_calls(order)
        return (
            np.concatenate([before[back], first[again], early[0]]),
            np.concatenate([after[back], then[again], early[1]]),
        )

    def _before_earlier_calls(self, order: _Rows) -> tuple[_Rows, _Rows]:
        """The replay and the op after it where that op's call is lower than one that ran before on the device."""
        before, after = _consecutive(self.device, order)
        by_device = order[np.argsort(self.device[order], kind="stable")]
        highest = np.full(len(order), -np.inf)
        for device in distinct(self.device):
            of_device = by_device[self.device[by_device] == device]
            highest[of_device] = np.fmax.accumulate(self.call[of_device])
        early = (self.session[after] < 0) & (self.session[before] >= 0) & (self.call[after] < highest[before])
        return before[early], after[early]

    def _calls_again(self, before: _Rows, after: _Rows) -> _Bools:
        session, call = self.session, self.call
        again = (session[after] == session[before]) & (call[after] < call[before])
        return np.asarray(again | (session[after] < session[before]))

    def restart(self, old: _Rows, new: _Rows) -> bool:
        """Whether host times, calls or sessions start again, or all cycles of a device: no wrong marker does that."""
        for stream in np.intersect1d(self.stream[old], self.stream[new]):
            last, first = old[self.stream[old] == stream][-1], new[self.stream[new] == stream][0]
            if self.host[first] < self.host[last] or self.session[first] < self.session[last]:
                return True
        shared = np.intersect1d(self.device[old], self.device[new])
        eager = new[self.session[new] < 0]
        for one in shared:
            begun, ended = eager[self.device[eager] == one], old[self.device[old] == one]
            for clock in (self.dispatched, self.call):
                if clock[begun].min(initial=np.inf) < clock[ended].max():
                    return True
        return any(
            self.cycle[new[self.device[new] == one]].max() < self.cycle[old[self.device[old] == one]].min()
            for one in shared
        )


def _other_calls(table: OpsTable, rows: _Rows) -> list[tuple[int, int]]:
    """The same for captures that have no call in common."""
    cycle, host, call = (table.number(name)[rows] for name in ("fw_start_cycle", "host_start_ns", "global_call_count"))
    trace, session = (np.nan_to_num(table.number(name)[rows], nan=-1.0) for name in ("trace_id", "replay_session"))
    stream, _ = _numbered(table.device[rows], trace)
    eager_host = np.where(session < 0, host, np.nan)
    clocks = _Clocks(table.device[rows], stream, cycle, eager_host, host, session, call)
    cuts = _cuts(*clocks.falls(np.arange(len(rows))))
    by_clock = np.argsort(cycle if np.isfinite(cycle).any() else host, kind="stable")
    if not 0 < len(cuts) < _FEW or not len(clocks.falls(by_clock)[0]):
        return []
    edges = [0, *(first for _, first in cuts), len(rows)]
    pieces = [np.arange(first, end) for first, end in pairwise(edges)]
    key, _ = _numbered(stream, session, call)
    for old, new in pairwise(pieces):
        if min(len(old), len(new)) < _LEAST_OPS or np.isin(key[new], key[old]).any() or not clocks.restart(old, new):
            return []
    return [(int(rows[last]), int(rows[first])) for last, first in cuts]


def _consecutive(key: _Rows, order: _Rows) -> tuple[_Rows, _Rows]:
    """Each row and the next one with its key, in that order of the rows."""
    by_key = order[np.argsort(key[order], kind="stable")]
    same = key[by_key][1:] == key[by_key][:-1]
    return by_key[:-1][same], by_key[1:][same]


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
            for one in distinct(stream[new][shared])
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
