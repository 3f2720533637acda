"""Tensors that become interleaved for a single op and are sharded again after it."""

from __future__ import annotations

import numpy as np

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.categories import RESHARD
from perfsheet.analysis.rules.base import Evidence, Group, Hits, Rule, Stage, one_root
from perfsheet.analysis.rules.chains import chain, linked


def find(facts: Facts) -> Hits:
    """ShardedToInterleaved, one op, InterleavedToSharded on one device; both reshards could be saved."""
    ops, reshard = facts.ops, facts.in_category(RESHARD)
    leaves = ops.where_code(lambda code: "ShardedToInterleaved" in code)
    returns = ops.where_code(lambda code: "InterleavedToSharded" in code)
    positions, subjects = [], []
    for here in facts.sequences:
        around = leaves[here[:-2]] & ~reshard[here[1:-1]] & returns[here[2:]]
        for index in np.flatnonzero(around).tolist():
            three = here[index : index + 3].tolist()
            if len(list(linked(facts, three))) > 1:
                continue
            subject = chain(facts, three)
            for position in (three[0], three[2]):
                if ops.timed[position]:
                    positions.append(position)
                    subjects.append(subject)
    hits = np.array(positions, dtype=np.int64)
    return Hits(hits, ops.kernel_ns[hits], subjects)


def advice(facts: Facts, group: Group) -> str:
    """Run the op in the middle on the sharded tensor."""
    middle = group.signature.op_code.split(" → ")[1]
    return (
        f"Sharded → interleaved → sharded around one {middle}: try to run it on the sharded tensor, with its "
        "input's memory_config for its output."
    )


def evidence(facts: Facts, group: Group) -> Evidence:
    """The number of round trips."""
    return {"round_trips": len(group.positions) // 2}


RULE = Rule(
    id="reshard-round-trip",
    title="Reshard round trip",
    order=40,
    detects="ShardedToInterleaved, one op, InterleavedToSharded",
    saving_formula="Σ kernel duration of both reshards",
    find=find,
    advice=advice,
    caveat="Not every op accepts every sharded layout, and the two shard specs may differ.",
    evidence=evidence,
    root=one_root,
    keeps_work=False,
    stage=Stage.MODULE,
)
