"""Other ways to run a matmul: grids, multicast, block sizes, narrow weights, fewer passes."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import replace

from perfsheet.hardware.data_types import TILE_SIDE
from perfsheet.trials.code import Code
from perfsheet.trials.configs import code_of, struct
from perfsheet.trials.kinds.base import Variant, divisors, in_l1
from perfsheet.trials.kinds.matmul_configs import (
    IN_A_ROW,
    IN_BLOCKS,
    Size,
    largest_subblock,
    multicast_config,
    size_of,
    subblock,
    with_activation,
)
from perfsheet.trials.kinds.matmul_sharded import batched_variants, block, sharded_variants
from perfsheet.trials.memory import core_grid
from perfsheet.trials.recorded import Recorded
from perfsheet.trials.tensors import Tensor

_ACTIVATIONS = ("RELU", "GELU", "SILU")


def variants(op: Recorded, code: Code) -> Iterator[Variant]:
    """The whole grid, 2D and 1D multicast on it, sharded and DRAM-sharded, narrow weights, fewer passes."""
    a, b = code.tensors["a"], code.tensors["b"]
    columns, rows = op.grid
    yield from _fused(op, code)
    batched = math.prod(b.shape[:-2]) > 1
    plain = code.given(program_config="", core_grid="")
    if batched:
        yield from batched_variants(op, plain)
    else:
        yield from sharded_variants(op, plain)
    if not (a.memory and a.memory.sharded):
        whole = plain.given(core_grid=core_grid(columns, rows))
        yield Variant(f"core_grid of {columns} × {rows}", whole, "cores")
        if not batched:
            yield from _multicast(op, plain)
        yield from in_l1(op, code)
    yield from _other_blocks(op, code, a)
    if b.dtype in ("BFLOAT16", "FLOAT32") and not batched:
        yield Variant("weights as bfloat8_b", code.reading(b=replace(b, dtype="BFLOAT8_B")), "data type", exact=False)
    kernel = code.options.get("compute_kernel_config", "")
    for fidelity in ("HiFi2", "LoFi"):
        if "HiFi4" in kernel or (fidelity == "LoFi" and "HiFi2" in kernel):
            lower = re.sub(r"MathFidelity\.\w+", f"MathFidelity.{fidelity}", kernel)
            yield Variant(f"{fidelity}", code.given(compute_kernel_config=lower), "fidelity", exact=False)


def _other_blocks(op: Recorded, code: Code, a: Tensor) -> Iterator[Variant]:
    """The recorded program config with longer steps along K, and with the largest subblocks."""
    parsed = struct(op.get("program_config"))
    if parsed is None or "in0_block_w" not in parsed[1]:
        return
    name, members = parsed
    now = int(members["in0_block_w"])
    whole = a.memory.shard.shape[1] if a.memory is not None and a.memory.shard is not None else a.width
    for in0 in divisors(whole // TILE_SIDE, 16):
        if in0 > now:
            given = code_of(name, {**members, "in0_block_w": str(in0)})
            yield Variant(f"in0_block_w {in0} instead of {now}", code.given(program_config=given), "blocks")
    if {"per_core_M", "per_core_N", "out_subblock_h", "out_subblock_w"} <= members.keys():
        per_core = int(members["per_core_M"]), int(members["per_core_N"])
        height, width = subblock(per_core, largest_subblock(code))
        if height * width > int(members["out_subblock_h"]) * int(members["out_subblock_w"]):
            given = code_of(name, {**members, "out_subblock_h": str(height), "out_subblock_w": str(width)})
            yield Variant(f"subblocks of {height} × {width}", code.given(program_config=given), "blocks")


def _fused(op: Recorded, code: Code) -> Iterator[Variant]:
    """The activation that the next op is, in the same op."""
    if op.then in _ACTIVATIONS:
        yield Variant(f"{op.then.lower()} in the same op", with_activation(code, op.then, op.grid), "fused")


def _multicast(op: Recorded, code: Code) -> Iterator[Variant]:
    """2D multicast on the grid, 1D multicast of the activations over the width and of the weights over the height."""
    size, largest = size_of(code), largest_subblock(code)
    yield from _in_two_dimensions(op, code, size, largest)
    columns, rows = op.grid
    for extent, other, in0, of_weights in (
        (size.width, size.height, divisors(size.inner, 8)[:2], False),
        (size.height, size.width, divisors(size.inner, 4)[:1], True),
    ):
        cores = min(columns * rows, extent)
        if cores < 2 or (of_weights and size.height <= size.width):
            continue
        part = math.ceil(extent / cores)
        per_core = (part, other) if of_weights else (other, part)
        grid = min(columns, cores), math.ceil(cores / columns)
        for step in in0:
            more = {"fuse_batch": "True", "mcast_in0": str(not of_weights)}
            config = multicast_config(IN_A_ROW, grid, step, per_core, largest, **more)
            what = "1D multicast of the weights" if of_weights else "1D multicast"
            label = f"{what} over {math.ceil(extent / part)} cores, in0_block_w {step}"
            yield Variant(label, code.given(program_config=config), "cores")


def _in_two_dimensions(op: Recorded, code: Code, size: Size, largest: int) -> Iterator[Variant]:
    used = min(op.grid[0], size.width), min(op.grid[1], size.height)
    if min(used) < 2:
        return
    per_core = math.ceil(size.height / used[1]), math.ceil(size.width / used[0])
    for in0 in divisors(size.inner, 8)[:2]:
        config = multicast_config(IN_BLOCKS, used, in0, per_core, largest, transpose_mcast="False")
        given = code.given(program_config=config)
        label = f"2D multicast on {used[0]} × {used[1]}, in0_block_w {in0}"
        yield Variant(label, given, "cores")
        yield Variant(f"{label}, output block-sharded", given.put(block(per_core, used)), "cores")
