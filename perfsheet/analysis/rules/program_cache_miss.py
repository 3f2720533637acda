"""Program cache misses of programs that were built before."""

from __future__ import annotations

import numpy as np

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.rules.base import Evidence, Group, Hits, Rule
from perfsheet.capture.table import BoolArray


def find(facts: Facts) -> Hits:
    """PROGRAM CACHE HIT is False on a later pass, or for a PROGRAM HASH that its device has run before.

    Without any hit, the cache is off or this is the first pass, and a repeated hash proves nothing.
    """
    missed, caches = facts.program_cache_hit_is("false", "0"), facts.program_cache_hit_is("true", "1").any()
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
    """What can make the program cache miss."""
    return (
        "Its program is built again while the device waits: try to keep attributes that change from call to call (a "
        "scalar, a seed, a position) out of it; if its PROGRAM HASH stays the same, look for what clears the cache."
    )


def evidence(facts: Facts, group: Group) -> Evidence:
    """The time that the host took."""
    host = facts.ops.number("host_duration_ns")[group.positions]
    return {"host_ns": float(np.nansum(host))} if np.isfinite(host).any() else {}


RULE = Rule(
    id="program-cache-miss",
    title="Program cache miss",
    order=180,
    detects="PROGRAM CACHE HIT False on a later pass, or for a PROGRAM HASH that the device has run before",
    saving_formula="Σ OP TO OP LATENCY before it",
    find=find,
    advice=advice,
    caveat="The gap before an op contains more than building its program; gaps are not kernel time.",
    evidence=evidence,
    keeps_work=False,
    saves_gaps=True,
    columns=frozenset({"program_cache_hit", "program_hash", "op_to_op_latency_ns", "host_duration_ns"}),
)
