"""The same op again and again, directly one after another."""

from __future__ import annotations

import numpy as np

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.categories import MATMUL
from perfsheet.analysis.ops.signature import numbers
from perfsheet.analysis.rules.base import Evidence, Group, Hits, Rule

_FEWEST = 3


def find(facts: Facts) -> Hits:
    """Three or more in a row of one signature; one call could do the work of all. A sweep of one op is left out."""
    ops, of = facts.ops, numbers(facts.ops)
    positions: list[int] = []
    savings: list[float] = []
    for here in facts.by_device:
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
    """One call for all."""
    if group.category == MATMUL:
        return (
            "The same matmul runs several times in a row, as the projections of Q, K and V do: try one matmul with "
            "their weights side by side, so that the input is read once and the cores have more to share."
        )
    return (
        f"The same {group.signature.op_code} runs several times in a row: try to batch the calls into one, or to "
        "keep the result where nothing about it changes."
    )


def evidence(facts: Facts, group: Group) -> Evidence:
    """How many in a row, at most."""
    device = facts.ops.device[group.positions]
    # Positions of a finding follow one another where their places on the device do.
    breaks = np.flatnonzero((np.diff(facts.place[group.positions]) != 1) | (np.diff(device) != 0)) + 1
    return {"in_a_row": int(np.max(np.diff(np.concatenate([[0], breaks, [len(device)]]))))}


RULE = Rule(
    id="repeated-work",
    letter="E",
    title="Repeated work",
    saving_formula="Σ kernel duration × (1 − 1 / ops in a row)",
    find=find,
    advice=advice,
    caveat="A capture has shapes, not contents: the calls may work on different data, and a larger call takes longer.",
    evidence=evidence,
)
