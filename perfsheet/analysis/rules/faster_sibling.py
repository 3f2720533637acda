"""Ops that ran faster elsewhere in the capture with other settings."""

from __future__ import annotations

import numpy as np

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.kinds import kind
from perfsheet.analysis.rules.base import Evidence, Group, Hits, Rule
from perfsheet.analysis.siblings import Sibling


def find(facts: Facts) -> Hits:
    """Ops whose fastest sibling (analysis/siblings.py) takes at most four fifths of their time."""
    ops = facts.ops
    saving = ops.kernel_ns - facts.sibling_ns
    positions = np.flatnonzero(saving > 0)
    return Hits(positions, saving[positions])


_NAMES = {"matmul": "ttnn.linear", "minimalmatmul": "ttnn.experimental.minimal_matmul"}


def _sibling(facts: Facts, group: Group) -> Sibling:
    sibling = facts.siblings[int(facts.ops.variants.of[group.positions[0]])]
    assert sibling is not None
    return sibling


def advice(facts: Facts, group: Group) -> str:
    """The settings of the sibling."""
    sibling = _sibling(facts, group)
    other = next((there for name, _, there in sibling.differences if name == "op"), "")
    if kind(other) in _NAMES:
        return f"{other} is faster on as many tiles: try {_NAMES[kind(other)]} for it."
    return f"The same op on as many tiles ran faster with other settings: try {sibling.told('; ')}."


def evidence(facts: Facts, group: Group) -> Evidence:
    """The sibling's row and time."""
    sibling = _sibling(facts, group)
    return {"sibling_row": facts.sibling_row(sibling), "sibling_ns": sibling.kernel_ns}


RULE = Rule(
    id="faster-sibling",
    title="Faster sibling",
    order=12,
    detects=(
        "ops that ran at least 1.25 times as fast elsewhere in the capture (or in that of `--reference`): the same op, "
        "shapes in tiles, layouts, data types and attributes but for cores, memory, fidelity and configs; not "
        "reshards, collectives, halo, move or copy"
    ),
    saving_formula="Σ (kernel duration − median kernel duration of the fastest sibling)",
    needs_times=True,
    find=find,
    advice=advice,
    caveat="The sibling's settings may not fit here: something else may fill L1 at that time.",
    evidence=evidence,
)
