"""L1 tensors that outlive their last use while L1 is in demand, by a graph report."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.rules.base import Evidence, Group, Hits, Rule, Stage

if TYPE_CHECKING:
    from perfsheet.analysis.graph.beside import Graph
    from perfsheet.analysis.graph.memory import Held

_IN_DEMAND = 0.5
"""Part of a bank in use from which an unused tensor is in the way."""
_WORTH = 0.02
"""Part of a bank that a tensor must take to be worth a line."""


def find(facts: Facts) -> Hits:
    """The ops that use such a tensor for the last time."""
    positions = sorted(set(_last_users(facts))) if facts.graph is not None else []
    return Hits(np.array(positions, dtype=np.int64), np.full(len(positions), np.nan))


def _last_users(facts: Facts) -> Iterator[int]:
    graph = facts.graph
    assert graph is not None
    for held in graph.memory.longest_held:
        for last_use, last in held.lives:
            ops = graph.joined.report.calls[last_use].device_ops
            position = graph.position_of.get(ops[-1]) if len(ops) else None
            if position is not None and facts.ops.timed[position] and _in_the_way(graph, held, last_use, last):
                yield position


def _in_the_way(graph: Graph, held: Held, last_use: int, last: int) -> bool:
    """Whether much of a bank is in use at some time between a last use and the end."""
    report = graph.joined.report
    bank = report.l1_bank_bytes
    if not bank or held.buffer.bank < _WORTH * bank:
        return False
    after = [op for call in report.calls[last_use + 1 : last + 1] for op in call.device_ops]
    used = [use.l1_bank for op in after if (use := report.device_ops[op].use) is not None]
    return bool(used) and max(used) >= _IN_DEMAND * bank


def advice(facts: Facts, group: Group) -> str:
    """Free it after its last use."""
    return (
        "Last use of a tensor in L1 that stays allocated: try ttnn.deallocate on it after this line (or let its Python "
        "variable go)."
    )


def evidence(facts: Facts, group: Group) -> Evidence:
    """The largest of the tensors, and for how many calls it stays."""
    graph = facts.graph
    assert graph is not None
    ops = {int(graph.flow.partner[position]) for position in group.positions.tolist()}
    report = graph.joined.report
    mine = [
        held
        for held in graph.memory.longest_held
        if any(ops.intersection(report.calls[last_use].device_ops) for last_use, _ in held.lives)
    ]
    largest = max(mine, key=lambda held: held.buffer.bank)
    return {"bank_bytes": float(largest.buffer.bank), "calls_after": float(largest.idle_calls)}


RULE = Rule(
    id="freed-late",
    title="Freed late",
    order=118,
    detects=(
        "L1 tensors of 2 % of a bank or more that outlive their last use while half of a bank or more is in use (needs "
        "a graph report)"
    ),
    saving_formula="unknown",
    find=find,
    advice=advice,
    caveat="Only worth it where L1 is short: it costs no time by itself.",
    evidence=evidence,
    stage=Stage.MODULE,
)
