"""Stretches of ops in which the shard scheme keeps changing."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.categories import RESHARD
from perfsheet.analysis.rules.base import Evidence, Group, Hits, Rule, Stage, one_root
from perfsheet.analysis.rules.chains import chain
from perfsheet.capture.table import BoolArray, IntArray

_FEWEST = 3
_BETWEEN = 2


def find(facts: Facts) -> Hits:
    """Three or more reshards with at most two ops between neighbours; all but the longest could be saved."""
    ops, reshard = facts.ops, facts.in_category(RESHARD)
    positions: list[int] = []
    savings: list[float] = []
    subjects = []
    for here in facts.sequences:
        for stretch in _stretches(reshard, here):
            members = [position for position in stretch if reshard[position] and ops.timed[position]]
            if not members:
                continue
            longest = max(members, key=lambda position: ops.kernel_ns[position])
            subject = chain(facts, stretch)
            for position in members:
                positions.append(position)
                savings.append(0.0 if position == longest else float(ops.kernel_ns[position]))
                subjects.append(subject)
    return Hits(np.array(positions, dtype=np.int64), np.array(savings), subjects)


def _stretches(reshard: BoolArray, here: IntArray) -> Iterator[list[int]]:
    """The positions from the first to the last reshard of each stretch."""
    indices = np.flatnonzero(reshard[here])
    for group in np.split(indices, np.flatnonzero(np.diff(indices) > _BETWEEN + 1) + 1):
        if len(group) >= _FEWEST and np.any(np.diff(group) > 1):
            yield here[group[0] : group[-1] + 1].tolist()


def advice(facts: Facts, group: Group) -> str:
    """One scheme for the whole stretch."""
    return (
        "The shard scheme keeps changing along these ops: try one scheme (grid, shape, orientation) for all of them, "
        "with ttnn.create_sharded_memory_config before the first and that memory_config for every output."
    )


def evidence(facts: Facts, group: Group) -> Evidence:
    """The number of reshards."""
    return {"reshards": len(group.positions)}


RULE = Rule(
    id="shard-scheme-changes",
    former_id="shard-scheme",
    title="Shard scheme changes",
    order=50,
    detects="three or more reshards with at most two ops between one and the next",
    saving_formula="Σ kernel duration of the reshards except the longest of each stretch",
    find=find,
    advice=advice,
    caveat="There may be no scheme that suits every op of the stretch, or it may slow one of them down.",
    evidence=evidence,
    root=one_root,
    keeps_work=False,
    stage=Stage.MODULE,
)
