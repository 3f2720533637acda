"""An op as a capture records it, with the shards of its tensors as far as the capture tells them."""

from __future__ import annotations

import math
from dataclasses import replace

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.attributes import attribute
from perfsheet.analysis.ops.tensors import Tensor as CapturedTensor
from perfsheet.analysis.rules.chains import flows
from perfsheet.light_dataclass import dataclass
from perfsheet.trials.memory import Memory, named
from perfsheet.trials.shards import output_memory, shards_of_input
from perfsheet.trials.tensors import Tensor


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

    def get(self, *names: str) -> str:
        """The first of these attributes that is set, as it is written; blank if none is."""
        return attribute(self.attributes, *names)

    @property
    def output_memory(self) -> Memory | None:
        """Where the op was asked to put its output; else where that lies, interleaved."""
        lies = self.outputs[0].memory if self.outputs else None
        return output_memory(self.attributes) or (None if lies is None or lies.sharded else lies)

    @property
    def output(self) -> Tensor:
        """The first output."""
        return self.outputs[0]


def recorded(facts: Facts, position: int, grid: tuple[int, int]) -> Recorded:
    """The op at this position."""
    ops = facts.ops
    variant = facts.variant(position)
    cores = ops.cores[position]
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
