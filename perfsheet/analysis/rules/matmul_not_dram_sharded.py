"""Matmuls with few rows, which do little but read weights, without the DRAM-sharded program config."""

from __future__ import annotations

import math

import numpy as np

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.categories import MATMUL
from perfsheet.analysis.ops.variants import Variant
from perfsheet.analysis.rules.base import Evidence, Group, Hits, Rule

_ROWS = 64
_DRAM = 0.1
_DOMINATES = 2


def _fits(variant: Variant) -> bool:
    """Whether it multiplies at most two rows of tiles by interleaved weights in DRAM."""
    if len(variant.inputs) < 2 or "DRAMSharded" in variant.attributes:
        return False
    left, right = variant.inputs[:2]
    if left.padded is None or right.padded is None:
        return False
    return math.prod(left.padded[:3]) <= _ROWS and right.memory == "DRAM_INTERLEAVED" and right.padded[:2] == (1, 1)


def find(facts: Facts) -> Hits:
    """Those at 10 % of the DRAM peak or more, whose math takes at most half of that time."""
    ops, speed_of_light = facts.ops, facts.speed_of_light
    fits = facts.of_variants([_fits(variant) for variant in ops.variants.all])
    dram_dominates = (speed_of_light.dram >= _DRAM) & (
        speed_of_light.dram >= _DOMINATES * np.nan_to_num(speed_of_light.compute)
    )
    positions = np.flatnonzero(facts.in_category(MATMUL) & fits & dram_dominates)
    return Hits(positions, ops.kernel_ns[positions] - speed_of_light.min_kernel_ns[positions])


def advice(facts: Facts, group: Group) -> str:
    """The DRAM-sharded program config."""
    share = 100 * float(np.median(facts.speed_of_light.dram[group.positions]))
    return (
        f"Mostly reads its weights, at {share:.1f} % of the DRAM bandwidth: try "
        "ttnn.linear with ttnn.MatmulMultiCoreReuseMultiCastDRAMShardedProgramConfig, with the weights "
        "width-sharded over the DRAM banks and the input width-sharded in L1."
    )


def evidence(facts: Facts, group: Group) -> Evidence:
    """The shares of the DRAM and compute peaks."""
    return {
        "dram_pct": 100 * float(np.median(facts.speed_of_light.dram[group.positions])),
        "compute_pct": 100 * float(np.median(np.nan_to_num(facts.speed_of_light.compute[group.positions]))),
    }


RULE = Rule(
    id="matmul-not-dram-sharded",
    former_id="dram-sharded-matmul",
    title="Matmul not DRAM-sharded",
    order=100,
    detects=(
        "matmul of at most two rows of tiles with interleaved weights, at 10 % or more of the DRAM peak and at least "
        "twice its share of the compute peak, without the DRAM-sharded program config"
    ),
    saving_formula="Σ (kernel duration − time at the DRAM peak)",
    find=find,
    advice=advice,
    caveat=(
        "About 90 % of the DRAM peak is the most that has been measured. A DRAM-sharded matmul reports the whole grid "
        "as its core count (tt-metal#13108)."
    ),
    evidence=evidence,
)
