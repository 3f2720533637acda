"""Program configs of matmuls: how their work is cut, and the Python that makes them."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from perfsheet.hardware.data_types import TILE_SIDE
from perfsheet.trials.code import Code
from perfsheet.trials.kinds.base import divisors
from perfsheet.trials.memory import core_grid

_LARGEST_SUBBLOCK, _LARGEST_WITH_FP32 = 8, 4
"""Tiles of a subblock at most: the registers hold no more."""


_NOT_FUSED = "fused_activation=None"
IN_BLOCKS = "MatmulMultiCoreReuseMultiCastProgramConfig"
IN_A_ROW = "MatmulMultiCoreReuseMultiCast1DProgramConfig"


class Size(NamedTuple):
    """Of a product, in tiles: its height, the inner dimension, its width."""

    height: int
    inner: int
    width: int


def size_of(code: Code) -> Size:
    """The size of the product of `a` and `b`."""
    a, b = code.tensors["a"], code.tensors["b"]
    return Size(a.height // TILE_SIDE, a.width // TILE_SIDE, b.width // TILE_SIDE)


def with_activation(code: Code, activation: str, grid: tuple[int, int]) -> Code:
    """ttnn.linear with an activation (`GELU`): in its program config if it has one, else an argument, with a grid."""
    linear = replace(code, function="ttnn.linear")
    if config := code.options.get("program_config", ""):
        fused = f"fused_activation=ttnn.UnaryWithParam(ttnn.UnaryOpType.{activation}))"
        without = config.replace(f", {_NOT_FUSED}", "").removesuffix(")")
        return linear.given(program_config=f"{without}, {fused}")
    cores = code.options.get("core_grid") or core_grid(*grid)
    return linear.given(activation=f'"{activation.lower()}"', core_grid=cores)


def largest_subblock(code: Code) -> int:
    """Tiles of a subblock at most, with the precision that a matmul has."""
    fp32 = "fp32_dest_acc_en=True" in code.options.get("compute_kernel_config", "")
    return _LARGEST_WITH_FP32 if fp32 else _LARGEST_SUBBLOCK


def subblock(per_core: tuple[int, int], largest: int, sharded: bool = False) -> tuple[int, int]:
    """The largest subblock that divides what a core makes, the widest of several; of a `sharded` output only those of
    one row of tiles, or of its whole width."""
    return max(
        (
            (high, wide)
            for high in divisors(per_core[0], largest)
            for wide in divisors(per_core[1], largest)
            if high * wide <= largest and (not sharded or high == 1 or wide == per_core[1])
        ),
        key=lambda size: (size[0] * size[1], size[1]),
    )


def multicast_config(
    name: str, grid: tuple[int, int], in0: int, per_core: tuple[int, int], largest: int, **more: str
) -> str:
    """The Python of a program config, with the largest subblock that divides what a core makes, and shards allow."""
    height, width = subblock(per_core, largest, sharded=True)
    given = {
        "compute_with_storage_grid_size": f"({grid[0]}, {grid[1]})",
        "in0_block_w": str(in0),
        "out_subblock_h": str(height),
        "out_subblock_w": str(width),
        "per_core_M": str(per_core[0]),
        "per_core_N": str(per_core[1]),
        **more,
    }
    return f"ttnn.{name}({', '.join(f'{key}={value}' for key, value in given.items())}, {_NOT_FUSED})"
