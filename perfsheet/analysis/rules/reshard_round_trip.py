"""A tensor that leaves its shards for a single op, and goes back."""

from __future__ import annotations

import numpy as np

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.categories import RESHARD
from perfsheet.analysis.rules.base import Evidence, Group, Hits, Rule
from perfsheet.analysis.rules.chains import chain, linked


def find(facts: Facts) -> Hits:
    """ShardedToInterleaved, one op, InterleavedToSharded on one device; both reshards could go."""
    ops, reshard = facts.ops, facts.in_category(RESHARD)
    leaves = ops.where_code(lambda code: "ShardedToInterleaved" in code)
    returns = ops.where_code(lambda code: "InterleavedToSharded" in code)
    positions, subjects = [], []
    for here in facts.by_device:
        around = leaves[here[:-2]] & ~reshard[here[1:-1]] & returns[here[2:]]
        for place in np.flatnonzero(around).tolist():
            three = here[place : place + 3].tolist()
            if len(list(linked(facts, three))) > 1:
                continue
            subject = chain(facts, three)
            for position in (three[0], three[2]):
                if ops.timed[position]:
                    positions.append(position)
                    subjects.append(subject)
    found = np.array(positions, dtype=np.int64)
    return Hits(found, ops.kernel_ns[found], subjects)


def advice(facts: Facts, group: Group) -> str:
    """Keep the shards through the op in the middle."""
    middle = group.signature.op_code.split(" → ")[1]
    return (
        f"Sharded → interleaved → sharded around one {middle}: try to run it on the sharded tensor, with the "
        "memory_config of its input for its output."
    )


def evidence(facts: Facts, group: Group) -> Evidence:
    """How many round trips."""
    return {"round_trips": len(group.positions) // 2}


RULE = Rule(
    id="reshard-round-trip",
    letter="O",
    title="Reshard round trip",
    saving_formula="Σ kernel duration of both reshards",
    find=find,
    advice=advice,
    caveat="Not every op takes every sharded layout; the two reshards may also serve two different shard specs.",
    evidence=evidence,
    keeps_work=False,
)
