"""Ops that are far from every bound, for no reason that another rule knows."""

from __future__ import annotations

import numpy as np

from perfsheet.analysis.categories import COLLECTIVE
from perfsheet.analysis.facts import Facts
from perfsheet.analysis.light import Bound
from perfsheet.analysis.rules import (
    dram_sharded_matmul,
    layout_glue,
    low_core_count,
    matmul_program_config,
    reshard,
)
from perfsheet.analysis.rules.base import Evidence, Group, Hits, Rule

_FAR = 0.3
_LONG_NS = 5000
_SHARE = 0.001
_EXPLAINED = (
    low_core_count.RULE,
    reshard.RULE,
    layout_glue.RULE,
    matmul_program_config.RULE,
    dram_sharded_matmul.RULE,
)


def find(facts: Facts) -> Hits:
    """Below 30 % of the speed of light, 5 µs or more, a thousandth of the kernel time with those of its kind."""
    ops, light = facts.ops, facts.light
    far = light.is_bound(Bound.NEITHER) & (light.sol < _FAR) & (ops.kernel_ns >= _LONG_NS)
    far &= ~facts.in_category(COLLECTIVE)  # the links between devices bind them, of which a capture says nothing
    for rule in _EXPLAINED:
        far[rule.find(facts).positions] = False
    of = ops.variants.of
    of_kind = np.bincount(of, weights=np.where(far, np.nan_to_num(ops.kernel_ns), 0), minlength=len(ops.variants.all))
    positions = np.flatnonzero(far & (of_kind[of] >= _SHARE * ops.total_ns))
    return Hits(positions, ops.kernel_ns[positions] - light.light_ns[positions])


def advice(facts: Facts, group: Group) -> str:
    """Where to look."""
    light = facts.light
    compute, dram = (
        float(np.nanmedian(np.nan_to_num(share[group.positions]))) for share in (light.compute, light.dram)
    )
    used = (
        f"{compute:.0%} of the compute peak and {dram:.0%} of the DRAM bandwidth"
        if compute
        else f"{dram:.0%} of the DRAM bandwidth"
    )
    return (
        f"Uses {used} on {group.cores[-1] if group.cores else '?'} cores: try larger blocks, a sharded input in L1, "
        "or another "
        "layout; look at its RISC times for what it waits on."
    )


def evidence(facts: Facts, group: Group) -> Evidence:
    """The distance, and the time at the speed of light."""
    return {
        "sol_pct": 100 * float(np.median(facts.light.sol[group.positions])),
        "speed_of_light_ns": float(facts.light.light_ns[group.positions].sum()),
    }


RULE = Rule(
    id="far-from-bound",
    letter="U",
    title="Far from any bound",
    saving_formula="Σ (kernel duration − time at the speed of light)",
    find=find,
    advice=advice,
    caveat="The speed of light leaves launch, latency and everything but math and DRAM out; nothing reaches it.",
    evidence=evidence,
)
