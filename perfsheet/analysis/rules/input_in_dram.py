"""Matmuls and convolutions that read an activation from DRAM although it would fit in L1."""

from __future__ import annotations

import numpy as np

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.categories import CONV, MATMUL
from perfsheet.analysis.rules.base import Evidence, Group, Hits, Rule, fewer_bytes_hits
from perfsheet.analysis.speed_of_light import Bound
from perfsheet.hardware.boards import L1_BYTES

_ROOM = 0.5
_READS = 0.1


def find(facts: Facts) -> Hits:
    """The first input is in DRAM and takes at most half of the grid's L1, and the op is not compute-bound."""
    ops, speed_of_light = facts.ops, facts.speed_of_light
    sizes = [
        variant.inputs[0].size if variant.inputs and variant.inputs[0].in_dram else None for variant in ops.variants.all
    ]
    size = facts.figures(sizes)
    fits = size <= _ROOM * L1_BYTES * ops.worker_cores
    reads = (speed_of_light.dram >= _READS) & ~speed_of_light.is_bound(Bound.COMPUTE)
    positions = np.flatnonzero(facts.in_category(MATMUL, CONV) & fits & reads)
    return fewer_bytes_hits(facts, positions, size[positions])


def advice(facts: Facts, group: Group) -> str:
    """Keep it in L1."""
    return (
        "Its first input is read from DRAM but would fit in L1: try to let the op before write to L1 "
        "(memory_config=ttnn.L1_MEMORY_CONFIG, or a sharded one)."
    )


def evidence(facts: Facts, group: Group) -> Evidence:
    """Bytes of the input, and of all DRAM traffic."""
    first = int(group.positions[0])
    return {
        "input_bytes": facts.variant(first).inputs[0].size or 0.0,
        "dram_bytes": float(facts.speed_of_light.dram_bytes[first]),
    }


RULE = Rule(
    id="input-in-dram",
    title="Input in DRAM",
    order=110,
    detects=(
        "matmul or convolution, not compute-bound and at 10 % or more of the DRAM peak, whose first input is in DRAM "
        "and would take at most half of the grid's L1"
    ),
    saving_formula="Σ kernel duration × input bytes / DRAM bytes, down to what is left of the speed of light",
    find=find,
    advice=advice,
    caveat="What else is in L1 at that time is not in the capture.",
    evidence=evidence,
    keeps_work=False,
)
