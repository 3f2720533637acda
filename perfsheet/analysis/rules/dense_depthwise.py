"""Grouped convolutions that run dense: most of their weights are zeros."""

from __future__ import annotations

import math

import numpy as np

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.attributes import entries, key_numbers, list_numbers, positive
from perfsheet.analysis.ops.categories import CONV
from perfsheet.analysis.ops.variants import Variant
from perfsheet.analysis.rules.base import Evidence, Group, Hits, Rule

_LEAST_GROUPS = 8


def groups(variant: Variant) -> int | None:
    """The groups of a convolution whose weights have a row for every input channel; None for others.

    Those of a convolution that uses its groups have channels / groups rows for each element of the window.
    """
    attributes = variant.attributes
    found = positive(attributes, "groups")
    shape = list_numbers(entries(attributes).get("input_tensor_shape", ""))
    window = key_numbers(attributes, "window_hw")
    weights = variant.inputs[1].padded if len(variant.inputs) > 1 else None
    if found is None or found < _LEAST_GROUPS or len(shape) != 4 or not window or weights is None:
        return None
    dense_rows = math.prod(window) * shape[3]
    return found if weights[2] >= dense_rows else None


def find(facts: Facts) -> Hits:
    """Convolutions of eight or more groups with dense weights; the work of one group in all is what is needed."""
    ops = facts.ops
    count = facts.figures([groups(variant) for variant in ops.variants.all])
    positions = np.flatnonzero(facts.in_category(CONV) & ops.timed & np.isfinite(count))
    return Hits(positions, ops.kernel_ns[positions] * (1 - 1 / count[positions]))


def advice(facts: Facts, group: Group) -> str:
    """Another form of the same convolution."""
    count = groups(facts.variant(int(group.positions[0])))
    return (
        f"A convolution of {count} groups runs dense: all but one of {count} products are with zeros. Try it as "
        "elementwise products over the shifts of the window, or to fold it into the matmul around it."
    )


def evidence(facts: Facts, group: Group) -> Evidence:
    """The groups."""
    return {"groups": groups(facts.variant(int(group.positions[0]))) or 0}


RULE = Rule(
    id="dense-depthwise",
    title="Dense depthwise",
    order=85,
    detects="convolution of 8 or more groups whose weights have a row for every input channel",
    saving_formula="Σ kernel duration × (1 − 1 / groups)",
    find=find,
    advice=advice,
    caveat="The FLOPs of such an op count the zeros, so its share of the compute peak is not useful work.",
    evidence=evidence,
    keeps_work=False,
)
