"""What the block looks like and how its two variants store their tensors.

One place for the numbers that the TT-NN code, the numpy reference and the capture generator must agree on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

TILE = 32

DType = Literal["BFLOAT16", "BFLOAT8_B"]
Fidelity = Literal["LoFi", "HiFi2", "HiFi3", "HiFi4"]


@dataclass(frozen=True)
class BlockConfig:
    """Sizes of the encoder; the defaults are those of the example."""

    seq_len: int = 384
    hidden: int = 768
    heads: int = 12
    ff_hidden: int = 3072
    layers: int = 4
    epsilon: float = 1e-5

    @property
    def head_dim(self) -> int:
        return self.hidden // self.heads

    @property
    def qkv_width(self) -> int:
        return 3 * self.hidden

    @property
    def scale(self) -> float:
        return 1.0 / math.sqrt(self.head_dim)


@dataclass(frozen=True)
class Grid:
    """A rectangle of worker cores, ``x`` columns by ``y`` rows."""

    x: int
    y: int

    @property
    def cores(self) -> int:
        return self.x * self.y


@dataclass(frozen=True)
class Variant:
    """One way to run the block: where tensors live and how precisely it computes."""

    name: Literal["before", "after"]
    sharded: bool
    weight_dtype: DType
    matmul_fidelity: Fidelity
    attention_fidelity: Fidelity
    norm_fidelity: Fidelity
    q_chunk: int
    k_chunk: int


WORKER_GRID = Grid(x=8, y=8)
"""Worker cores of one n150 that dispatches from its Tensix row: 64."""

SHARD_GRID = Grid(x=8, y=6)
"""Cores of the block shards. 384 rows are 12 tiles, which 8 rows of cores can't share evenly; 6 can."""

BEFORE = Variant(
    name="before",
    sharded=False,
    weight_dtype="BFLOAT16",
    matmul_fidelity="HiFi4",
    attention_fidelity="HiFi4",
    norm_fidelity="HiFi4",
    q_chunk=32,
    k_chunk=32,
)

AFTER = Variant(
    name="after",
    sharded=True,
    weight_dtype="BFLOAT8_B",
    matmul_fidelity="LoFi",
    attention_fidelity="HiFi2",
    norm_fidelity="HiFi2",
    q_chunk=64,
    k_chunk=128,
)

VARIANTS: dict[str, Variant] = {variant.name: variant for variant in (BEFORE, AFTER)}


@dataclass(frozen=True)
class MatmulBlocking:
    """How a block-sharded matmul cuts its work, in tiles."""

    in0_block_w: int
    per_core_m: int
    per_core_n: int
    out_subblock_h: int
    out_subblock_w: int


def matmul_blocking(config: BlockConfig, variant: Variant, k: int, n: int) -> MatmulBlocking:
    """Blocking of a ``[seq, k] x [k, n]`` matmul on the shard grid.

    ``before`` takes the smallest blocks, as a first port does: every tile of K is a round of multicasts, every output
    tile a trip through the destination registers. ``after`` takes a whole input shard at once and the widest output
    subblock that the registers hold (8 tiles with bfloat16 accumulation).
    """
    shard_k = k // TILE // SHARD_GRID.x
    per_core_n = n // TILE // SHARD_GRID.x
    widest = max(width for width in range(1, 9) if per_core_n % width == 0)
    return MatmulBlocking(
        in0_block_w=shard_k if variant.sharded else 1,
        per_core_m=config.seq_len // TILE // SHARD_GRID.y,
        per_core_n=per_core_n,
        out_subblock_h=1,
        out_subblock_w=widest if variant.sharded else 1,
    )
