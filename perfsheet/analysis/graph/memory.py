"""L1 and DRAM in use while each op runs, the peak, and what is held longer than it is needed."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from functools import cached_property
from itertools import chain

import numpy as np

from perfsheet.analysis.graph.join import Joined
from perfsheet.analysis.graph.sources import users_frames
from perfsheet.capture.table import BoolArray, FloatArray, IntArray
from perfsheet.graph_report.model import Buffer, GraphReport
from perfsheet.light_dataclass import dataclass


@dataclass(frozen=True, eq=False)
class Memory:
    """Memory of the ops of a window, in bytes; NaN = unknown.

    `l1_bank` and `dram_bank`: in use by tensors per bank of the fullest device, at the peak within the op; `l1_total`
    and `dram_total` the same over all banks. `circular`: circular buffers of the op per core. `bank_bytes`: what
    tensors and circular buffers of a core share; None = unknown.
    """

    report: GraphReport
    partner: IntArray
    l1_bank: FloatArray
    l1_total: FloatArray
    circular: FloatArray
    dram_bank: FloatArray
    dram_total: FloatArray
    bank_bytes: int | None

    @cached_property
    def l1_used(self) -> FloatArray:
        """Tensors and circular buffers of each op per bank; a lower bound where its circular buffers are unknown."""
        return np.asarray(self.l1_bank + np.nan_to_num(self.circular))

    @cached_property
    def headroom(self) -> FloatArray:
        """What is left of a bank while each op runs: at most that, where its circular buffers are unknown."""
        return np.asarray((np.nan if self.bank_bytes is None else self.bank_bytes) - self.l1_used)

    @cached_property
    def beyond_bank(self) -> BoolArray:
        """Ops with more in use than a bank holds: a report without dispatch can say so, no device can run it."""
        return np.asarray(self.headroom < 0)

    @cached_property
    def circular_known(self) -> BoolArray:
        """Ops whose circular buffers are known, among those whose tensors are."""
        return np.asarray(np.isfinite(self.l1_bank) & np.isfinite(self.circular))

    @property
    def known(self) -> bool:
        """Whether the memory of any op is known."""
        return bool(np.isfinite(self.l1_bank).any())

    @cached_property
    def peak(self) -> int | None:
        """The position of the op with most L1 in use, the first of several; None = unknown."""
        return int(np.nanargmax(self.l1_used)) if self.known else None

    @cached_property
    def dram_per_bank(self) -> bool:
        """Whether DRAM in use is known per bank alone, because the size of some tensors is not."""
        return (
            bool(np.isnan(self.dram_total[np.isfinite(self.dram_bank)]).any()) or not np.isfinite(self.dram_total).any()
        )

    @property
    def dram(self) -> FloatArray:
        """DRAM in use over all banks, or per bank where only that is known."""
        return self.dram_bank if self.dram_per_bank else self.dram_total

    def peaks(self, most: int) -> IntArray:
        """The positions of at most `most` ops with every peak among them: all ops, if they are no more than that, else
        of each stretch of ops those with most L1 and with most DRAM in use."""
        count = len(self.partner)
        if count <= most:
            return np.arange(count)
        l1, dram = (np.nan_to_num(values, nan=-1.0) for values in (self.l1_used, self.dram))
        stretches = np.array_split(np.arange(count), max(1, most // 2))
        return np.unique([part[np.argmax(values[part])] for part in stretches for values in (l1, dram)])

    @cached_property
    def longest_held(self) -> tuple[Held, ...]:
        """What lives in L1 for how long: what outlives its last use first, by bytes × calls."""
        return held(self.report)


@dataclass(frozen=True, eq=False)
class Held:
    """L1 buffers of one kind: equal ones that the same lines make and use last.

    `buffer` is the first of them, `count` their number. `made` and `last_use` are calls (indices of `report.calls`).
    `calls` counts the calls with device ops from its first to its last one, `idle_calls` those of them after its last
    use. `lives`: of each of the buffers its last use and its last call.
    """

    buffer: Buffer
    made: int
    last_use: int
    calls: int
    idle_calls: int
    count: int = 1
    lives: tuple[tuple[int, int], ...] = ()


def memory(joined: Joined, rows: IntArray) -> Memory:
    """The memory of the ops in these rows of the table."""
    partner = joined.partner[rows]
    columns = np.full((len(joined.report.device_ops) + 1, 5), np.nan)  # the last row is for ops without a partner
    for index, op in enumerate(joined.report.device_ops):
        if op.use is not None:
            unknown = (np.nan if value is None else value for value in op.use)
            columns[index, :4] = list(unknown)
        if op.circular_bytes is not None:
            columns[index, 4] = op.circular_bytes
    l1_bank, l1_total, dram_bank, dram_total, circular = columns[partner].T
    return Memory(
        joined.report, partner, l1_bank, l1_total, circular, dram_bank, dram_total, joined.report.l1_bank_bytes
    )


def held(report: GraphReport) -> tuple[Held, ...]:
    """The L1 buffers whose tensor is known: most bytes × calls after the last use first, then most bytes × calls."""
    uses = _last_uses(report)
    working = np.concatenate([[0], np.cumsum([len(call.device_ops) > 0 for call in report.calls])]).tolist()
    found: dict[object, Held] = {}
    for buffer in report.buffers:
        if buffer.tensor is None:
            continue
        of_address = uses.get(_place(buffer.address, buffer.tensor, report), [])
        place = bisect_right(of_address, buffer.last) - 1
        used = max(buffer.first, of_address[place]) if place >= 0 else buffer.first
        end = min(buffer.last, len(report.calls) - 1) + 1
        idle = working[end] - working[used + 1]
        kind = report.tensors[buffer.tensor]._replace(id=0, address=None)
        lines = tuple(users_frames(report.calls[call].frames)[:1] for call in (buffer.first, used))
        first = found.get(key := (buffer.bank, kind, *map(tuple, lines), idle))
        if first is None:
            calls = working[end] - working[buffer.first]
            found[key] = Held(buffer, buffer.first, used, calls, idle, 1, ((used, buffer.last),))
        else:
            found[key] = replace(first, count=first.count + 1, lives=(*first.lives, (used, buffer.last)))
    return tuple(sorted(found.values(), key=_by_need))


def _by_need(one: Held) -> tuple[int, int, int]:
    return -one.buffer.bank * one.idle_calls, -one.buffer.bank * one.calls, one.made


_Place = tuple[int | None, int]
"""An address in L1; without dispatch, where all are 0, the tensor."""


def _place(address: int | None, tensor: int, report: GraphReport) -> _Place:
    return (address, 0) if address else (None, report.views.get(tensor, tensor))


def _last_uses(report: GraphReport) -> dict[_Place, list[int]]:
    """At each place in L1 the last calls that use a tensor there, ascending; views share a place.

    Freeing a tensor is no use of it.
    """
    last_use: dict[int, int] = {}
    for call, made in enumerate(report.calls):
        if not len(made.device_ops) and made.name.endswith("deallocate"):
            continue
        inner = (report.device_ops[op] for op in made.device_ops)
        for tensor in chain(made.inputs, made.outputs, *((*op.inputs, *op.outputs) for op in inner)):
            last_use[tensor] = call
    uses: dict[_Place, list[int]] = {}
    for tensor, call in last_use.items():
        described = report.tensors[tensor]
        if described.in_l1:
            uses.setdefault(_place(described.address, tensor, report), []).append(call)
    return {place: sorted(calls) for place, calls in uses.items()}
