"""Ops that run on a small part of the worker grid."""

from __future__ import annotations

import numpy as np

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.attributes import dram_readers
from perfsheet.analysis.ops.categories import ATTENTION, COLLECTIVE, CONV, MATMUL, RESHARD
from perfsheet.analysis.ops.device_ops import Ops
from perfsheet.analysis.ops.variants import Variant
from perfsheet.analysis.rules.base import Group, Hits, Rule, cores_and_grid, time_of_idle_cores
from perfsheet.capture.table import BoolArray, FloatArray
from perfsheet.hardware.data_types import TILE_ELEMENTS, TILE_SIDE

_TRY = {
    MATMUL: "give ttnn.matmul/linear a program_config whose compute_with_storage_grid_size covers the grid, "
    "or shard its input over more cores",
    CONV: "set another shard_layout in ttnn.Conv2dConfig (HEIGHT_SHARDED when N·H·W ≫ C, BLOCK_SHARDED when they are "
    "similar, WIDTH_SHARDED when C dominates)",
    "normalisation": "shard the input over the grid and pass ttnn.LayerNormShardedMultiCoreProgramConfig "
    "(interleaved norms use one core per row of tiles)",
    ATTENTION: "enlarge compute_with_storage_grid_size in ttnn.SDPAProgramConfig",
    COLLECTIVE: "raise num_links (collectives run on a few worker cores by design)",
    RESHARD: "spread the shard spec over more cores",
}
_TRY_ANYTHING = "shard the tensor over more cores, or batch the work so that more cores share it"
_TRY_IF_SHARDED = "spread the shard spec of its input over more cores"


def can_be_low(ops: Ops) -> BoolArray:
    """Timed ops with a known core count and grid, except DRAM-sharded matmuls: theirs follows from the DRAM banks."""
    other = np.array([dram_readers(variant.attributes) is None for variant in ops.variants.all], dtype=np.bool_)
    return ops.timed & np.isfinite(ops.cores) & np.isfinite(ops.worker_cores) & other[ops.variants.of]


def find(facts: Facts) -> Hits:
    """CORE COUNT ≤ `low_cores_pct` of the op's worker grid; ops with an unknown grid or core count are not hit."""
    ops = facts.ops
    low = can_be_low(ops) & (ops.cores <= ops.worker_cores * (ops.options.low_cores_pct / 100))
    positions = np.flatnonzero(low)
    few = facts.in_category(COLLECTIVE, RESHARD) | (_pieces(facts) <= ops.cores)
    return Hits(positions, time_of_idle_cores(facts, positions), unlike_record=few[positions])


def _pieces(facts: Facts) -> FloatArray:
    """Into how many pieces the work of each op can be cut, NaN if unknown: more cores than that cannot share it.

    Those are the tiles of its largest output; of height-sharded tensors the rows of tiles.
    """
    return facts.figures([_pieces_of(variant) for variant in facts.ops.variants.all])


def _pieces_of(variant: Variant) -> int | None:
    by_height = [
        max(tensor.padded[0] * tensor.padded[1] * tensor.padded[2] // TILE_SIDE, 1)
        for tensor in (*variant.inputs[:1], *variant.outputs)
        if tensor.memory == "L1_HEIGHT_SHARDED" and tensor.padded
    ]
    tiles = _tiles_of(variant)
    return min([*by_height, tiles]) if by_height and tiles else tiles


def _tiles_of(variant: Variant) -> int | None:
    sizes = [tensor.stored_elements for tensor in variant.outputs if tensor.layout == "TILE" and tensor.stored_elements]
    return max(sizes) // TILE_ELEMENTS if sizes else None


def advice(facts: Facts, group: Group) -> str:
    """What to try, by category. More cores can also be slower (power), hence "try"."""
    cores = "–".join(str(count) for count in dict.fromkeys((group.cores[0], group.cores[-1])))
    todo = _TRY_IF_SHARDED if _is_sharded(facts, group) else _TRY.get(group.category, _TRY_ANYTHING)
    return f"Runs on {cores} of {group.worker_cores} cores: try to {todo}.{_too_small(facts, group)}"


def _is_sharded(facts: Facts, group: Group) -> bool:
    """Whether shards in L1 decide on its cores, and not a program config or the links."""
    first = facts.variant(int(group.positions[0])).inputs[:1]
    by_shards = group.category not in (MATMUL, CONV, ATTENTION, COLLECTIVE, RESHARD)
    return by_shards and all(tensor.in_l1 and tensor.sharded for tensor in first) and bool(first)


def _too_small(facts: Facts, group: Group) -> str:
    """A sentence for ops whose output has no more tiles than they use cores; blank for others."""
    tiles = _tiles_of(facts.variant(int(group.positions[0]))) or 0
    if not 0 < tiles <= group.cores[-1]:
        return ""
    return f" Its output is only {tiles} {'tile' if tiles == 1 else 'tiles'}, so more cores cannot share it as it is."


def caveat(facts: Facts, group: Group) -> str:
    """By how much work there is to share, as far as the capture tells."""
    power = "More cores can also be slower: a chip at its power limit slows down (tt-metal#33417)."
    if group.category == COLLECTIVE:
        return "More cores help only as far as the links are not the limit."
    unknown = not _tiles_of(facts.variant(int(group.positions[0])))
    return f"{power} Whether its work can be cut into more pieces is not in the capture." if unknown else power


RULE = Rule(
    id="low-core-count",
    title="Low core count",
    order=10,
    detects="CORE COUNT ≤ 25 % of the worker grid (`--low-cores`); not DRAM-sharded matmuls",
    saving_formula="Σ kernel duration × (1 − core count / worker grid)",
    find=find,
    advice=advice,
    caveat=caveat,
    evidence=cores_and_grid,
)
