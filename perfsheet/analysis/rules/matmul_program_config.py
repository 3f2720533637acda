"""Matmuls without a program config, or with too small blocks."""

from __future__ import annotations

import numpy as np

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.attributes import attribute, flatten, key_numbers
from perfsheet.analysis.ops.categories import MATMUL
from perfsheet.analysis.ops.pieces import pieces
from perfsheet.analysis.ops.shape import is_sparse_matmul
from perfsheet.analysis.ops.variants import Variant
from perfsheet.analysis.rules.base import Evidence, Group, Hits, Rule
from perfsheet.analysis.speed_of_light.bounds import NEAR
from perfsheet.capture.arrays import median
from perfsheet.hardware.data_types import TILE_SIDE

_LONG_NS = 5000
_LARGEST_BLOCK = 8
_LARGEST_SUBBLOCK = 8
_MEASURED = "In one decode of a mixture of experts, 2 saved 28 % of the whole, 4 another 8 %, 8 nothing."


def problem(variant: Variant) -> str:
    """What should be changed: `none` (no config), `in0_block_w` or `out_subblock`; blank when fine or unknown."""
    if "'program_config'" not in variant.attributes:
        return ""
    config = attribute(variant.attributes, "program_config")
    if not config:
        return "none"
    block, subblock = _block(config), _subblock(config)
    if block is not None and block < 2 and _inner_tiles(variant) > 1:
        return "in0_block_w"
    if subblock is not None and subblock < 2 and _output_tiles_of_core(config) > 1:
        return "out_subblock"
    return ""


def blocks_are_largest(variant: Variant) -> bool:
    """Whether in0_block_w is all of K, and twice the output subblock is more than a core has, or registers hold."""
    config = attribute(variant.attributes, "program_config")
    block, subblock = _block(config), _subblock(config)
    if block is None or subblock is None:
        return False
    wide = flatten(variant.attributes).get("compute_kernel_config.fp32_dest_acc_en", "").lower() in ("1", "true")
    registers = _LARGEST_SUBBLOCK // 2 if wide else _LARGEST_SUBBLOCK
    return block >= _inner_tiles(variant) and 2 * subblock > min(registers, _output_tiles_of_core(config))


def _block(config: str) -> int | None:
    return next(iter(key_numbers(config, "in0_block_w")), None)


def _subblock(config: str) -> int | None:
    """Tiles of an output subblock."""
    sides = [key_numbers(config, f"out_subblock_{side}") for side in "hw"]
    return sides[0][0] * sides[1][0] if all(sides) else None


def _output_tiles_of_core(config: str) -> int:
    """per_core_M × per_core_N; many where the config does not say."""
    sides = [key_numbers(config, f"per_core_{side}") for side in "MN"]
    return sides[0][0] * sides[1][0] if all(sides) else _LARGEST_SUBBLOCK


def _inner_tiles(variant: Variant) -> int:
    padded = variant.inputs[0].padded if variant.inputs else None
    return padded[3] // TILE_SIDE if padded else 0


def _blocks(tiles: int) -> str:
    """The two smallest in0_block_w above 1 for a K of this many tiles, in words."""
    fit = [size for size in range(2, min(tiles, _LARGEST_BLOCK) + 1) if tiles % size == 0][:2]
    return ", then ".join(map(str, fit or [tiles]))


def find(facts: Facts) -> Hits:
    """Those of 5 µs or more that are not near the speed of light already."""
    ops, speed_of_light = facts.ops, facts.speed_of_light
    improvable = facts.of_variants([bool(problem(variant)) for variant in ops.variants.all])
    slow = (speed_of_light.sol < NEAR) & (ops.kernel_ns >= _LONG_NS)
    positions = np.flatnonzero(facts.in_category(MATMUL) & improvable & slow)
    return Hits(positions, ops.kernel_ns[positions] - speed_of_light.min_kernel_ns[positions])


def advice(facts: Facts, group: Group) -> str:
    """By what should be changed."""
    variant = facts.variant(int(group.positions[0]))
    what, tiles = problem(variant), _inner_tiles(variant)
    if what == "in0_block_w":
        fix = f"in0_block_w is 1: try {_blocks(tiles)} (a divisor of K in tiles), so that K is read in larger blocks."
        return f"{fix} {_MEASURED}" if is_sparse_matmul(variant) else fix
    if what == "out_subblock":
        return (
            "out_subblock_h × out_subblock_w is 1: try the largest that divides per_core_M and per_core_N, up to 8 "
            "(4 with fp32_dest_acc_en)."
        )
    if is_sparse_matmul(variant):
        return "No program_config: give ttnn.sparse_matmul a ttnn.MatmulMultiCoreReuseMultiCast1DProgramConfig."
    right = variant.inputs[1:2]
    if right and right[0].padded and right[0].padded[:2] != (1, 1):
        return (
            "No program_config, and a batch on both sides: try ttnn.MatmulMultiCoreReuseProgramConfig. If it is part "
            "of "
            "attention, use ttnn.transformer.scaled_dot_product_attention instead."
        )
    few = pieces(facts.ops)[group.positions[0]] <= facts.ops.cores[group.positions[0]]
    grid = "" if few else " with the whole grid, or core_grid of ttnn.linear"
    return (
        "No program_config: try ttnn.MatmulMultiCoreReuseMultiCastProgramConfig (or "
        f"ttnn.MatmulMultiCoreReuseMultiCast1DProgramConfig for a wide or tall output){grid}."
    )


def root(facts: Facts, group: Group) -> str:
    """What should be changed."""
    return problem(facts.variant(int(group.positions[0])))


def evidence(facts: Facts, group: Group) -> Evidence:
    """The block sizes, if there is a config, and the share of the speed of light."""
    config = attribute(facts.variant(int(group.positions[0])).attributes, "program_config")
    blocks = {
        key: numbers[0]
        for key in ("in0_block_w", "out_subblock_h", "out_subblock_w")
        if (numbers := key_numbers(config, key))
    }
    return {**blocks, "sol_pct": 100 * median(facts.speed_of_light.sol[group.positions])}


RULE = Rule(
    id="matmul-program-config",
    title="Matmul program config",
    order=120,
    detects=(
        "matmul of 5 µs or more, below 65 % of the speed of light, without program_config, with in0_block_w of 1, or "
        "with an output subblock of one tile"
    ),
    saving_formula="Σ (kernel duration − time at the speed of light)",
    find=find,
    advice=advice,
    caveat="Large matmuls reach 10 to 47 % of the peak in practice (tt-metal#29716), small ones less.",
    evidence=evidence,
    root=root,
    settings=("program_config",),
)
