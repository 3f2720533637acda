"""Attention in pieces: the scores, a softmax and the product with the values as ops of their own."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.categories import MATMUL
from perfsheet.analysis.ops.variants import Variant
from perfsheet.analysis.rules.base import Evidence, Group, Hits, Rule
from perfsheet.analysis.rules.chains import chain
from perfsheet.capture.table import BoolArray, IntArray

_BEFORE, _AFTER = 3, 1
"""Ops that may stand between the scores and the softmax (scale, mask), and between it and the values."""


def _batched(variant: Variant) -> bool:
    """A product of two activations: both sides have heads."""
    shapes = [one.padded for one in variant.inputs[:2]]
    return len(shapes) == 2 and all(shape is not None and shape[0] * shape[1] > 1 for shape in shapes)


def find(facts: Facts) -> Hits:
    """Batched matmul, at most three ops, softmax, at most one op, batched matmul; the matmuls keep their work."""
    ops = facts.ops
    product = facts.in_category(MATMUL) & facts.of_variants([_batched(one) for one in ops.variants.all])
    softmax = facts.in_category("softmax")
    positions: list[int] = []
    subjects = []
    for here in facts.by_device:
        for members in _pieces(product, softmax, here):
            subject = chain(facts, members)
            timed = [position for position in members if ops.timed[position]]
            positions += timed
            subjects += [subject] * len(timed)
    found = np.array(positions, dtype=np.int64)
    floor = np.where(product[found], np.nan_to_num(facts.speed_of_light.min_kernel_ns[found]), 0.0)
    return Hits(found, np.clip(ops.kernel_ns[found] - floor, 0, None), subjects, floor_ns=floor)


def _pieces(product: BoolArray, softmax: BoolArray, here: IntArray) -> Iterator[list[int]]:
    """From the scores to the values, for every softmax of a device."""
    for place in np.flatnonzero(softmax[here]).tolist():
        first = next((at for at in range(place - 1, place - 2 - _BEFORE, -1) if at >= 0 and product[here[at]]), None)
        last = next((at for at in range(place + 1, place + 2 + _AFTER) if at < len(here) and product[here[at]]), None)
        if first is not None and last is not None:
            yield here[first : last + 1].tolist()


def advice(facts: Facts, group: Group) -> str:
    """One op for all of it."""
    return (
        "Attention runs as single ops, with its scores in memory between them: try "
        "ttnn.transformer.scaled_dot_product_attention in their place, with scale and mask as its arguments."
    )


def evidence(facts: Facts, group: Group) -> Evidence:
    """How often, and what the ops between the matmuls take."""
    matmul = facts.in_category(MATMUL)[group.positions]
    between = float(np.nansum(facts.ops.kernel_ns[group.positions[~matmul]]))
    return {"times": int(facts.in_category("softmax")[group.positions].sum()), "between_matmuls_ns": between}


RULE = Rule(
    id="unfused-attention",
    letter="N",
    title="Attention in pieces",
    saving_formula="Σ kernel duration, the two matmuls down to their time at the speed of light",
    find=find,
    advice=advice,
    caveat="The fused op wants Q, K and V as [batch, heads, length, size], and pads short sequences to its chunks.",
    evidence=evidence,
    keeps_work=False,
)
