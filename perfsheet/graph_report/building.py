"""Put a graph report together, call by call."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from perfsheet.accuracy import possible
from perfsheet.graph_report.model import L1, Accuracy, Buffer, Call, Chip, DeviceOp, GraphReport, Tensor
from perfsheet.graph_report.nodes import CallContent, Change, Tensors, memory_use


def limit(value: float | None) -> float | None:
    """The PCC that TTNN compared with, which it keeps as a float32: 0.9998999834060669 is 0.9999."""
    known = possible(value)
    return None if known is None else float(str(np.float32(known)))


class Builder:
    """What is known so far."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.device_ops: list[DeviceOp] = []
        self.tensors = Tensors()
        self.buffers: list[Buffer] = []
        self.chips: list[Chip] = []
        self.accuracy: dict[int, Accuracy] = {}
        self.sources: dict[str, str] = {}
        self.views: dict[int, int] = {}
        self.without_dispatch = False
        self._live: dict[tuple[int, ...], tuple[Change, int]] = {}
        self._rank = 0

    def add_ops(self, content: CallContent) -> None:
        """Add the device ops of the call that is added next."""
        for op, peak in zip(content.device_ops, content.peaks, strict=True):
            use = memory_use(tuple(figures) for figures in peak.values()) if peak else None
            self.device_ops.append(op._replace(use=use))

    def add_call(self, call: Call, content: CallContent) -> None:
        """Add a call, after its device ops."""
        self.calls.append(call)
        for view, shown in content.views.items():
            self._add_view(view, shown)
        # In fast runtime mode the tensor that an op made has another id once Python holds it.
        inner = [*reversed(content.views), *(t for op in reversed(content.device_ops) for t in op.outputs)]
        unnamed = [tensor for tensor in inner if tensor not in call.outputs]
        for tensor in call.outputs:
            if tensor in inner or tensor in call.inputs:
                continue
            twin = next((made for made in unnamed if self._alike(made, tensor)), None)
            if twin is not None:
                unnamed.remove(twin)
                self._add_view(tensor, twin)

    def _alike(self, one: int, other: int) -> bool:
        first, second = self.tensors.all[one], self.tensors.all[other]
        return first._replace(id=0, size=None) == second._replace(id=0, size=None)

    def _add_view(self, view: int, shown: int) -> None:
        origin = self.views.get(shown, shown)
        if origin != view and view not in self.views:  # ids can be damaged
            self.views[view] = origin

    def buffer_changed(self, rank: int, this: Change) -> None:
        """A buffer came or went, in the call that was added last or after it."""
        if this.memory != L1:
            return
        self._rank = rank
        now = max(len(self.calls) - 1, 0)
        before = self._live.pop(this.key, None)
        if before is not None:
            self._ends(this.key, before, now)
        if this.sign > 0:
            self._live[this.key] = (this, now)

    def end_rank(self) -> None:
        """No more of this rank: what was not freed lives to its last call."""
        for key, before in self._live.items():
            self._ends(key, before, max(len(self.calls) - 1, 0))
        self._live = {}

    def _ends(self, key: tuple[int, ...], before: tuple[Change, int], last: int) -> None:
        made, first = before
        self.buffers.append(
            Buffer(self._rank, made.device, made.layout, made.bank, made.size, first, last, None, made.address)
        )

    def report(self, path: str, version: str) -> GraphReport:
        """The report."""
        return GraphReport(
            path,
            version,
            tuple(self.calls),
            tuple(self._with_cached_programs()),
            tuple(self.tensors.all),
            tuple(self._with_tensors()),
            tuple(self.chips),
            self.accuracy,
            self.sources,
            self.views,
            without_dispatch=self.without_dispatch,
        )

    def _with_cached_programs(self) -> Iterator[DeviceOp]:
        """The device ops; one with a cached program has the circular buffers of the op that built it.

        That is the first one with the same name and tensors from the same line: a program depends on no more.
        """
        built: dict[object, DeviceOp] = {}
        all_tensors = self.tensors.all
        for op in self.device_ops:
            if op.cache_hit and op.circular_bytes is None:
                first = built.get(_program(op, self.calls[op.call], all_tensors))
                yield op if first is None else op._replace(cores=first.cores, circular_bytes=first.circular_bytes)
                continue
            if op.circular_bytes is not None:
                built.setdefault(_program(op, self.calls[op.call], all_tensors), op)
            yield op

    def _with_tensors(self) -> Iterator[Buffer]:
        """The buffers, each with the tensor that its first call made at its address."""
        all_tensors = self.tensors.all
        taken: set[tuple[int, int]] = set()
        for buffer in self.buffers:
            call = self.calls[buffer.first] if buffer.first < len(self.calls) else None
            made = [] if call is None else dict.fromkeys([*self._made_inside(call), *call.outputs])
            there = (
                tensor
                for tensor in made
                if all_tensors[tensor].in_l1
                and (all_tensors[tensor].address or 0) == buffer.address
                and (buffer.device, tensor) not in taken
            )
            tensor = next(there, None)
            if tensor is not None and not buffer.address:  # without dispatch several look the same
                taken.add((buffer.device, tensor))
            yield buffer._replace(tensor=tensor)

    def _made_inside(self, call: Call) -> Iterator[int]:
        return (tensor for op in call.device_ops for tensor in self.device_ops[op].outputs)


def _program(op: DeviceOp, call: Call, tensors: Sequence[Tensor]) -> object:
    described = tuple(tensors[index]._replace(id=0, address=None) for index in (*op.inputs, *op.outputs))
    return op.name, len(op.inputs), described, call.frames
