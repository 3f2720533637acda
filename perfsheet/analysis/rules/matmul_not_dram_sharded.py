"""Small matmuls whose weights are nearly all of their work, without the DRAM-sharded program config."""

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
    """At most two rows of tiles against an interleaved weight in DRAM."""
    if len(variant.inputs) < 2 or "DRAMSharded" in variant.attributes:
        return False
    left, right = variant.inputs[:2]
    if left.padded is None or right.padded is None:
        return False
    return math.prod(left.padded[:3]) <= _ROWS and right.memory == "DRAM_INTERLEAVED" and right.padded[:2] == (1, 1)


def find(facts: Facts) -> Hits:
    """Those at 10 % of the DRAM bandwidth or more, whose math takes less than half of that time."""
    ops, light = facts.ops, facts.speed_of_light
    fits = facts.of_variants([_fits(one) for one in ops.variants.all])
    waits = (light.dram >= _DRAM) & (light.dram >= _DOMINATES * np.nan_to_num(light.compute))
    positions = np.flatnonzero(facts.in_category(MATMUL) & fits & waits)
    return Hits(positions, ops.kernel_ns[positions] - light.min_kernel_ns[positions])


def advice(facts: Facts, group: Group) -> str:
    """The program config for it."""
    share = 100 * float(np.median(facts.speed_of_light.dram[group.positions]))
    return (
        f"Nearly all that it has to do is to read its weights, at {share:.1f} % of the DRAM bandwidth: try "
        "ttnn.linear with ttnn.MatmulMultiCoreReuseMultiCastDRAMShardedProgramConfig, the weights width-sharded "
        "over the DRAM banks and the input width-sharded in L1."
    )


def evidence(facts: Facts, group: Group) -> Evidence:
    """Shares of both peaks."""
    return {
        "dram_pct": 100 * float(np.median(facts.speed_of_light.dram[group.positions])),
        "compute_pct": 100 * float(np.median(np.nan_to_num(facts.speed_of_light.compute[group.positions]))),
    }


RULE = Rule(
    id="dram-sharded-matmul",
    letter="D",
    title="Matmul of few rows",
    saving_formula="Σ (kernel duration − time at the DRAM peak)",
    find=find,
    advice=advice,
    caveat=(
        "About 90 % of the DRAM peak is the most that was ever measured. Such a matmul reports the whole grid as its "
        "core count (tt-metal#13108)."
    ),
    evidence=evidence,
)
