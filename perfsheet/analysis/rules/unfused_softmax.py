"""Softmax as separate ops: (maximum and difference,) exponential, sum, quotient."""

from __future__ import annotations

import numpy as np

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.categories import category
from perfsheet.analysis.ops.elementwise import function
from perfsheet.analysis.ops.tensors import Extents
from perfsheet.analysis.rules.base import Evidence, Group, Hits, Rule, Stage, one_root
from perfsheet.analysis.rules.chains import FusableChains, computing, first_op

_NEAR = 3


def find(facts: Facts) -> Hits:
    """Exponentials, each with a reduction of its rows and a quotient (or reciprocal and product) after it."""
    exponential = facts.of_variants([name == "EXP" for name in facts.functions])
    found = FusableChains(facts)
    for here in facts.sequences if exponential.any() else ():
        for at in np.flatnonzero(exponential[here]).tolist():
            before = [position for position in here[max(at - _NEAR, 0) : at].tolist() if position not in found.taken]
            after = [p for p in here[at + 1 : at + 1 + 2 * _NEAR].tolist() if p not in found.taken]
            found.add(_members(facts, before, [int(here[at]), *after]))
    return found.hits()


def _members(facts: Facts, before: list[int], here: list[int]) -> list[int]:
    exponential, *after = here
    made = facts.variant(exponential).outputs
    shape = made[0].logical if made else None
    if shape is None or shape[3] == 1:
        return []
    total = _row_reduction(facts, after[:_NEAR], shape)
    behind = [position for position in after if total is not None and position > total]
    quotient = first_op(facts, behind, ["DIV", "MUL"], shape)
    if total is None or quotient is None:
        return []
    reciprocal = first_op(facts, (position for position in behind if position < quotient), ["RECIP"])
    if function(facts.variant(quotient)) == "MUL" and reciprocal is None:
        return []
    difference = first_op(facts, before[::-1], ["SUB"], shape)
    maximum = _row_reduction(facts, before[::-1], shape) if difference is not None else None
    found = (maximum, difference, exponential, total, reciprocal, quotient)
    return [position for position in found if position is not None]


def _row_reduction(facts: Facts, among: list[int], shape: Extents) -> int | None:
    """The first reduction that makes one element of each row."""
    for position in among:
        variant = facts.variant(position)
        if (
            category(variant.op_code) == "reduction"
            and variant.outputs
            and variant.outputs[0].logical == (*shape[:3], 1)
        ):
            return position
    return None


def advice(facts: Facts, group: Group) -> str:
    """The fused op."""
    return (
        "A softmax runs as separate ops, from exponential to quotient: try ttnn.softmax (numeric_stable=True) instead."
    )


def evidence(facts: Facts, group: Group) -> Evidence:
    """How many."""
    return {"times": computing(facts, group, "EXP")}


RULE = Rule(
    id="unfused-softmax",
    title="Unfused softmax",
    order=221,
    detects=(
        "exponential, a reduction of its rows to one element within three ops, and the quotient of both (or a "
        "reciprocal and a product) within three more; with the maximum and the difference before it"
    ),
    saving_formula="Σ kernel duration, the last op down to its time at the speed of light",
    find=find,
    advice=advice,
    caveat="Without the maximum, large inputs overflow: numeric_stable=True costs a pass over the row.",
    evidence=evidence,
    root=one_root,
    keeps_work=False,
    stage=Stage.MODULE,
)
