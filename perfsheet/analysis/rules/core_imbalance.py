"""Ops whose slowest core works much longer than the mean of its cores."""

from __future__ import annotations

import numpy as np

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.rules.base import Evidence, Group, Hits, Rule

_RATIO = 1.3
_LEAST_NS = 1000


def find(facts: Facts) -> Hits:
    """PER CORE MAX ≥ 1.3 × PER CORE AVG, and 1 µs longer; what a perfect split could save."""
    ops = facts.ops
    longest, mean = ops.number("per_core_max_ns"), ops.number("per_core_avg_ns")
    uneven = (
        (mean >= 0)
        & (longest >= _RATIO * mean)
        & (longest - mean >= _LEAST_NS)
        & (longest <= ops.kernel_ns)
        & (ops.cores > 1)
    )
    positions = np.flatnonzero(uneven)
    return Hits(positions, (longest - mean)[positions])


def advice(facts: Facts, group: Group) -> str:
    """Even shares."""
    return (
        "Its slowest core works much longer than the others: try shapes and shards that divide evenly over the grid, "
        "or a grid that divides them."
    )


def evidence(facts: Facts, group: Group) -> Evidence:
    """Longest, mean and shortest core, medians over the ops."""
    names = ("per_core_max_ns", "per_core_avg_ns", "per_core_min_ns")
    figures = {name: facts.ops.number(name)[group.positions] for name in names}
    return {name: float(np.nanmedian(one)) for name, one in figures.items() if np.isfinite(one).any()}


RULE = Rule(
    id="core-imbalance",
    letter="C",
    title="Uneven cores",
    saving_formula="Σ (longest core − mean of the cores)",
    find=find,
    advice=advice,
    caveat="Cores with another part (the sender of a multicast, a reducer) are longer by design.",
    evidence=evidence,
    columns=frozenset({"per_core_max_ns", "per_core_avg_ns", "per_core_min_ns"}),
)
