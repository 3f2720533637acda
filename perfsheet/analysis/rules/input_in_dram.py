"""Matmuls and convolutions that read an activation from DRAM that L1 has room for."""

from __future__ import annotations

import numpy as np

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.categories import CONV, MATMUL
from perfsheet.analysis.rules import fewer_bytes
from perfsheet.analysis.rules.base import Evidence, Group, Hits, Rule
from perfsheet.analysis.speed_of_light import Bound
from perfsheet.hardware.boards import L1_BYTES

_ROOM = 0.5
_READS = 0.1


def find(facts: Facts) -> Hits:
    """First inputs in DRAM of at most half of the grid's L1, where the op is not bound by compute."""
    ops, light = facts.ops, facts.speed_of_light
    sizes = [one.inputs[0].size if one.inputs and one.inputs[0].in_dram else None for one in ops.variants.all]
    size = np.array([np.nan if one is None else one for one in sizes], dtype=np.float64)[ops.variants.of]
    fits = size <= _ROOM * L1_BYTES * ops.worker_cores
    reads = (light.dram >= _READS) & ~light.is_bound(Bound.COMPUTE)
    positions = np.flatnonzero(facts.in_category(MATMUL, CONV) & fits & reads)
    return fewer_bytes.hits(facts, positions, size[positions])


def advice(facts: Facts, group: Group) -> str:
    """Where to put it."""
    return (
        "Its first input comes from DRAM and would fit into L1: try to let the op before write to L1 "
        "(memory_config=ttnn.L1_MEMORY_CONFIG, or a sharded one)."
    )


def evidence(facts: Facts, group: Group) -> Evidence:
    """Bytes of the input, and of all traffic."""
    first = int(group.positions[0])
    return {
        "input_bytes": facts.variant(first).inputs[0].size or 0.0,
        "dram_bytes": float(facts.speed_of_light.dram_bytes[first]),
    }


RULE = Rule(
    id="input-in-dram",
    letter="I",
    title="Input in DRAM",
    saving_formula="Σ kernel duration × input bytes / DRAM bytes, down to what is left of the speed of light",
    find=find,
    advice=advice,
    caveat="What else lives in L1 at that time is not in the capture.",
    evidence=evidence,
    keeps_work=False,
)
