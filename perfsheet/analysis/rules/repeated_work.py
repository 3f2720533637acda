"""Identical ops directly one after another."""

from __future__ import annotations

import numpy as np

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.categories import MATMUL
from perfsheet.analysis.ops.signature import numbers
from perfsheet.analysis.rules.base import Evidence, Group, Hits, Rule

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
            if len(timed) >= _FEWEST:
                positions += timed.tolist()
                savings += (ops.kernel_ns[timed] * (1 - 1 / len(timed))).tolist()
    return Hits(np.array(positions, dtype=np.int64), np.array(savings))


def advice(facts: Facts, group: Group) -> str:
    """Replace the calls by one."""
    if group.category == MATMUL:
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
    detects="three or more identical ops in a row; not on a device that runs one op code only",
    saving_formula="Σ kernel duration × (1 − 1 / ops in a row)",
    find=find,
    advice=advice,
    caveat="A capture has shapes, not data: the calls may work on different data, and a larger call takes longer.",
    evidence=evidence,
    settings=(),
)
