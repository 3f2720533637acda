"""Ops whose slowest core takes much longer than the average core."""

from __future__ import annotations

import numpy as np

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.categories import ATTENTION, COLLECTIVE, CONV, MATMUL
from perfsheet.analysis.rules.base import Evidence, Group, Hits, Rule
from perfsheet.analysis.siblings import MORE_CORES
from perfsheet.capture.arrays import median

_RATIO = 1.3
_LEAST_NS = 1000


def find(facts: Facts) -> Hits:
    """PER CORE MAX at least 1.3 × PER CORE AVG and 1 µs longer; the saving is that of a perfectly even split."""
    ops = facts.ops
    longest, mean = ops.number("per_core_max_ns"), ops.number("per_core_avg_ns")
    uneven = (
        (mean >= 0)
        & (longest >= _RATIO * mean)
        & (longest - mean >= _LEAST_NS)
        & (longest <= ops.kernel_ns)
        & (ops.cores > 1)
        & ~(facts.speed_of_light.working_cores < ops.cores)  # cores that only hold a shard do not work
    )
    positions = np.flatnonzero(uneven)
    return Hits(positions, (longest - mean)[positions])


def advice(facts: Facts, group: Group) -> str:
    """Split the work evenly."""
    return (
        "Its slowest core takes much longer than the others: try shapes and shards that divide evenly over the grid, "
        "or a grid that divides them evenly."
    )


def evidence(facts: Facts, group: Group) -> Evidence:
    """Slowest, average and fastest core, medians over the ops."""
    names = ("per_core_max_ns", "per_core_avg_ns", "per_core_min_ns")
    figures = {name: facts.ops.number(name)[group.positions] for name in names}
    return {name: median(values[np.isfinite(values)]) for name, values in figures.items() if np.isfinite(values).any()}


_HAVE_ROLES = {MATMUL, CONV, COLLECTIVE, ATTENTION, "normalisation", "softmax"}


def caveat(facts: Facts, group: Group) -> str:
    """Whether its cores may have different roles."""
    if group.category in _HAVE_ROLES:
        return "Cores with a different role (multicast sender, reducer) take longer by design."
    return "Fewer tiles than cores, or a last piece that is smaller, cannot be split evenly."


RULE = Rule(
    id="core-imbalance",
    title="Core imbalance",
    order=140,
    detects="PER CORE MAX at least 1.3 × PER CORE AVG and 1 µs longer",
    saving_formula="Σ (slowest core − mean of the cores)",
    needs_times=True,
    find=find,
    advice=advice,
    caveat=caveat,
    evidence=evidence,
    columns=frozenset({"per_core_max_ns", "per_core_avg_ns", "per_core_min_ns"}),
    settings=(MORE_CORES, "program_config", "input 0", "output 0"),
)
