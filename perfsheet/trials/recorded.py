"""An op as a capture records it, with the shards of its tensors as far as the capture tells them."""

from __future__ import annotations

import math
from dataclasses import replace

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.attributes import attribute, is_set
from perfsheet.analysis.ops.tensors import Tensor as CapturedTensor
from perfsheet.analysis.rules.chains import flows
from perfsheet.light_dataclass import dataclass
from perfsheet.trials.memory import Memory, named
from perfsheet.trials.shards import output_memory, shards_of_input
from perfsheet.trials.tensors import Tensor


@dataclass(frozen=True)
class Recorded:
    """An op to build again: `cores` as recorded (None = unknown), `grid` is that of the board, columns × rows.

    `dram_banks`: how many its device has (None = unknown). `then`: what the next op computes if it is elementwise and
    may read the output: `GELU`.
    """

    op_code: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    attributes: str
    cores: int | None
    grid: tuple[int, int]
    then: str = ""
    dram_banks: int | None = None

    def get(self, *names: str) -> str:
        """The first of these attributes that is set, as it is written; blank if none is."""
        return attribute(self.attributes, *names)

    @property
    def output_memory(self) -> Memory | None:
        """Where the op was asked to put its output; else where that lies, interleaved."""
        lies = self.outputs[0].memory if self.outputs else None
        return output_memory(self.attributes) or (None if lies is None or lies.sharded else lies)

    @property
    def memory_code(self) -> str:
        """The Python of that; blank where it is not known."""
        memory = self.output_memory
        return "" if memory is None else memory.code

    @property
    def whole_memory_code(self) -> str:
        """The same, blank also where its shards are not known."""
        memory = self.output_memory
        return "" if memory is None or (memory.sharded and memory.shard is None) else memory.code

    @property
    def new_dtype(self) -> str:
        """The data type of the output where it is not that of the first input, else blank."""
        differs = self.outputs and self.output.dtype != self.inputs[0].dtype
        return self.output.dtype if differs else ""

    def has(self, name: str) -> bool:
        """Whether an attribute is true; False when it is unset."""
        return is_set(self.attributes, name)

    @property
    def output(self) -> Tensor:
        """The first output."""
        return self.outputs[0]


def recorded(facts: Facts, position: int, grid: tuple[int, int]) -> Recorded:
    """The op at this position."""
    ops = facts.ops
    variant = facts.variant(position)
    cores, banks = ops.cores[position], facts.speed_of_light.peaks.dram_banks[position]
    own = output_memory(variant.attributes)
    outputs = tuple(_tensor(tensor, own) for tensor in variant.outputs)
    inputs = tuple(
        replace(tensor, memory=shards_of_input(facts, position, place, tensor, outputs, grid))
        for place, tensor in enumerate(map(_tensor, variant.inputs))
    )
    return Recorded(
        variant.op_code,
        inputs,
        outputs,
        variant.attributes,
        int(cores) if math.isfinite(cores) else None,
        grid,
        _then(facts, position),
        int(banks) if math.isfinite(banks) else None,
    )


def _then(facts: Facts, position: int) -> str:
    after = position + 1
    if after >= len(facts.ops) or facts.ops.device[after] != facts.ops.device[position]:
        return ""
    return facts.functions[facts.ops.variants.of[after]] if flows(facts, position, after) else ""


def _tensor(captured: CapturedTensor, memory: Memory | None = None) -> Tensor:
    """A tensor, with the shards of `memory` where that is of the same kind."""
    extents = captured.logical or captured.padded or (1, 1, 1, 1)
    lies = named(captured.memory)
    if lies is not None and memory is not None and lies.name == memory.name:
        lies = memory
    return Tensor(extents, captured.datatype, captured.layout, lies)
