"""Matmul and linear: plain, batched, sharded, DRAM-sharded, and the minimal one."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from perfsheet.analysis.ops.attributes import list_numbers
from perfsheet.hardware.data_types import TILE_SIDE
from perfsheet.trials.code import Code, dtype_code
from perfsheet.trials.configs import code_of, compute_kernel_config, config, has_activation, struct
from perfsheet.trials.kinds.base import Kind, Variant, divisors, in_l1
from perfsheet.trials.memory import Memory, Shard
from perfsheet.trials.recorded import Recorded
from perfsheet.trials.tensors import Tensor

_ACTIVATIONS = ("RELU", "GELU", "SILU")
_LARGEST_SUBBLOCK, _LARGEST_WITH_FP32 = 8, 4
"""Tiles of a subblock at most: the registers hold no more."""


class Size(NamedTuple):
    """Of a product, in tiles: its height, the inner dimension, its width."""

    height: int
    inner: int
    width: int


def build(op: Recorded) -> Code | None:
    """ttnn.linear with a bias or an activation, else ttnn.matmul."""
    if len(op.inputs) < 2 or not op.outputs or has_activation(op):
        return None
    tensors, options = _operands(op, "bias")
    program = config(op.attributes, "program_config")
    options |= {
        "transpose_a": "True" if op.has("transpose_a") else "",
        "transpose_b": "True" if op.has("transpose_b") else "",
        "memory_config": op.memory_code,
        "dtype": dtype_code(op.output.dtype),
        "program_config": program,
        "compute_kernel_config": compute_kernel_config(op.attributes),
    }
    if not program and (grid := list_numbers(op.get("user_core_coord"))):
        x, y = grid[:2]
        options["core_grid"] = f"ttnn.CoreGrid(y={y}, x={x})"
    function = "ttnn.linear" if "bias" in options else "ttnn.matmul"
    return Code(tensors, function, ("a", "b"), options)


def build_minimal(op: Recorded) -> Code | None:
    """ttnn.experimental.minimal_matmul."""
    if len(op.inputs) < 2 or has_activation(op):
        return None
    tensors, options = _operands(op, "bias_tensor")
    options |= {
        "config": config(op.attributes, "config"),
        "memory_config": op.memory_code,
        "compute_kernel_config": compute_kernel_config(op.attributes),
    }
    return Code(tensors, "ttnn.experimental.minimal_matmul", ("a", "b"), options)


def _operands(op: Recorded, option: str) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Both factors, and the bias as this option if there is one.

    The bias is of one row: captures without logical extents have that of a tile.
    """
    tensors = dict(zip(("a", "b", "bias"), op.inputs, strict=False))
    if "bias" not in tensors:
        return tensors, {}
    shape = tensors["bias"].shape
    tensors["bias"] = replace(tensors["bias"], shape=(*shape[:-2], 1, shape[-1]))
    return tensors, {option: "bias"}


def variants(op: Recorded, code: Code) -> Iterator[Variant]:
    """The whole grid, 2D and 1D multicast on it, blocks of the output in L1, narrow weights, fewer passes."""
    a, b = code.tensors["a"], code.tensors["b"]
    columns, rows = op.grid
    yield from _fused(op, code)
    batched = math.prod(b.shape[:-2]) > 1
    plain = code.given(program_config="", core_grid="")
    if not (a.memory and a.memory.sharded):
        yield Variant(
            f"core_grid of {columns} × {rows}", plain.given(core_grid=f"ttnn.CoreGrid(y={rows}, x={columns})")
        )
        if not batched:
            yield from _multicast(op, plain, a, b)
        yield from in_l1(op, code)
    yield from _other_blocks(op, code, a)
    if b.dtype in ("BFLOAT16", "FLOAT32") and not batched:
        yield Variant("weights as bfloat8_b", code.reading(b=replace(b, dtype="BFLOAT8_B")), exact=False)
    kernel = code.options.get("compute_kernel_config", "")
    for fidelity in ("HiFi2", "LoFi"):
        if "HiFi4" in kernel or (fidelity == "LoFi" and "HiFi2" in kernel):
            lower = re.sub(r"MathFidelity\.\w+", f"MathFidelity.{fidelity}", kernel)
            yield Variant(f"{fidelity}", code.given(compute_kernel_config=lower), exact=False)


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
            yield Variant(f"in0_block_w {in0} instead of {now}", code.given(program_config=given))
    if {"per_core_M", "per_core_N", "out_subblock_h", "out_subblock_w"} <= members.keys():
        per_core = int(members["per_core_M"]), int(members["per_core_N"])
        height, width = _subblock(per_core, _largest_subblock(code))
        if height * width > int(members["out_subblock_h"]) * int(members["out_subblock_w"]):
            given = code_of(name, {**members, "out_subblock_h": str(height), "out_subblock_w": str(width)})
            yield Variant(f"subblocks of {height} × {width}", code.given(program_config=given))


def _fused(op: Recorded, code: Code) -> Iterator[Variant]:
    """The activation that the next op is, in the same op, which takes a grid."""
    if op.then in _ACTIVATIONS and not code.options.get("program_config"):
        name = op.then.lower()
        grid = code.options.get("core_grid") or f"ttnn.CoreGrid(y={op.grid[1]}, x={op.grid[0]})"
        fused = replace(code, function="ttnn.linear").given(activation=f'"{name}"', core_grid=grid)
        yield Variant(f"{name} in the same op", fused)


def _multicast(op: Recorded, code: Code, a: Tensor, b: Tensor) -> Iterator[Variant]:
    """2D multicast on the grid, 1D multicast of the activations over the width and of the weights over the height."""
    size = Size(a.height // TILE_SIDE, a.width // TILE_SIDE, b.width // TILE_SIDE)
    largest = _largest_subblock(code)
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
            config = _config("MatmulMultiCoreReuseMultiCast1DProgramConfig", grid, step, per_core, largest, **more)
            what = "1D multicast of the weights" if of_weights else "1D multicast"
            label = f"{what} over {math.ceil(extent / part)} cores, in0_block_w {step}"
            yield Variant(label, code.given(program_config=config))


def _in_two_dimensions(op: Recorded, code: Code, size: Size, largest: int) -> Iterator[Variant]:
    used = min(op.grid[0], size.width), min(op.grid[1], size.height)
    if min(used) < 2:
        return
    per_core = math.ceil(size.height / used[1]), math.ceil(size.width / used[0])
    for in0 in divisors(size.inner, 8)[:2]:
        config = _config(
            "MatmulMultiCoreReuseMultiCastProgramConfig", used, in0, per_core, largest, transpose_mcast="False"
        )
        for memory, where in ((op.memory_code, ""), (_block(per_core, used).code, ", output block-sharded")):
            given = code.given(program_config=config, memory_config=memory)
            yield Variant(f"2D multicast on {used[0]} × {used[1]}, in0_block_w {in0}{where}", given)


def _block(per_core: tuple[int, int], used: tuple[int, int]) -> Memory:
    shard = Shard(((0, 0, used[0] - 1, used[1] - 1),), (per_core[0] * TILE_SIDE, per_core[1] * TILE_SIDE))
    return Memory("BLOCK_SHARDED", "L1", shard)


def _largest_subblock(code: Code) -> int:
    fp32 = "fp32_dest_acc_en=True" in code.options.get("compute_kernel_config", "")
    return _LARGEST_WITH_FP32 if fp32 else _LARGEST_SUBBLOCK


def _subblock(per_core: tuple[int, int], largest: int) -> tuple[int, int]:
    """The largest subblock that divides what a core makes, the widest of several."""
    return max(
        ((h, w) for h in divisors(per_core[0], largest) for w in divisors(per_core[1], largest) if h * w <= largest),
        key=lambda size: (size[0] * size[1], size[1]),
    )


def _config(name: str, grid: tuple[int, int], in0: int, per_core: tuple[int, int], largest: int, **more: str) -> str:
    """The Python of a program config, with the largest subblock that divides what a core makes."""
    height, width = _subblock(per_core, largest)
    given = {
        "compute_with_storage_grid_size": f"({grid[0]}, {grid[1]})",
        "in0_block_w": str(in0),
        "out_subblock_h": str(height),
        "out_subblock_w": str(width),
        "per_core_M": str(per_core[0]),
        "per_core_N": str(per_core[1]),
        **more,
        "fused_activation": "None",
    }
    return f"ttnn.{name}({', '.join(f'{key}={value}' for key, value in given.items())})"


KIND = Kind(
    "matmul and linear",
    r"Matmul(?:DeviceOperation)?",
    build,
    variants=variants,
    not_tried="other block and subblock sizes, DRAM-sharded weights, sharded inputs",
)
MINIMAL = Kind("minimal matmul", r"MinimalMatmul(?:DeviceOperation|Op)", build_minimal)
