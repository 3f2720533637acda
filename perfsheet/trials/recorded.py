"""An op as a capture records it, with the shards of its tensors as far as the capture tells them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.attributes import attribute, entries, flatten
from perfsheet.analysis.ops.tensors import Tensor as CapturedTensor
from perfsheet.analysis.rules.chains import flows
from perfsheet.light_dataclass import dataclass
from perfsheet.trials.memory import Memory, Range, Shard, named, parse_memory

_OUTPUT = ("output_mem_config", "output_memory_config", "memory_config")
_MOST_BEFORE = 200
"""Ops before an op among which the one that made its input is looked for."""


@dataclass(frozen=True)
class Tensor:
    """A tensor to be made: `shape` is the logical one, `memory` None where the capture does not tell it."""

    shape: tuple[int, ...]
    dtype: str
    layout: str
    memory: Memory | None

    @property
    def height(self) -> int:
        """All rows of it, in whole tiles where it is in tiles."""
        rows = -(-self.shape[-2] // 32) * 32 if self.layout == "TILE" else self.shape[-2]
        return math.prod(self.shape[:-2]) * rows

    @property
    def width(self) -> int:
        """Elements of a row, in whole tiles where it is in tiles."""
        return -(-self.shape[-1] // 32) * 32 if self.layout == "TILE" else self.shape[-1]


@dataclass(frozen=True)
class Recorded:
    """An op to build again: `cores` as recorded (None = unknown), `grid` is that of the board, columns × rows.

    `then`: what the next op computes if it is elementwise and may read the output: `GELU`.
    """

    op_code: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    attributes: str
    cores: int | None
    grid: tuple[int, int]
    then: str = ""

    @cached_property
    def flat(self) -> Mapping[str, str]:
        """The attributes and the members of structs by dotted name; "" = not set."""
        return flatten(self.attributes)

    def get(self, *names: str) -> str:
        """The first of these attributes that is set, as it is written; blank if none is."""
        return attribute(self.attributes, *names)

    @property
    def output_memory(self) -> Memory | None:
        """Where the op was asked to put its output."""
        text = self.get(*_OUTPUT)
        return parse_memory(text) if text else None

    @property
    def output(self) -> Tensor:
        """The first output."""
        return self.outputs[0]


def recorded(facts: Facts, position: int, grid: tuple[int, int]) -> Recorded:
    """The op at this position."""
    ops = facts.ops
    variant = facts.variant(position)
    cores = ops.cores[position]
    own = _output_memory(variant.attributes)
    outputs = tuple(_tensor(tensor, own) for tensor in variant.outputs)
    inputs = tuple(_input(facts, position, tensor, outputs) for tensor in variant.inputs)
    return Recorded(
        variant.op_code,
        inputs,
        outputs,
        variant.attributes,
        int(cores) if math.isfinite(cores) else None,
        grid,
        _then(facts, position),
    )


def _then(facts: Facts, position: int) -> str:
    after = position + 1
    if after >= len(facts.ops) or facts.ops.device[after] != facts.ops.device[position]:
        return ""
    return facts.functions[facts.ops.variants.of[after]] if flows(facts, position, after) else ""


def _output_memory(attributes: str) -> Memory | None:
    given = entries(attributes)
    return next((parse_memory(given[name]) for name in _OUTPUT if name in given), None)


def _tensor(captured: CapturedTensor, memory: Memory | None = None) -> Tensor:
    """A tensor, with the shards of `memory` where that is of the same kind."""
    extents = captured.logical or captured.padded or (1, 1, 1, 1)
    lies = named(captured.memory)
    if lies is not None and memory is not None and lies.name == memory.name:
        lies = memory
    return Tensor(extents, captured.datatype, captured.layout, lies)


def _input(facts: Facts, position: int, captured: CapturedTensor, outputs: tuple[Tensor, ...]) -> Tensor:
    """An input; its shards are those with which an earlier op made such a tensor, else those of the op's own output."""
    tensor = _tensor(captured)
    if tensor.memory is None or not tensor.memory.sharded:
        return tensor
    device = facts.ops.device[position]
    for before in range(position - 1, max(position - 1 - _MOST_BEFORE, -1), -1):
        if facts.ops.device[before] != device:
            continue
        variant = facts.variant(before)
        made = variant.outputs[0] if variant.outputs else None
        if made is None or (made.logical, made.datatype, made.memory) != (
            captured.logical,
            captured.datatype,
            captured.memory,
        ):
            continue
        memory = _output_memory(variant.attributes)
        if memory is not None and memory.shard is not None:
            return replace(tensor, memory=memory)
        break
    same = [one.memory for one in outputs if one.memory is not None and one.memory.name == tensor.memory.name]
    if same and same[0].shard is not None and outputs[0].shape == tensor.shape:
        return replace(tensor, memory=same[0])
    return replace(tensor, memory=_guessed(facts, position, tensor))


def _guessed(facts: Facts, position: int, tensor: Tensor) -> Memory:
    """Equal shards on as many cores as the op has, row by row: whether that is right, its cores show."""
    assert tensor.memory is not None
    cores = facts.ops.cores[position]
    columns, rows = _grid_of(facts, position)
    if tensor.memory.buffer == "DRAM":
        return replace(tensor.memory, shard=_on_banks(tensor, _BANKS.get(_arch(facts, position), 12)))
    if not math.isfinite(cores):
        return tensor.memory
    count = int(cores)
    if tensor.memory.layout == "BLOCK_SHARDED":
        across = next((n for n in range(min(columns, count), 0, -1) if count % n == 0 and count // n <= rows), 1)
        wide, high = across, count // across
        shape = (_part(tensor.height, high, tensor), _part(tensor.width, wide, tensor))
        return replace(tensor.memory, shard=Shard(((0, 0, wide - 1, high - 1),), shape))
    whole = _row_by_row(count, columns)
    if tensor.memory.layout == "HEIGHT_SHARDED":
        shape = (_part(tensor.height, count, tensor), tensor.width)
    else:
        shape = (tensor.height, _part(tensor.width, count, tensor))
    return replace(tensor.memory, shard=Shard(whole, shape))


_BANKS = {"wormhole_b0": 12, "blackhole": 8}
"""DRAM banks over which weights are sharded."""


def _arch(facts: Facts, position: int) -> str:
    return facts.ops.text("device_arch")[position].strip().lower()


def _on_banks(tensor: Tensor, banks: int) -> Shard:
    """Columns of it on each bank, as a DRAM-sharded matmul reads its weights."""
    return Shard(((0, 0, banks - 1, 0),), (tensor.height, _part(tensor.width, banks, tensor)))


def _part(extent: int, parts: int, tensor: Tensor) -> int:
    piece = -(-extent // parts)
    return -(-piece // 32) * 32 if tensor.layout == "TILE" else piece


def _row_by_row(count: int, columns: int) -> tuple[Range, ...]:
    whole, rest = divmod(count, columns)
    ranges: list[Range] = []
    if whole:
        ranges.append((0, 0, columns - 1, whole - 1))
    if rest:
        ranges.append((0, whole, rest - 1, whole))
    return tuple(ranges)


def _grid_of(facts: Facts, position: int) -> tuple[int, int]:
    cores = facts.ops.worker_cores[position]
    count = int(cores) if math.isfinite(cores) else 64
    columns = next((n for n in (8, 11, 12, 13, 5) if count % n == 0), 8)
    return columns, max(count // columns, 1)
