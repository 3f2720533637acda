"""Identical ops directly one after another."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.categories import MATMUL
from perfsheet.analysis.ops.signature import numbers
from perfsheet.analysis.rules.base import Evidence, Group, Hits, Rule, Stage

_FEWEST = 3


def find(facts: Facts) -> Hits:
    """Three or more identical ops in a row, which one call could replace. Sweeps of a single op are left out."""
    ops, of = facts.ops, numbers(facts.ops)
    positions: list[int] = []
    savings: list[float] = []
    for here in facts.sequences:
        if len(ops.codes.take(here).present()) == 1:
            continue
        edges = np.flatnonzero(np.diff(of[here])) + 1
        starts, ends = np.concatenate([[0], edges]), np.concatenate([edges, [len(here)]])
        long_enough = ends - starts >= _FEWEST
        for start, end in zip(starts[long_enough].tolist(), ends[long_enough].tolist(), strict=True):
            timed = here[start:end][ops.timed[here[start:end]]]
            for members in _independent(facts, timed.tolist()):
                if len(members) >= _FEWEST:
                    positions += members
                    savings += (ops.kernel_ns[members] * (1 - 1 / len(members))).tolist()
    return Hits(np.array(positions, dtype=np.int64), np.array(savings))


def _independent(facts: Facts, members: list[int]) -> Iterator[list[int]]:
    """A run, split before each op that reads a result of its part, by the graph report; whole without one."""
    if facts.graph is None:
        yield members
        return
    flow = facts.graph.flow
    part: list[int] = []
    ops: set[int] = set()
    for position in members:
        if ops & flow.makers(position):
            yield part
            part, ops = [], set()
        part.append(position)
        ops.add(int(flow.partner[position]))
    yield part


def _shares_input(facts: Facts, group: Group) -> bool:
    """Whether the ops can read the same tensor: unless the graph report says that each reads another one."""
    if facts.graph is None:
        return True
    read = [facts.graph.flow.first_input(position) for position in group.positions.tolist()]
    known = [tensor for tensor in read if tensor is not None]
    return len(known) < len(read) or len(set(known)) < len(known)


def advice(facts: Facts, group: Group) -> str:
    """Replace the calls by one."""
    if group.category == MATMUL and _shares_input(facts, group):
        return (
            "The same matmul runs several times in a row, as the projections of Q, K and V do: try one matmul with "
            "concatenated weights, so that the input is read once and there is more work to spread over the cores."
        )
    return (
        f"The same {group.signature.op_code} runs several times in a row: try to batch the calls into one, or to "
        "reuse the result if it does not change."
    )


def evidence(facts: Facts, group: Group) -> Evidence:
    """The longest row."""
    device = facts.ops.device[group.positions]
    # Ops are in a row when they are neighbours on their device.
    breaks = np.flatnonzero((np.diff(facts.place[group.positions]) != 1) | (np.diff(device) != 0)) + 1
    return {"in_a_row": int(np.max(np.diff(np.concatenate([[0], breaks, [len(device)]]))))}


RULE = Rule(
    id="repeated-work",
    title="Repeated work",
    order=210,
    detects=(
        "three or more identical ops in a row, with a graph report those that don't read one another's results; "
        "not on a device that runs one op code only"
    ),
    saving_formula="Σ kernel duration × (1 − 1 / ops in a row)",
    find=find,
    advice=advice,
    caveat="A capture has shapes, not data: the calls may work on different data, and a larger call takes longer.",
    evidence=evidence,
    settings=(),
    stage=Stage.MODULE,
)
