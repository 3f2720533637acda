"""Ops that were told to use one core: use_multicore is false."""

from __future__ import annotations

import numpy as np

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.attributes import attribute
from perfsheet.analysis.ops.kinds import kind
from perfsheet.analysis.rules.base import Group, Hits, Rule, cores_and_grid, one_root, time_of_idle_cores

_FEW = 0.5
_CALLS = {
    "tilize": "ttnn.tilize",
    "tilizewithvalpadding": "ttnn.tilize_with_val_padding",
    "untilize": "ttnn.untilize",
    "untilizewithunpadding": "ttnn.untilize_with_unpadding",
    "pad": "ttnn.pad",
}


def find(facts: Facts) -> Hits:
    """Ops with use_multicore=false on less than half of the worker grid."""
    ops = facts.ops
    off = facts.of_variants(
        [attribute(variant.attributes, "use_multicore").lower() in ("false", "0") for variant in ops.variants.all]
    )
    positions = np.flatnonzero(off & ops.timed & (ops.cores < _FEW * ops.worker_cores))
    return Hits(positions, time_of_idle_cores(facts, positions))


def advice(facts: Facts, group: Group) -> str:
    """The call with the switch on; ttnn.to_layout decides by itself."""
    call = _CALLS.get(kind(group.signature.op_code), "the op")
    return (
        f"use_multicore is false, so it runs on {_cores(group)}: try {call} with use_multicore=True. ttnn.to_layout "
        "turns it off by itself where the tensor does not fit in L1 as a whole: smaller pieces or DRAM help there."
    )


def _cores(group: Group) -> str:
    return f"{group.cores[0]} of {group.worker_cores} cores" if group.cores else "one core"


RULE = Rule(
    id="multicore-off",
    title="Multicore off",
    order=15,
    detects="ops with use_multicore = false in ATTRIBUTES on less than half of the worker grid",
    saving_formula="Σ kernel duration × (1 − core count / worker grid)",
    find=find,
    advice=advice,
    caveat="TTNN may have turned it off because the op did not fit; more cores need more L1 for their buffers.",
    evidence=cores_and_grid,
    root=one_root,
    settings=("use_multicore",),
)
