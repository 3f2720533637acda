"""L1 and DRAM in use while each op runs, the peak, and what is held longer than it is needed."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

import numpy as np

from perfsheet.analysis.graph.join import Joined
from perfsheet.capture.table import FloatArray, IntArray
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

    @property
    def known(self) -> bool:
        """Whether the memory of any op is known."""
        return bool(np.isfinite(self.l1_bank).any())

    @cached_property
    def peak(self) -> int | None:
        """The position of the op with most L1 in use, the first of several; None = unknown."""
        return int(np.nanargmax(self.l1_used)) if self.known else None

    @cached_property
    def dram(self) -> FloatArray:
        """DRAM in use over all banks; per bank where the size of no op's tensors is known."""
        return self.dram_total if np.isfinite(self.dram_total).any() else self.dram_bank

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
        """L1 buffers by what they hold for how long after their last use, most bytes × ops first."""
        return held(self.report)


@dataclass(frozen=True, eq=False)
class Held:
    """L1 buffers of one kind that live on after their last use: equal ones that the same lines make and use last.

    `buffer` is the first of them, `count` their number. `made` and `last_use` are calls (indices of `report.calls`);
    `idle_calls` counts the calls with device ops between its last use and its end.
    """

    buffer: Buffer
    made: int
    last_use: int
    idle_calls: int
    count: int = 1


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
    """The L1 buffers that outlive their last use by a call or more, most bytes × calls first."""
    last_use: dict[int, int] = {}
    for call, made in enumerate(report.calls):
        for tensor in (*made.inputs, *made.outputs):
            last_use[tensor] = call
        for op in made.device_ops:
            for tensor in (*report.device_ops[op].inputs, *report.device_ops[op].outputs):
                last_use[tensor] = call
    # Views share a buffer: its last use is that of any tensor at its address.
    by_address: dict[int, list[int]] = {}
    for index, described in enumerate(report.tensors):
        if described.in_l1 and described.address is not None and index in last_use:
            by_address.setdefault(described.address, []).append(last_use[index])
    found: dict[object, Held] = {}
    for buffer in report.buffers:
        uses = [use for use in by_address.get(buffer.address, ()) if buffer.first <= use <= buffer.last]
        used = max(uses) if uses else buffer.first
        idle = sum(1 for call in report.calls[used + 1 : buffer.last + 1] if len(call.device_ops))
        if idle and buffer.tensor is not None:
            kind = report.tensors[buffer.tensor]._replace(id=0, address=None)
            key = (buffer.bank, kind, report.calls[buffer.first].frames, report.calls[used].frames, idle)
            first = found.get(key)
            found[key] = (
                Held(buffer, buffer.first, used, idle) if first is None else replace(first, count=first.count + 1)
            )
    return tuple(sorted(found.values(), key=lambda one: (-one.buffer.bank * one.idle_calls, one.made)))
