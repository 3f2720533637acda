"""Ops whose last core starts long after the first."""

from __future__ import annotations

import numpy as np

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.rules.base import Evidence, Group, Hits, Rule, Stage
from perfsheet.capture.arrays import median

_SHARE = 0.25
_LEAST_NS = 1000


def find(facts: Facts) -> Hits:
    """The last core starts a quarter of the kernel duration or more, and at least 1 µs, after the first."""
    ops = facts.ops
    skew = ops.number("launch_skew_ns")
    late = (skew >= _SHARE * ops.kernel_ns) & (skew >= _LEAST_NS) & (skew <= ops.kernel_ns)
    positions = np.flatnonzero(late)
    return Hits(positions, skew[positions])


def advice(facts: Facts, group: Group) -> str:
    """Fewer, larger launches."""
    return (
        "Its last core starts long after its first: try fewer cores if the op is short, or fewer and larger ops "
        "(fused, batched), so that launching takes a smaller share."
    )


def evidence(facts: Facts, group: Group) -> Evidence:
    """The median skew, and its share of the duration."""
    skew, kernel = facts.ops.number("launch_skew_ns")[group.positions], facts.ops.kernel_ns[group.positions]
    return {"first_to_last_start_ns": median(skew), "share_pct": 100 * median(skew / kernel)}


RULE = Rule(
    id="launch-skew",
    title="Launch skew",
    order=150,
    detects="FIRST TO LAST START of at least a quarter of the kernel duration and 1 µs",
    saving_formula="Σ (last core's start − first core's start)",
    needs_times=True,
    find=find,
    advice=advice,
    caveat=(
        "Every op has some dispatch time, about the same for all ops on as many cores: fewer or larger ops save it, "
        "nothing about this op alone does. The profiler's own markers add to it."
    ),
    evidence=evidence,
    columns=frozenset({"launch_skew_ns"}),
    settings=(),
    stage=Stage.MODEL,
)
