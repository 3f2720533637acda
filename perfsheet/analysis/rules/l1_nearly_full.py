"""Ops that leave little of their L1 banks free, by a graph report."""

from __future__ import annotations

import numpy as np

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.rules.base import Evidence, Group, Hits, Rule, Stage

_FULL = 0.9


def find(facts: Facts) -> Hits:
    """Tensors and circular buffers take nine tenths of a bank or more."""
    positions = np.empty(0, dtype=np.int64)
    if facts.graph is not None and (bank := facts.graph.memory.bank_bytes):
        memory = facts.graph.memory
        positions = np.flatnonzero((memory.l1_used >= _FULL * bank) & ~memory.beyond_bank & facts.ops.timed)
    return Hits(positions, np.full(len(positions), np.nan))


def advice(facts: Facts, group: Group) -> str:
    """Free, narrow or spread what is there."""
    return (
        "Little of L1 is free while it runs, so larger blocks or another tensor in L1 don't fit: try ttnn.deallocate "
        "on tensors that are not read any more, smaller data types, or a shard grid of more cores."
    )


def evidence(facts: Facts, group: Group) -> Evidence:
    """What is used at the most, and the bank."""
    assert facts.graph is not None
    memory = facts.graph.memory
    return {
        "l1_used_bytes": float(memory.l1_used[group.positions].max()),
        "l1_bank_bytes": float(memory.bank_bytes or 0),
    }


RULE = Rule(
    id="l1-nearly-full",
    title="L1 nearly full",
    order=117,
    detects="ops during which tensors and circular buffers take 90 % of an L1 bank or more (needs a graph report)",
    saving_formula="unknown",
    find=find,
    advice=advice,
    caveat="Full L1 costs no time by itself; it limits what else can be done.",
    evidence=evidence,
    stage=Stage.MODULE,
)
