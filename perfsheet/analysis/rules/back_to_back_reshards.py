"""Reshards that directly follow another reshard."""

from __future__ import annotations

import numpy as np

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.rules.base import Evidence, Group, Hits, Rule, Stage, one_root
from perfsheet.analysis.rules.chains import chain, flows
from perfsheet.analysis.rules.reshard import back_to_back


def find(facts: Facts) -> Hits:
    """The second of two reshards, if it reads the output of the first; one reshard could replace both."""
    ops = facts.ops
    positions = back_to_back(ops)
    connected = [flows(facts, int(facts.previous[position]), position) for position in positions.tolist()]
    positions = positions[ops.timed[positions] & np.array(connected, dtype=np.bool_)]
    subjects = [chain(facts, [int(facts.previous[position]), position]) for position in positions.tolist()]
    first = np.nan_to_num(ops.kernel_ns[facts.previous[positions]])
    return Hits(positions, np.minimum(ops.kernel_ns[positions], first), subjects)


def advice(facts: Facts, group: Group) -> str:
    """One step instead of two."""
    return (
        "Two reshards in a row: try ttnn.to_memory_config from the first layout to the last in one step, or to give "
        "both neighbours the same memory_config."
    )


def evidence(facts: Facts, group: Group) -> Evidence:
    """The time of the first reshard of each pair."""
    return {"first_ns": float(np.nansum(facts.ops.kernel_ns[facts.previous[group.positions]]))}


RULE = Rule(
    id="back-to-back-reshards",
    former_id="reshard-pair",
    title="Back-to-back reshards",
    order=30,
    detects="reshards that directly follow another reshard",
    saving_formula="Σ the shorter kernel duration of each pair",
    find=find,
    advice=advice,
    caveat="Not every pair of shard specs supports a direct reshard.",
    evidence=evidence,
    root=one_root,
    keeps_work=False,
    stage=Stage.MODULE,
)
