"""Attention as separate ops: scores, softmax and the product with the values."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from perfsheet.analysis.expectation.fused import ATTENTION as ATTENTION_OP
from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.categories import MATMUL
from perfsheet.analysis.ops.variants import Variant
from perfsheet.analysis.rules.base import Evidence, Group, Hits, Rule, Stage, one_root
from perfsheet.analysis.rules.chains import FusableChains
from perfsheet.capture.table import BoolArray, IntArray

_BEFORE, _AFTER = 6, 6
"""The most ops between scores and softmax (scale, mask, reshards), and between softmax and values."""


def _batched(variant: Variant) -> bool:
    """Whether it multiplies two activations: both inputs have a batch or heads."""
    shapes = [tensor.padded for tensor in variant.inputs[:2]]
    return len(shapes) == 2 and all(shape is not None and shape[0] * shape[1] > 1 for shape in shapes)


def _one_head(scores: Variant, values: Variant) -> bool:
    """Whether two matmuls may be the scores and the values of one head: Q · K and their product with V."""
    shapes = [tensor.logical for variant in (scores, values) for tensor in variant.inputs[:2]]
    if len(shapes) < 4 or any(shape is None for shape in shapes):
        return False
    query, key, weights, value = (shape[2:] for shape in shapes if shape is not None)
    return query[1] == key[0] == value[1] and weights == (query[0], key[1]) and value[0] == key[1]


def find(facts: Facts) -> Hits:
    """Matmul of activations, at most six ops, softmax, at most six, another; the math of the matmuls stays."""
    product, softmax = facts.in_category(MATMUL), facts.in_category("softmax")
    found = FusableChains(facts)
    for here in facts.sequences:
        for members in _pieces(product, softmax, here):
            scores, values = facts.variant(members[0]), facts.variant(members[-1])
            if (_batched(scores) and _batched(values)) or _one_head(scores, values):
                found.add(members)
    return found.hits(ATTENTION_OP, stays=product)


def _pieces(product: BoolArray, softmax: BoolArray, here: IntArray) -> Iterator[list[int]]:
    """The positions from the scores to the values, for every softmax of a device."""
    for index in np.flatnonzero(softmax[here]).tolist():
        first = next((at for at in range(index - 1, index - 2 - _BEFORE, -1) if at >= 0 and product[here[at]]), None)
        last = next((at for at in range(index + 1, index + 2 + _AFTER) if at < len(here) and product[here[at]]), None)
        if first is not None and last is not None:
            yield here[first : last + 1].tolist()


def advice(facts: Facts, group: Group) -> str:
    """The fused op."""
    return (
        "Attention runs as separate ops: try ttnn.transformer.scaled_dot_product_attention, with scale and mask as its "
        "arguments; its scores stay out of memory."
    )


def evidence(facts: Facts, group: Group) -> Evidence:
    """How often, and the time of the ops between the matmuls."""
    matmul = facts.in_category(MATMUL)[group.positions]
    between = float(np.nansum(facts.ops.kernel_ns[group.positions[~matmul]]))
    return {"times": int(facts.in_category("softmax")[group.positions].sum()), "between_matmuls_ns": between}


RULE = Rule(
    id="unfused-attention",
    title="Unfused attention",
    order=220,
    detects=(
        "matmul with heads on both sides (or of Q and K of one head), at most six ops, softmax, at most six ops, such "
        "a matmul with the values"
    ),
    saving_formula="Σ kernel duration, the two matmuls down to their time at the speed of light",
    find=find,
    advice=advice,
    caveat="The fused op takes Q, K and V as [batch, heads, length, size], and pads short sequences to its chunk size.",
    evidence=evidence,
    root=one_root,
    keeps_work=False,
    stage=Stage.MODULE,
)
