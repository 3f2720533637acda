"""The nodes of a captured graph: what happened inside each call, in order."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from perfsheet.graph_report import texts
from perfsheet.graph_report.model import DRAM, L1, DeviceOp, Execution, MemoryUse, Tensor
from perfsheet.hardware.data_types import bytes_per_element, round_up_to_tile

Scalar = int | float | str | bool | None
"""TTNN wrote all values as text once, and numbers as numbers later."""


class BareParams(msgspec.Struct):
    """What a node says of itself but for the description of a tensor; every kind of node has a few of these."""

    name: str = ""
    program_cache_hit: Scalar = None
    program_factory_type: Scalar = None
    global_call_count: Scalar = None
    device_id: Scalar = None
    physical_device_id: Scalar = None
    tensor_id: Scalar = None
    layout: str = ""
    size: Scalar = None
    type: str = ""
    buffer_type: Scalar = None
    address: Scalar = None
    max_size_per_bank: Scalar = None
    core_range_set: str = ""
    borrows_memory: Scalar = None
    globally_allocated: Scalar = None


class Params(BareParams):
    """All that a node says of itself."""

    shape: str = ""
    dtype: str = ""
    memory_config: str = ""


class BareNode(msgspec.Struct):
    """A node of a captured graph whose tensors are known; `connections` and `input_tensors` are counters of nodes."""

    node_type: str
    counter: int = 0
    params: BareParams | None = None
    connections: list[int] = []
    input_tensors: list[int] = []
    duration_ns: Scalar = None


class Node(BareNode):
    """A node of a captured graph."""

    params: Params | None = None


class PlanNode(Node):
    """A node of a plan, which has the arguments of device ops as well."""

    arguments: list[str] = []


_NO_PARAMS = BareParams()


_LARGEST = 1 << 53
_LONGEST = 20
"""Digits of a number that is worth converting."""


def number(value: Scalar) -> int | None:
    """A count, a size or an id; None where it is no whole number that a machine has."""
    if isinstance(value, str) and len(value) > _LONGEST:
        return None
    try:
        found = None if value is None or value == "" else int(value)
    except (ValueError, OverflowError):
        return None
    return found if found is not None and -_LARGEST < found < _LARGEST else None


def flag(value: Scalar) -> bool | None:
    """A yes or no, written in any way."""
    if value is None or isinstance(value, bool):
        return value
    return str(value).strip().lower() in ("1", "true")


def stored_bytes(tensor: Tensor) -> int | None:
    """The bytes that a tensor takes in memory, whole tiles in TILE layout; None where shape or data type is unknown."""
    each = bytes_per_element(tensor.dtype)
    if each is None or not tensor.shape:
        return None
    *outer, width = tensor.shape
    if tensor.layout == "TILE":
        width = round_up_to_tile(width)
        outer = [*outer[:-1], round_up_to_tile(outer[-1] if outer else 1)]
    return int(each * width * math.prod(outer))


class Tensors:
    """The tensors of a report, each once: by rank and tensor id."""

    def __init__(self) -> None:
        self.all: list[Tensor] = []
        self._index: dict[tuple[int, int], int] = {}

    def add(self, rank: int, tensor: Tensor) -> int:
        """The index of a tensor; the first description of it stays."""
        key = (rank, tensor.id)
        index = self._index.get(key)
        if index is None:
            index = self._index[key] = len(self.all)
            self.all.append(tensor)
        elif self.all[index].size is None and tensor.size is not None:
            self.all[index] = tensor
        return index

    def find(self, rank: int, tensor_id: int) -> int | None:
        """The index of the tensor with this id; None without one."""
        return self._index.get((rank, tensor_id))

    def of_node(self, rank: int, params: Params) -> int | None:
        """The index of the tensor that a node describes."""
        tensor_id = number(params.tensor_id)
        if tensor_id is None:
            return None
        known = self._index.get((rank, tensor_id))
        if known is not None and self.all[known].size is not None:
            return known
        memory, shard = texts.memory(params.memory_config)
        described = Tensor(
            tensor_id,
            texts.shape(params.shape),
            texts.enum_name(params.dtype),
            texts.enum_name(params.layout),
            memory,
            shard,
            number(params.size),
            number(params.address),
        )
        return self.add(rank, described)


class Use:
    """Bytes in use on one device, by memory: per bank, over all banks, and how many buffers lack the latter."""

    __slots__ = ("dram_bank", "dram_total", "dram_unsized", "l1_bank", "l1_total", "l1_unsized")

    def __init__(self) -> None:
        self.l1_bank = self.l1_total = self.l1_unsized = 0
        self.dram_bank = self.dram_total = self.dram_unsized = 0

    def change(self, sign: int, memory: str, bank: int, size: int | None) -> None:
        """Count a buffer that comes (1) or goes (-1)."""
        if memory == L1:
            self.l1_bank += sign * bank
            self.l1_total += sign * (size or 0)
            self.l1_unsized += sign * (size is None)
        elif memory == DRAM:
            self.dram_bank += sign * bank
            self.dram_total += sign * (size or 0)
            self.dram_unsized += sign * (size is None)

    def values(self) -> tuple[int, ...]:
        """The six figures."""
        return self.l1_bank, self.l1_total, self.l1_unsized, self.dram_bank, self.dram_total, self.dram_unsized


def memory_use(devices: Iterable[tuple[int, ...]]) -> MemoryUse:
    """The use of the fullest device, from the six figures of each."""
    l1_bank = l1_total = dram_bank = dram_total = 0
    l1_known = dram_known = True
    for bank, total, unsized, dram, dram_all, dram_unsized in devices:
        l1_bank, dram_bank = max(l1_bank, bank), max(dram_bank, dram)
        l1_total, dram_total = max(l1_total, total), max(dram_total, dram_all)
        l1_known, dram_known = l1_known and not unsized, dram_known and not dram_unsized
    return MemoryUse(l1_bank, l1_total if l1_known else None, dram_bank, dram_total if dram_known else None)


class Change(NamedTuple):
    """A buffer that was allocated (`sign` 1) or freed (-1); `key` tells it from all others of its report."""

    sign: int
    key: tuple[int, ...]
    device: int
    memory: str
    layout: str
    bank: int
    size: int | None
    address: int


_MEMORIES = {0: DRAM, 1: L1}


def change(node: BareNode) -> Change:
    """What a node `buffer_allocate` or `buffer_deallocate` does."""
    params = node.params or _NO_PARAMS
    device, address = number(params.device_id) or 0, number(params.address) or 0
    size = number(params.size)
    bank = number(params.max_size_per_bank)
    # Without dispatch all addresses are 0: there the node of the buffer, which both are connected to, tells them apart.
    key = (device, address) if address or not node.connections else (device, 0, node.connections[0])
    of_type = number(params.buffer_type)  # more exact: L1_SMALL is L1 by its name, too
    memory = params.type if of_type is None else _MEMORIES.get(of_type, "")
    return Change(
        1 if node.node_type == "buffer_allocate" else -1,
        key,
        device,
        memory,
        params.layout,
        bank if bank is not None else (size or 0),
        size,
        address,
    )


_PLUMBING = ("ttnn.", "ttnn::", "Tensor::", "tt::")
"""Functions that run no program themselves."""
_SAYS_NOTHING = frozenset(("tensor", "buffer", "capture_start", "capture_end", "circular_buffer_deallocate_all"))
_BUFFERS_ON_CORES = ("circular_buffer_allocate", "dataflow_buffer_allocate")


class _Open:
    """A function that has started and not ended."""

    # fmt: off
    __slots__ = (
        "allocates", "arguments", "executions", "factory", "hit", "inner", "inputs", "is_op", "made", "name",
        "on_cores", "peak",
    )
    # fmt: on

    def __init__(self, name: str, params: BareParams, inputs: tuple[int, ...], arguments: tuple[str, ...] = ()) -> None:
        self.name = name
        self.arguments = arguments
        self.factory = str(params.program_factory_type or "") if arguments else ""
        self.inputs = inputs
        self.hit = flag(params.program_cache_hit)
        stated = params.program_cache_hit is not None or params.program_factory_type is not None
        self.is_op = bool(name) and (stated or not name.startswith(_PLUMBING))
        self.executions: list[Execution] = []
        self.on_cores: list[tuple[str, int, bool]] = []
        self.allocates = False
        self.inner = 0
        self.made: tuple[int, ...] = ()
        self.peak: dict[int, list[int]] = {}


class CallContent(NamedTuple):
    """What a call did: its device ops (with uses relative to the start of the walk), and its buffers in order.

    `views`: the tensors that show the memory of another one, in order, each with that one.
    """

    device_ops: list[DeviceOp]
    peaks: list[dict[int, list[int]]]
    changes: list[Change]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    views: dict[int, int]


def described_tensors(nodes: Iterable[Node], rank: int, tensors: Tensors) -> dict[int, int]:
    """The index of the tensor that each of these nodes describes, by the counter of the node."""
    return {
        node.counter: index
        for node in nodes
        if node.node_type == "tensor" and node.params and (index := tensors.of_node(rank, node.params)) is not None
    }


def known_tensors(nodes: Iterable[BareNode], rank: int, tensors: Tensors) -> dict[int, int] | None:
    """The same for tensors that are known already; None if one is not."""
    described = {}
    for node in nodes:
        if node.node_type == "tensor" and node.params:
            tensor_id = number(node.params.tensor_id)
            if tensor_id is not None:
                index = tensors.find(rank, tensor_id)
                if index is None:
                    return None
                described[node.counter] = index
    return described


def walk(nodes: Sequence[BareNode], call: int, described: dict[int, int], start: dict[int, Use]) -> CallContent:
    """Go through the nodes of one call. `start`: what is in use on each device before it, and after it afterwards.

    `described`: the tensors behind nodes, by counter.
    """
    walked = _Walk(call, described, start)
    for node in nodes:
        if node.node_type not in _SAYS_NOTHING:
            walked.go(node)
    return CallContent(walked.ops, walked.peaks, walked.changes, walked.inputs, walked.outputs, walked.views)


class _Walk:
    """The state of going through a call."""

    def __init__(self, call: int, described: dict[int, int], uses: dict[int, Use]) -> None:
        self._call, self._described, self._uses = call, described, uses
        self._open: list[_Open] = []
        self.ops: list[DeviceOp] = []
        self.peaks: list[dict[int, list[int]]] = []
        self.changes: list[Change] = []
        self.inputs: tuple[int, ...] = ()
        self.outputs: tuple[int, ...] = ()
        self.views: dict[int, int] = {}

    def go(self, node: BareNode) -> None:
        """Take the next node."""
        kind, params = node.node_type, node.params or _NO_PARAMS
        if kind == "function_start":
            self._start(params, self._tensors(node.input_tensors), tuple(getattr(node, "arguments", ())))
        elif kind == "function_end" and self._open:
            self._end(self._open.pop(), self._tensors(node.connections))
        elif kind in ("buffer_allocate", "buffer_deallocate"):
            self._change(change(node))
        elif kind == "program_execution":
            if owner := self._owner():
                owner.executions += _executions(params)
        elif kind in _BUFFERS_ON_CORES and (owner := self._owner()):
            borrowed = bool(flag(params.borrows_memory) or flag(params.globally_allocated))
            owner.on_cores.append((params.core_range_set, number(params.size) or 0, borrowed))

    def _tensors(self, counters: Iterable[int]) -> tuple[int, ...]:
        return tuple(self._described[counter] for counter in counters if counter in self._described)

    def _owner(self) -> _Open | None:
        return next((function for function in reversed(self._open) if function.is_op), None)

    def _start(self, params: BareParams, inputs: tuple[int, ...], arguments: tuple[str, ...]) -> None:
        function = _Open(params.name, params, inputs, arguments)
        self.inputs = self.inputs or inputs
        if function.is_op:
            _raise_peaks(function, self._uses)
        self._open.append(function)

    def _end(self, function: _Open, outputs: tuple[int, ...]) -> None:
        self.outputs = outputs or self.outputs
        if function.is_op and (function.executions or function.on_cores or not function.inner):
            self.ops.append(_device_op(function, self._call, outputs or function.made))
            self.peaks.append(function.peak)
            for other in self._open:
                other.inner += 1
            return
        if not (function.is_op or function.inner or function.allocates) and len(function.inputs) == len(outputs) == 1:
            self.views[outputs[0]] = function.inputs[0]  # a reshape that moves nothing
        if not function.is_op and (owner := self._owner()):  # an op with several outputs names none
            owner.made += tuple(tensor for tensor in outputs if tensor not in owner.made)

    def _change(self, this: Change) -> None:
        self.changes.append(this)
        use = self._uses.setdefault(this.device, Use())
        use.change(this.sign, this.memory, this.bank, this.size)
        for function in self._open:
            function.allocates = function.allocates or this.sign > 0
            if function.is_op:
                _raise_peaks(function, {this.device: use})


def _executions(params: BareParams) -> list[Execution]:
    count = number(params.global_call_count)
    device = number(params.physical_device_id)
    if device is None:
        device = number(params.device_id)
    return [] if count is None else [Execution(count, device or 0)]


def _raise_peaks(function: _Open, uses: dict[int, Use]) -> None:
    for device, use in uses.items():
        now = use.values()
        before = function.peak.get(device)
        if before is None:
            function.peak[device] = list(now)
        elif now[0] > before[0] or now[3] > before[3]:
            function.peak[device] = [max(pair) for pair in zip(before, now, strict=True)]


def _device_op(function: _Open, call: int, outputs: tuple[int, ...]) -> DeviceOp:
    cores, circular = _on_cores(tuple(function.on_cores))
    return DeviceOp(
        function.name,
        call,
        tuple(function.executions),
        function.inputs,
        outputs,
        function.hit,
        cores,
        circular,
        None,
        function.arguments,
        function.factory,
    )


def _on_cores(buffers: tuple[tuple[str, int, bool], ...]) -> tuple[int | None, int | None]:
    """How many cores have circular buffers, and the bytes of those on the core with most; None without any.

    A buffer that borrows the memory of a tensor takes none of its own.
    """
    if not buffers:
        return None, None
    by_ranges: dict[str, int] = {}
    for ranges, size, borrowed in buffers:
        by_ranges[ranges] = by_ranges.get(ranges, 0) + (0 if borrowed else size)
    if len(by_ranges) == 1:
        ((ranges, size),) = by_ranges.items()
        return len(texts.cores(ranges)) or None, size
    on_core: dict[tuple[int, int], int] = {}
    for ranges, size in by_ranges.items():
        for core in texts.cores(ranges):
            on_core[core] = on_core.get(core, 0) + size
    return len(on_core) or None, max(on_core.values(), default=0)
