"""Matmuls of sharded tensors: in blocks, along the width or the height, by heads, and from banks of DRAM."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from perfsheet.hardware.data_types import TILE_SIDE
from perfsheet.trials.code import Code
from perfsheet.trials.kinds.base import Variant, divisors
from perfsheet.trials.kinds.matmul_configs import (
    IN_A_ROW,
    IN_BLOCKS,
    Size,
    largest_subblock,
    multicast_config,
    size_of,
    subblock,
)
from perfsheet.trials.memory import Memory, Shard
from perfsheet.trials.recorded import Recorded

_FLAT = 2
"""Rows of tiles up to which weights may be read from the banks of DRAM, each by cores of its own."""


def block(per_core: tuple[int, int], used: tuple[int, int]) -> Memory:
    """Blocks of rows and columns of tiles, on columns and rows of cores."""
    return _memory("BLOCK_SHARDED", used, per_core)


def _memory(layout: str, grid: tuple[int, int], tiles: tuple[int, int]) -> Memory:
    shard = Shard(((0, 0, grid[0] - 1, grid[1] - 1),), (tiles[0] * TILE_SIDE, tiles[1] * TILE_SIDE))
    return Memory(layout, "L1", shard)


def sharded_variants(op: Recorded, code: Code) -> Iterator[Variant]:
    """Input and output in the same scheme; `code` has no program config."""
    size = size_of(code)
    yield from dram_sharded(op, code, size)
    yield from _in_blocks(op, code, size)
    yield from _along_width(op, code, size)
    yield from _along_height(op, code, size)


def _rectangles(op: Recorded, *extents: int) -> list[tuple[int, int]]:
    """Columns and rows of the largest rectangles of cores whose number divides all of these, at most two."""
    columns, rows = op.grid
    found = {
        x * y: (x, y)
        for x in range(1, columns + 1)
        for y in range(1, rows + 1)
        if x * y > 1 and all(extent % (x * y) == 0 for extent in extents)
    }
    return [found[cores] for cores in sorted(found, reverse=True)[:2]]


def dram_sharded(op: Recorded, code: Code, size: Size) -> Iterator[Variant]:
    """Weights along the width over the banks of DRAM, input and output along the width in L1."""
    b, banks = code.tensors["b"], op.dram_banks
    if size.height > _FLAT or not banks or b.memory is None or b.memory.name != "DRAM_INTERLEAVED":
        return
    columns = math.ceil(size.width / banks)
    weights = Memory("WIDTH_SHARDED", "DRAM", Shard(((0, 0, banks - 1, 0),), (b.height, columns * TILE_SIDE)))
    for grid in _rectangles(op, size.inner, size.width):
        cores = grid[0] * grid[1]
        inner, width = size.inner // cores, size.width // cores
        for step in divisors(inner, 8)[:2]:
            config = (
                f"ttnn.MatmulMultiCoreReuseMultiCastDRAMShardedProgramConfig(in0_block_w={step}, "
                f"per_core_M={size.height}, per_core_N={width}, fused_activation=None)"
            )
            a = replace(code.tensors["a"], memory=_memory("WIDTH_SHARDED", grid, (size.height, inner)))
            output = _memory("WIDTH_SHARDED", grid, (size.height, width))
            sharded = code.reading(a=a, b=replace(b, memory=weights))
            given = sharded.given(program_config=config).put(output)
            yield Variant(f"DRAM-sharded over {banks} banks, {cores} cores, in0_block_w {step}", given, "DRAM-sharded")


def _in_blocks(op: Recorded, code: Code, size: Size) -> Iterator[Variant]:
    """Blocks on columns that divide the width and the inner dimension, and on rows that divide the height."""
    columns = [x for x in divisors(size.width, op.grid[0]) if size.inner % x == 0]
    rows = divisors(size.height, op.grid[1])
    for x, y in ((columns[0], rows[0]),) if columns and rows else ():
        if min(x, y) < 2:
            continue
        made = size.height // y, size.width // x
        for step in divisors(size.inner // x, 8)[:2]:
            config = multicast_config(IN_BLOCKS, (x, y), step, made, largest_subblock(code), transpose_mcast="False")
            a = replace(code.tensors["a"], memory=block((made[0], size.inner // x), (x, y)))
            given = code.reading(a=a).given(program_config=config).put(block(made, (x, y)))
            label = f"block-sharded on {x} × {y} cores, in0_block_w {step}"
            yield Variant(label, given, "cores")


def _along_width(op: Recorded, code: Code, size: Size) -> Iterator[Variant]:
    for grid in _rectangles(op, size.inner, size.width):
        cores = grid[0] * grid[1]
        inner, made = size.inner // cores, (size.height, size.width // cores)
        config = _in_a_row(grid, divisors(inner, 8)[0], made, code, True)
        a = replace(code.tensors["a"], memory=_memory("WIDTH_SHARDED", grid, (size.height, inner)))
        output = _memory("WIDTH_SHARDED", grid, made)
        given = code.reading(a=a).given(program_config=config).put(output)
        yield Variant(f"width-sharded on {grid[0]} × {grid[1]} cores", given, "cores")


def _along_height(op: Recorded, code: Code, size: Size) -> Iterator[Variant]:
    for grid in _rectangles(op, size.height)[:1]:
        cores = grid[0] * grid[1]
        made = size.height // cores, size.width
        config = _in_a_row(grid, divisors(size.inner, 4)[0], made, code, False)
        a = replace(code.tensors["a"], memory=_memory("HEIGHT_SHARDED", grid, (made[0], size.inner)))
        output = _memory("HEIGHT_SHARDED", grid, made)
        given = code.reading(a=a).given(program_config=config).put(output)
        yield Variant(f"height-sharded on {grid[0]} × {grid[1]} cores", given, "cores")


def _in_a_row(grid: tuple[int, int], step: int, made: tuple[int, int], code: Code, of_input: bool) -> str:
    """The 1D program config that sends the input to all cores, or the weights."""
    more = {"fuse_batch": "True", "mcast_in0": str(of_input)}
    return multicast_config(IN_A_ROW, grid, step, made, largest_subblock(code), **more)


def batched_variants(op: Recorded, code: Code) -> Iterator[Variant]:
    """Products of two activations, a part of one to a core: interleaved, and along the height."""
    a, b = code.tensors["a"], code.tensors["b"]
    batch = math.prod(a.shape[:-2])
    if a.shape[:-2] != b.shape[:-2] or not batch:
        return
    height, inner, width = a.height // TILE_SIDE // batch, a.width // TILE_SIDE, b.width // TILE_SIDE
    for part in divisors(height, height)[:3]:
        for used in _rectangles(op, batch * height // part)[:1]:
            config = _reuse(used, inner, (part, width), largest_subblock(code))
            label = f"{part} × {width} tiles of a product to a core"
            yield Variant(label, code.given(program_config=config), "cores")
    for used in _rectangles(op, batch)[:1]:
        cores = used[0] * used[1]
        part = batch // cores * height
        config = _reuse(used, inner, (part, width), largest_subblock(code))
        tall = replace(a, memory=_memory("HEIGHT_SHARDED", used, (part, inner)))
        output = _memory("HEIGHT_SHARDED", used, (part, width))
        given = code.reading(a=tall).given(program_config=config).put(output)
        yield Variant(f"height-sharded on {used[0]} × {used[1]} cores", given, "cores")


def _reuse(grid: tuple[int, int], inner: int, per_core: tuple[int, int], largest: int) -> str:
    high, wide = subblock(per_core, largest)
    return (
        f"ttnn.MatmulMultiCoreReuseProgramConfig(compute_with_storage_grid_size=({grid[0]}, {grid[1]}), "
        f"in0_block_w={inner}, out_subblock_h={high}, out_subblock_w={wide}, per_core_M={per_core[0]}, "
        f"per_core_N={per_core[1]})"
    )
