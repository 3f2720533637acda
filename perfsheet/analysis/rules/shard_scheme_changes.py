"""Stretches in which the shard scheme changes again and again."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.categories import RESHARD
from perfsheet.analysis.rules.base import Evidence, Group, Hits, Rule
from perfsheet.analysis.rules.chains import chain
from perfsheet.capture.table import BoolArray, IntArray

_FEWEST = 3
_BETWEEN = 2


def find(facts: Facts) -> Hits:
    """Three reshards or more with at most two ops between one and the next; all but the longest of them could go."""
    ops, reshard = facts.ops, facts.in_category(RESHARD)
    positions: list[int] = []
    savings: list[float] = []
    subjects = []
    for here in facts.by_device:
        for stretch in _stretches(reshard, here):
            members = [position for position in stretch if reshard[position] and ops.timed[position]]
            if not members:
                continue
            kept = max(members, key=lambda position: ops.kernel_ns[position])
            subject = chain(facts, stretch)
            for position in members:
                positions.append(position)
                savings.append(0.0 if position == kept else float(ops.kernel_ns[position]))
                subjects.append(subject)
    return Hits(np.array(positions, dtype=np.int64), np.array(savings), subjects)


def _stretches(reshard: BoolArray, here: IntArray) -> Iterator[list[int]]:
    """From the first to the last reshard of each stretch."""
    places = np.flatnonzero(reshard[here])
    for group in np.split(places, np.flatnonzero(np.diff(places) > _BETWEEN + 1) + 1):
        if len(group) >= _FEWEST and np.any(np.diff(group) > 1):
            yield here[group[0] : group[-1] + 1].tolist()


def advice(facts: Facts, group: Group) -> str:
    """One scheme for the whole stretch."""
    return (
        "The shard scheme changes again and again along these ops: try one scheme (grid, shape, orientation) for all "
        "of them, with ttnn.create_sharded_memory_config before the first and that memory_config for every output."
    )


def evidence(facts: Facts, group: Group) -> Evidence:
    """Reshards of all such stretches together."""
    return {"reshards": len(group.positions)}


RULE = Rule(
    id="shard-scheme",
    letter="S",
    title="Changing shard scheme",
    saving_formula="Σ kernel duration of the reshards but the longest of each stretch",
    find=find,
    advice=advice,
    caveat="A scheme that suits every op of the stretch may not exist, or may slow one of them down.",
    evidence=evidence,
    keeps_work=False,
)
