"""Programs that are built again although they were built before."""

from __future__ import annotations

import numpy as np

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.rules.base import Evidence, Group, Hits, Rule
from perfsheet.capture.table import BoolArray


def find(facts: Facts) -> Hits:
    """PROGRAM CACHE HIT is False on a later pass, or for a PROGRAM HASH that its device has run before.

    Where nothing ever hits, the cache is off or the pass is the first one: a repeated hash says nothing then.
    """
    missed, caches = facts.cache_said("false", "0"), facts.cache_said("true", "1").any()
    positions = np.flatnonzero(missed & (facts.later | (_seen_before(facts) & caches)))
    return Hits(positions, facts.ops.gap_ns[positions])


def _seen_before(facts: Facts) -> BoolArray:
    hashes = facts.ops.text("program_hash")
    seen: set[tuple[int, str]] = set()
    again = np.zeros(len(hashes), dtype=np.bool_)
    for position, (device, key) in enumerate(zip(facts.ops.device.tolist(), hashes, strict=True)):
        if key.strip():
            again[position] = (device, key) in seen
            seen.add((device, key))
    return again


def advice(facts: Facts, group: Group) -> str:
    """What makes a program's key change."""
    return (
        "Its program is built again while the device waits: look for attributes that change from call to call (a "
        "scalar, a seed, a position), or, where its PROGRAM HASH stays the same, for a program cache that is cleared."
    )


def evidence(facts: Facts, group: Group) -> Evidence:
    """How long the host took."""
    host = facts.ops.number("host_duration_ns")[group.positions]
    return {"host_ns": float(np.nansum(host))} if np.isfinite(host).any() else {}


RULE = Rule(
    id="program-cache-miss",
    letter="M",
    title="Program built again",
    saving_formula="Σ OP TO OP LATENCY before it",
    find=find,
    advice=advice,
    caveat="The gap before an op holds more than the building of its program; gaps are no kernel time.",
    evidence=evidence,
    keeps_work=False,
    waits=True,
    columns=frozenset({"program_cache_hit", "program_hash", "op_to_op_latency_ns", "host_duration_ns"}),
)
