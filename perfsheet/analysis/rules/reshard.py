"""Ops that only change how a tensor is sharded."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.categories import RESHARD
from perfsheet.analysis.ops.device_ops import Ops, once
from perfsheet.analysis.rules.base import Evidence, Group, Hits, Rule, Stage, one_root
from perfsheet.analysis.rules.chains import flows
from perfsheet.capture.table import IntArray

if TYPE_CHECKING:
    from perfsheet.graph_report.model import Tensor


@once
def back_to_back(ops: Ops) -> IntArray:
    """Positions of reshards whose previous device op on the same device is also a reshard.

    Signposts and host ops between the two don't count.
    """
    in_sequence = np.argsort(ops.sequence, kind="stable")
    reshard, sequence = ops.in_category(RESHARD)[in_sequence], ops.sequence[in_sequence]
    second = reshard[1:] & reshard[:-1] & (sequence[1:] == sequence[:-1])
    return np.sort(in_sequence[1:][second])


def find(facts: Facts) -> Hits:
    """Every reshard; at most all of its time could be saved."""
    ops = facts.ops
    positions = np.flatnonzero(facts.in_category(RESHARD) & ops.timed)
    return Hits(positions, ops.kernel_ns[positions])


def _by_data_flow(facts: Facts, group: Group) -> str:
    """Who writes one layout and who reads the other, of most of the time, by the graph report; blank if unknown."""
    graph = facts.graph
    if graph is None:
        return ""
    times: dict[str, float] = {}
    counts: Counter[str] = Counter()
    for position in group.positions.tolist():
        step, readers = graph.flow.read(position), graph.flow.written(position)
        if step is None or step.producer is None or not readers or readers[0].consumer is None:
            continue
        text = (
            f"{graph.named(step.producer)} writes {_stored(step.tensor)}, {graph.named(readers[0].consumer)} reads "
            f"{_stored(readers[0].tensor)}"
        )
        times[text] = times.get(text, 0.0) + float(facts.ops.kernel_ns[position])
        counts[text] += 1
    if not times:
        return ""
    first = max(times, key=lambda text: times[text])
    every = len(group.positions)
    return first if counts[first] == every else f"{first} ({counts[first]:,} of {every:,} ops)"


def _stored(tensor: Tensor) -> str:
    return f"{tensor.memory} ({tensor.shard})" if tensor.shard else tensor.memory


def advice(facts: Facts, group: Group) -> str:
    """Which neighbouring op to change, by the data flow where it is known."""
    flow = _by_data_flow(facts, group)
    return f"{flow}. {_by_neighbours(facts, group)}" if flow else _by_neighbours(facts, group)


def _by_neighbours(facts: Facts, group: Group) -> str:
    """Which op to change, by the direction of the reshard and by what it reads."""
    before = facts.previous[group.positions]
    reads = np.array([p < 0 or flows(facts, p, q) for p, q in zip(before, group.positions, strict=True)])
    pairs = int((reads & np.isin(group.positions, back_to_back(facts.ops))).sum())
    if 2 * pairs >= len(reads):
        return "Reads what another reshard wrote: try to go from the first layout to the last in one step."
    if not reads.any():
        return "Reads a tensor that the op before it did not write: try to shard that once, when it is made or loaded."
    if "InterleavedToSharded" in group.signature.op_code:
        return "Try to let the op before write the sharded layout itself (its memory_config), and keep it downstream."
    if "ShardedToInterleaved" in group.signature.op_code:
        return "Try to let the op after read the sharded tensor, and keep one shard scheme across neighbouring ops."
    return (
        "Try to give producer and consumer the same shard spec (grid, shape, orientation), so that no reshard is "
        "needed."
    )


def evidence(facts: Facts, group: Group) -> Evidence:
    """How many directly follow another reshard."""
    return {"back_to_back": int(np.isin(group.positions, back_to_back(facts.ops)).sum())}


RULE = Rule(
    id="reshard",
    title="Reshard",
    order=20,
    detects="ops whose code contains Reshard, InterleavedToSharded or ShardedToInterleaved",
    saving_formula="Σ kernel duration",
    find=find,
    advice=advice,
    caveat="An op that reads or writes the other layout itself can become slower; compare the total time.",
    evidence=evidence,
    root=one_root,
    keeps_work=False,
    stage=Stage.MODULE,
)
