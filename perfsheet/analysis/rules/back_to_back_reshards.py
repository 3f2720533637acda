"""Reshards that directly follow another one."""

from __future__ import annotations

import numpy as np

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.rules.base import Evidence, Group, Hits, Rule
from perfsheet.analysis.rules.chains import chain, flows
from perfsheet.analysis.rules.reshard import back_to_back


def find(facts: Facts) -> Hits:
    """The second of two, which takes what the first put out; one of them could do for both."""
    ops = facts.ops
    positions = back_to_back(ops)
    fed = [flows(facts, int(facts.previous[position]), position) for position in positions.tolist()]
    positions = positions[ops.timed[positions] & np.array(fed, dtype=np.bool_)]
    subjects = [chain(facts, [int(facts.previous[position]), position]) for position in positions.tolist()]
    first = np.nan_to_num(ops.kernel_ns[facts.previous[positions]])
    return Hits(positions, np.minimum(ops.kernel_ns[positions], first), subjects)


def advice(facts: Facts, group: Group) -> str:
    """One step instead of two."""
    return (
        "Two changes of sharding in a row: try ttnn.to_memory_config from the first layout to the last in one step, "
        "or to give both neighbours the same memory_config."
    )


def evidence(facts: Facts, group: Group) -> Evidence:
    """What the first of each two took."""
    return {"first_ns": float(np.nansum(facts.ops.kernel_ns[facts.previous[group.positions]]))}


RULE = Rule(
    id="reshard-pair",
    letter="B",
    title="Back-to-back reshards",
    saving_formula="Σ the shorter kernel duration of each two",
    find=find,
    advice=advice,
    caveat="A direct change between two sharded layouts is not supported for every pair of shard specs.",
    evidence=evidence,
    keeps_work=False,
)
