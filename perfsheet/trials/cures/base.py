"""What the cures of chains have in common."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from perfsheet.analysis.facts import Facts
from perfsheet.trials.chain import Proposal
from perfsheet.trials.memory import DRAM, Memory
from perfsheet.trials.recorded import Recorded, recorded
from perfsheet.trials.tensors import Tensor


class Chain:
    """The ops of one instance of a chain, in order: `positions` among those of the window, `ops` as recorded."""

    def __init__(self, facts: Facts, positions: Sequence[int], grid: tuple[int, int]) -> None:
        self.facts, self.positions, self.grid = facts, list(positions), grid
        self.ops: list[Recorded] = [recorded(facts, position, grid) for position in positions]

    def computing(self, *names: str) -> int | None:
        """The place of the first op that is one of these elementwise functions; None if there is none."""
        of = self.facts.ops.variants.of[self.positions].tolist()
        return next((place for place, index in enumerate(of) if self.facts.functions[index] in names), None)


Cure = Callable[[Chain], Iterator[Proposal]]
"""From a chain to what may take its place, most promising first."""


def whole(tensor: Tensor) -> Tensor:
    """A tensor that an op can read that takes none in shards: interleaved in DRAM, where it is sharded now."""
    return replace(tensor, memory=DRAM) if tensor.memory is None or tensor.memory.sharded else tensor


def moves(first: Recorded, last: Recorded, *read: Tensor, put: Memory = DRAM) -> int:
    """How many tensors lie elsewhere than recorded: what is read in place of the inputs of `first`, and the output of
    `last`, which is `put`."""
    inputs = sum(now.memory != was.memory for now, was in zip(read, first.inputs, strict=False))
    output = last.output.memory if last.outputs else None
    return inputs + (output is not None and output.name != put.name)


def number(text: str) -> float | None:
    """A number of ATTRIBUTES; None for anything else."""
    try:
        found = float(text)
    except ValueError:
        return None
    return found if math.isfinite(found) else None
