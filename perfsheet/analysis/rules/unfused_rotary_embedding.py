"""Rotary embeddings as separate ops: x · cos + (half of x negated, both halves swapped) · sin."""

from __future__ import annotations

import numpy as np

from perfsheet.analysis.expectation.fused import ROTARY
from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.kinds import kind
from perfsheet.analysis.ops.variants import Variant
from perfsheet.analysis.rules.base import Evidence, Group, Hits, Rule, Stage, one_root
from perfsheet.analysis.rules.chains import FusableChains, first_op

_REACH = 12
"""Ops before and after the concat that may belong to it: those of Q and K may take turns."""


def find(facts: Facts) -> Hits:
    """Concats of a negated half and another, then a product, a sum, and another product: one op does all of it."""
    swaps = facts.of_variants([_joins_halves(variant) for variant in facts.ops.variants.all])
    found = FusableChains(facts)
    for here in facts.sequences if swaps.any() else ():
        for at in np.flatnonzero(swaps[here]).tolist():
            near = here[max(at - _REACH, 0) : at + 1 + _REACH].tolist()
            free = [position for position in near if position not in found.taken]
            found.add(_members(facts, free, int(here[at])))
    return found.hits(ROTARY)


def _joins_halves(variant: Variant) -> bool:
    if kind(variant.op_code) != "concat" or len(variant.inputs) != 2 or not variant.outputs:
        return False
    whole, halves = variant.outputs[0].logical, [tensor.logical for tensor in variant.inputs]
    return whole is not None and whole[3] % 2 == 0 and halves == [(*whole[:3], whole[3] // 2)] * 2


def _members(facts: Facts, near: list[int], concat: int) -> list[int]:
    """The ops of the embedding around its concat, in order; empty if it is none."""
    joined = facts.variant(concat)
    whole, half = joined.outputs[0].logical, joined.inputs[0].logical
    before = [position for position in near if position < concat]
    after = [position for position in near if position > concat]

    negated = first_op(facts, before[::-1], ["NEG"], half)
    by_sine = first_op(facts, after, ["MUL"], whole)
    if negated is None or by_sine is None:
        return []
    total = first_op(facts, (position for position in after if position > by_sine), ["ADD"], whole)
    if total is None:
        return []
    others = before[::-1] + [position for position in after if by_sine < position < total]
    by_cosine = first_op(facts, others, ["MUL"], whole)
    if by_cosine is None:
        return []
    halves = [position for position in before if first_op(facts, [position], ["slice"], half) is not None][-2:]
    return sorted({*halves, negated, concat, by_sine, by_cosine, total})


def advice(facts: Facts, group: Group) -> str:
    """The fused op."""
    return (
        "A rotary embedding runs as separate ops, from slices of the halves to the sum: try "
        "ttnn.experimental.rotary_embedding on the tensor with its cos and sin, one op instead."
    )


def evidence(facts: Facts, group: Group) -> Evidence:
    """How many embeddings."""
    swaps = facts.of_variants([_joins_halves(variant) for variant in facts.ops.variants.all])
    return {"embeddings": int(swaps[group.positions].sum())}


RULE = Rule(
    id="unfused-rotary-embedding",
    title="Unfused rotary embedding",
    order=222,
    detects=(
        "concat of two halves of a row, one of them negated, a product with the result, a sum, and another product of "
        "the same shape, within twelve ops of the concat: x · cos + rotated x · sin"
    ),
    saving_formula="Σ kernel duration, the sum at the end down to its time at the speed of light",
    find=find,
    advice=advice,
    caveat=(
        "The fused op wants TILE layout and a row size that is a multiple of 64, and pairs element i of a row with "
        "element i + half of it."
    ),
    evidence=evidence,
    root=one_root,
    keeps_work=False,
    stage=Stage.MODULE,
)
