"""Ops that run on a small part of the worker grid."""

from __future__ import annotations

import numpy as np

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.attributes import dram_readers
from perfsheet.analysis.ops.categories import ATTENTION, COLLECTIVE, CONV, MATMUL, RESHARD
from perfsheet.analysis.ops.device_ops import Ops, once
from perfsheet.analysis.ops.pieces import pieces
from perfsheet.analysis.rules.base import Group, Hits, Rule, cores_and_grid, time_of_idle_cores
from perfsheet.analysis.siblings import MORE_CORES
from perfsheet.capture.table import BoolArray

_TRY = {
    MATMUL: "give ttnn.matmul/linear a program_config whose compute_with_storage_grid_size covers the grid, "
    "or shard its input over more cores",
    CONV: "set another shard_layout in ttnn.Conv2dConfig (HEIGHT_SHARDED when N·H·W ≫ C, BLOCK_SHARDED when they are "
    "similar, WIDTH_SHARDED when C dominates)",
    "normalisation": "shard its input and pass ttnn.LayerNormShardedMultiCoreProgramConfig (interleaved, "
    "it uses one core per row of tiles)",
    ATTENTION: "enlarge compute_with_storage_grid_size in ttnn.SDPAProgramConfig",
    COLLECTIVE: "raise num_links (collectives run on a few worker cores by design)",
    RESHARD: "spread the shard spec over more cores",
}
_TRY_ANYTHING = "shard the tensor over more cores, or batch the work so that more cores share it"
_TRY_IF_SHARDED = "spread the shard spec of its input over more cores"


_FIXED_BY_OTHERS = (COLLECTIVE, RESHARD)
"""Their cores follow from links and from shards, not from the pieces of their work."""


_OF_RECORD = 4
"""The most cores that the ops of the rule's record ran on."""


def can_be_low(ops: Ops) -> BoolArray:
    """Timed ops with a known core count and grid, except DRAM-sharded matmuls: theirs follows from the DRAM banks."""
    other = np.array([dram_readers(variant.attributes) is None for variant in ops.variants.all], dtype=np.bool_)
    return ops.timed & np.isfinite(ops.cores) & np.isfinite(ops.worker_cores) & other[ops.variants.of]


def find(facts: Facts) -> Hits:
    """CORE COUNT ≤ `low_cores_pct` of the op's worker grid; ops with an unknown grid or core count are not hit."""
    ops = facts.ops
    low = can_be_low(ops) & (ops.cores <= ops.worker_cores * (ops.options.low_cores_pct / 100))
    positions = np.flatnonzero(low)
    return Hits(
        positions,
        time_of_idle_cores(facts, positions),
        unlike_record=(facts.in_category(*_FIXED_BY_OTHERS) | (ops.cores > _OF_RECORD))[positions],
        no_more_pieces=_no_more_pieces(ops)[positions],
    )


@once
def _no_more_pieces(ops: Ops) -> BoolArray:
    return np.asarray(~ops.in_category(*_FIXED_BY_OTHERS) & (pieces(ops) <= ops.cores))


def root(facts: Facts, group: Group) -> str:
    """What should be done about it: the same for all kinds of ops that have no advice of their own."""
    if _has_no_more_pieces(facts, group):
        return "no more pieces"
    return "shards" if _is_sharded(facts, group) else group.category if group.category in _TRY else ""


def advice(facts: Facts, group: Group) -> str:
    """What to try, by category. More cores can also be slower (power), hence "try"."""
    cores = "–".join(str(count) for count in dict.fromkeys((group.cores[0], group.cores[-1])))
    runs = f"Runs on {cores} of {group.worker_cores} cores"
    if _has_no_more_pieces(facts, group):
        return f"{runs}, and its work is in no more pieces: try a larger batch, or to fuse it with other ops."
    todo = _TRY_IF_SHARDED if _is_sharded(facts, group) else _TRY.get(group.category, _TRY_ANYTHING)
    return f"{runs}: try to {todo}."


def _has_no_more_pieces(facts: Facts, group: Group) -> bool:
    """Whether none of its ops has more pieces of work than cores."""
    return bool(_no_more_pieces(facts.ops)[group.positions].all())


def _is_sharded(facts: Facts, group: Group) -> bool:
    """Whether shards in L1 decide on its cores, and not a program config or the links."""
    first = facts.variant(int(group.positions[0])).inputs[:1]
    by_shards = group.category not in (MATMUL, CONV, ATTENTION, COLLECTIVE, RESHARD)
    return by_shards and all(tensor.in_l1 and tensor.sharded for tensor in first) and bool(first)


def caveat(facts: Facts, group: Group) -> str:
    """By how much work there is to share, as far as the capture tells."""
    power = "More cores can also be slower: a chip at its power limit slows down (tt-metal#33417)."
    if group.category == COLLECTIVE:
        return "More cores help only as far as the links are not the limit."
    unknown = np.isnan(pieces(facts.ops)[group.positions[0]])
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
    root=root,
    settings=(MORE_CORES,),
)
