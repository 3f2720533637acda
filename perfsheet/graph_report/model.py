"""What TTNN's graph report says, whatever file it came from: calls, device ops, tensors, memory and accuracy."""

from __future__ import annotations

from dataclasses import field
from functools import cached_property
from typing import NamedTuple

from perfsheet.light_dataclass import dataclass

L1 = "L1"
DRAM = "DRAM"


class Frame(NamedTuple):
    """One frame of a Python stack; `code` is the text of its line, blank where the report has none."""

    file: str
    line: int
    function: str
    code: str


class Execution(NamedTuple):
    """One dispatch of a device op: the GLOBAL CALL COUNT and DEVICE ID that the ops CSV has for it."""

    global_call_count: int
    device_id: int


class Tensor(NamedTuple):
    """A tensor; `memory` reads as in the ops CSV (`L1_BLOCK_SHARDED`), `shard` is its shard spec, blank without one.

    `shape` is the logical one. `size` is in bytes over all banks, None = unknown.
    """

    id: int
    shape: tuple[int, ...]
    dtype: str
    layout: str
    memory: str
    shard: str
    size: int | None
    address: int | None = None

    @property
    def in_dram(self) -> bool:
        """Whether it lies in DRAM."""
        return self.memory.startswith(DRAM)

    @property
    def in_l1(self) -> bool:
        """Whether it lies in L1."""
        return self.memory.startswith(L1)


class MemoryUse(NamedTuple):
    """Bytes in use on the fullest device: by tensors per bank, and over all banks (None = unknown for a buffer)."""

    l1_bank: int
    l1_total: int | None
    dram_bank: int
    dram_total: int | None


class DeviceOp(NamedTuple):
    """A device op of a call. `inputs` and `outputs` index `GraphReport.tensors`, `call` indexes `GraphReport.calls`.

    `cores` and `circular_bytes` (bytes per core, of the core with most) follow from its circular buffers; None where
    the capture has none of them. `use` is the memory in use at its peak while it runs, without circular buffers.
    `arguments` are its C++ values as text, `factory` is the program factory that TTNN chose; of plans only.
    """

    name: str
    call: int
    executions: tuple[Execution, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    cache_hit: bool | None
    cores: int | None
    circular_bytes: int | None
    use: MemoryUse | None
    arguments: tuple[str, ...] = ()
    factory: str = ""


class Call(NamedTuple):
    """A Python call of TTNN: `ttnn.linear`. `frames` start with the innermost one; `host_ns` is its time on the host.

    `device_ops` are their indices in `GraphReport.device_ops`. `given`: the arguments by name, of plans only.
    """

    id: int
    rank: int
    name: str
    frames: tuple[Frame, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    device_ops: range
    host_ns: float | None
    error: str
    given: tuple[tuple[str, str], ...] = ()


class Buffer(NamedTuple):
    """A buffer in L1 over its life: `bank` bytes per bank, from call `first` to call `last` (indices), both included.

    `first` is 0 also for what was there before the capture, `last` is the last call if it was never freed. `tensor`
    indexes `GraphReport.tensors`; None = unknown.
    """

    rank: int
    device: int
    layout: str
    bank: int
    size: int | None
    first: int
    last: int
    tensor: int | None
    address: int


class Chip(NamedTuple):
    """A device as the report states it; 0 = not stated.

    A report lists what its buffers are on: chips, but a mesh as well, as if it were one more chip.
    """

    rank: int
    device: int
    l1_bank_bytes: int
    cores: int


class Accuracy(NamedTuple):
    """PCC of a tensor against the golden function: `alone` with the device's own inputs, `accumulated` from the start.

    `desired` is the limit that TTNN compared with; None = not recorded.
    """

    alone: float | None
    accumulated: float | None
    desired: float | None


@dataclass(frozen=True, eq=False)
class GraphReport:
    """A graph report; calls and device ops in the order they ran, rank by rank.

    `path` is the file. `sources` are the texts of source files that it carries, by path. `accuracy` is by index of
    `tensors`. `views` has, for each tensor that shows the memory of another one (a reshape that moves nothing, another
    id of the same tensor), that one. `has_stacks`: whether any call has a Python stack. `without_dispatch`: it is a
    database of a capture without dispatch, which lacks most buffers, so that the memory is unknown.
    """

    path: str
    version: str
    calls: tuple[Call, ...]
    device_ops: tuple[DeviceOp, ...]
    tensors: tuple[Tensor, ...]
    buffers: tuple[Buffer, ...]
    chips: tuple[Chip, ...]
    accuracy: dict[int, Accuracy]
    sources: dict[str, str]
    views: dict[int, int] = field(default_factory=dict)
    how_chosen: str = ""
    without_dispatch: bool = False

    def __repr__(self) -> str:
        return f"<GraphReport of {len(self.calls):,} calls, {len(self.device_ops):,} device ops>"

    @cached_property
    def ranks(self) -> tuple[int, ...]:
        """The ranks that took part."""
        return tuple(sorted({call.rank for call in self.calls}))

    @cached_property
    def has_stacks(self) -> bool:
        """Whether any call has a Python stack."""
        return any(call.frames for call in self.calls)

    @cached_property
    def has_executions(self) -> bool:
        """Whether it states GLOBAL CALL COUNTs."""
        return any(op.executions for op in self.device_ops)

    @cached_property
    def l1_bank_bytes(self) -> int | None:
        """The size of an L1 bank: what tensors and circular buffers of a core share; None = unknown or not one."""
        sizes = {chip.l1_bank_bytes for chip in self.chips if chip.l1_bank_bytes}
        return sizes.pop() if len(sizes) == 1 else None

    @cached_property
    def producers(self) -> dict[int, int]:
        """The device op that made each tensor, by index of `tensors`; the last one if several write it.

        What made a tensor made its views.
        """
        found = {tensor: index for index, op in enumerate(self.device_ops) for tensor in op.outputs}
        of_views = {view: found[shown] for view, shown in self.views.items() if shown in found}
        return of_views | found

    @cached_property
    def consumers(self) -> dict[int, tuple[int, ...]]:
        """The device ops that read each tensor or a view of it, by index of `tensors`."""
        found: dict[int, list[int]] = {}
        for index, op in enumerate(self.device_ops):
            for tensor in op.inputs:
                found.setdefault(self.views.get(tensor, tensor), []).append(index)
        readers = {tensor: tuple(some) for tensor, some in found.items()}
        return readers | {view: readers[shown] for view, shown in self.views.items() if shown in readers}
