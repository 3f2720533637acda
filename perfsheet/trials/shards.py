"""The shards of an input, which the ops CSV does not have: by the graph report, by the op that made it, or guessed."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.attributes import UNSET, entries
from perfsheet.analysis.ops.variants import Variant
from perfsheet.hardware.data_types import round_up_to_tile
from perfsheet.trials.memory import Memory, Range, Shard, parse_memory
from perfsheet.trials.tensors import Tensor

_OUTPUT = ("output_mem_config", "output_memory_config", "memory_config")
_SHARD = re.compile(r"(\d+)×(\d+) on (\d+) cores?")
_MOST_BEFORE = 200
"""Ops before an op among which the one that made its input is looked for."""


def output_memory(attributes: str) -> Memory | None:
    """Where an op was asked to put its output; None where it was not."""
    given = {name.rstrip("_"): text for name, text in entries(attributes).items()}
    return next((parse_memory(given[name]) for name in _OUTPUT if given.get(name, "") not in UNSET), None)


def shards_of_input(
    facts: Facts, position: int, place: int, tensor: Tensor, outputs: Sequence[Tensor], grid: tuple[int, int]
) -> Memory | None:
    """The memory of an input with its shards, where it is sharded; `place` is its number among the inputs."""
    memory = tensor.memory
    if memory is None or not memory.sharded:
        return memory
    known = (
        _by_report(facts, position, place, memory, grid),
        _of_maker(facts, position, place),
        next((one.memory for one in outputs[:1] if one.shape == tensor.shape), None),
    )
    alike = (one for one in known if one is not None and one.name == memory.name)
    found = next((one for one in alike if one.shard is not None and all(one.shard.shape)), None)
    return found or _guessed(facts, position, tensor, memory, grid)


def _by_report(facts: Facts, position: int, place: int, memory: Memory, grid: tuple[int, int]) -> Memory | None:
    """That of the graph report, which has the shape of a shard and how many cores have one."""
    step = None if facts.graph is None else facts.graph.flow.read(position, place)
    found = _SHARD.fullmatch(step.tensor.shard) if step is not None and step.tensor.memory == memory.name else None
    if found is None:
        return None
    height, width, cores = (int(number) for number in found.groups())
    return replace(memory, shard=Shard(_cores(memory.layout, cores, grid), (height, width)))


def _cores(layout: str, count: int, grid: tuple[int, int]) -> tuple[Range, ...]:
    """So many cores from the first one on: a rectangle for blocks, else row by row."""
    if layout == "BLOCK_SHARDED":
        wide, high = _rectangle(count, grid)
        return ((0, 0, wide - 1, high - 1),)
    return _row_by_row(count, grid[0])


def _of_maker(facts: Facts, position: int, place: int) -> Memory | None:
    """That with which the last op of the device before this one made such a tensor."""
    maker = maker_of(facts, position, place)
    return None if maker is None else output_memory(facts.variant(maker).attributes)


def maker_of(facts: Facts, position: int, place: int) -> int | None:
    """The op that made an input, by the graph report, else of those before it on its device the last that made such a
    tensor; None = unknown."""
    read = None if facts.graph is None else facts.graph.flow.read(position, place)
    if facts.graph is not None and read is not None and read.producer is not None:
        return facts.graph.position_of.get(read.producer)
    inputs = facts.variant(position).inputs
    if place >= len(inputs):
        return None
    wanted, device = inputs[place], facts.ops.device[position]
    for before in range(position - 1, max(position - 1 - _MOST_BEFORE, -1), -1):
        if facts.ops.device[before] == device and _makes(facts.variant(before), wanted):
            return before
    return None


def _makes(variant: Variant, wanted: object) -> bool:
    return bool(variant.outputs) and variant.outputs[0] == wanted


def _guessed(facts: Facts, position: int, tensor: Tensor, memory: Memory, grid: tuple[int, int]) -> Memory:
    """Equal parts on as many cores as the op has, row by row: whether that is right, its cores show."""
    cores, banks = facts.ops.cores[position], facts.speed_of_light.peaks.dram_banks[position]
    if memory.buffer == "DRAM":
        # A DRAM-sharded matmul reads columns of its weights from each bank.
        whole: tuple[Range, ...] = ((0, 0, int(banks) - 1, 0),)
        parts = (1, int(banks))
    elif not math.isfinite(cores):
        return memory
    else:
        count = int(cores)
        whole = _cores(memory.layout, count, grid)
        parts = {"HEIGHT_SHARDED": (count, 1), "WIDTH_SHARDED": (1, count)}.get(
            memory.layout, _rectangle(count, grid)[::-1]
        )
    shape = (_part(tensor.height, parts[0], tensor), _part(tensor.width, parts[1], tensor))
    return replace(memory, shard=Shard(whole, shape))


def _rectangle(count: int, grid: tuple[int, int]) -> tuple[int, int]:
    """The widest columns × rows of so many cores that the grid has."""
    wide = next((n for n in range(min(grid[0], count), 0, -1) if count % n == 0 and count // n <= grid[1]), 1)
    return wide, count // wide


def _part(extent: int, parts: int, tensor: Tensor) -> int:
    piece = -(-extent // parts)
    return round_up_to_tile(piece) if tensor.layout == "TILE" else piece


def _row_by_row(count: int, columns: int) -> tuple[Range, ...]:
    full, rest = divmod(count, columns)
    ranges = ((0, 0, columns - 1, full - 1),) if full else ()
    return (*ranges, (0, full, rest - 1, full)) if rest else ranges
