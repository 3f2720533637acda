"""Grouped convolutions that run dense: most of their weights are zeros."""

from __future__ import annotations

import math

import numpy as np

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.attributes import entries, key_numbers, list_numbers, positive
from perfsheet.analysis.ops.categories import CONV, MATMUL
from perfsheet.analysis.ops.variants import Variant
from perfsheet.analysis.rules.base import Evidence, Group, Hits, Rule

_LEAST_GROUPS = 8
_NEAR = 8
"""Ops between a convolution and the products around it at most: reshards, halo, layout conversions, an activation."""


def groups(variant: Variant) -> int | None:
    """The groups of a convolution whose weights have a row for every input channel; None for others."""
    found = positive(variant.attributes, "groups")
    return found if found is not None and found >= _LEAST_GROUPS and _dense_channels(variant) else None


def _dense_channels(variant: Variant) -> int | None:
    """The input channels of a convolution over several pixels whose weights have a row for each of them; else None.

    Those of a convolution that uses its groups have channels / groups rows for each element of the window.
    """
    shape = list_numbers(entries(variant.attributes).get("input_tensor_shape", ""))
    window = math.prod(key_numbers(variant.attributes, "window_hw"))
    weights = variant.inputs[1].padded if len(variant.inputs) > 1 else None
    if len(shape) != 4 or window < 2 or weights is None:
        return None
    return shape[3] if weights[2] >= window * shape[3] else None


def find(facts: Facts) -> Hits:
    """Convolutions of eight or more groups with dense weights; the work of one group in all is what is needed.

    Where the capture does not say the groups: those that look depthwise, as wide as their input and between an
    expansion to that width and a reduction of it.
    """
    ops = facts.ops
    count = facts.figures([groups(variant) for variant in ops.variants.all])
    widths = [_width_of_unstated(variant) for variant in ops.variants.all]
    for position in np.flatnonzero(facts.in_category(CONV) & np.isfinite(facts.figures(widths))).tolist():
        width = widths[int(ops.variants.of[position])]
        if width and _is_between(facts, position, width):
            count[position] = width
    positions = np.flatnonzero(facts.in_category(CONV) & ops.timed & np.isfinite(count))
    return Hits(positions, ops.kernel_ns[positions] * (1 - 1 / count[positions]))


def _width_of_unstated(variant: Variant) -> int | None:
    """The channels of a dense convolution with as many outputs as inputs, if its groups are not in the capture."""
    if "groups" in entries(variant.attributes):
        return None
    channels = _dense_channels(variant)
    same = channels == positive(variant.attributes, "output_channels")
    return channels if channels is not None and channels >= _LEAST_GROUPS and same else None


def _is_between(facts: Facts, position: int, width: int) -> bool:
    """Whether the product before makes the width of fewer columns, and the one after fewer of the width."""
    here = facts.sequence_of(position)
    place, product = int(facts.place[position]), facts.in_category(MATMUL)
    before, after = here[max(place - _NEAR, 0) : place][::-1], here[place + 1 : place + 1 + _NEAR]
    ends = [_columns(facts, next((p for p in side.tolist() if product[p]), None)) for side in (before, after)]
    if None in ends:
        return False
    (given, expanded), (reduced, left) = ends  # type: ignore[misc]
    return bool(given < width == expanded and reduced == width > left)


def _columns(facts: Facts, position: int | None) -> tuple[int, int] | None:
    """The columns that a product reads and writes."""
    variant = None if position is None else facts.variant(position)
    if variant is None or not (variant.inputs and variant.outputs):
        return None
    given, put = variant.inputs[0].logical, variant.outputs[0].logical
    return None if given is None or put is None else (given[3], put[3])


def _count(facts: Facts, group: Group) -> tuple[int, bool]:
    """The groups, and whether the capture says so."""
    variant = facts.variant(int(group.positions[0]))
    stated = groups(variant)
    return (stated, True) if stated else (_width_of_unstated(variant) or 0, False)


def advice(facts: Facts, group: Group) -> str:
    """Another form of the same convolution."""
    count, is_stated = _count(facts, group)
    what = (
        f"A convolution of {count} groups runs dense: "
        if is_stated
        else f"Looks like a depthwise one of {count} channels: "
    )
    zeros = (
        f"all but one of {count} products are with zeros" if is_stated else "then nearly all products are with zeros"
    )
    return (
        f"{what}{zeros}. Try it as elementwise products over the shifts of the window, or to fold it into the matmul "
        "around it."
    )


def evidence(facts: Facts, group: Group) -> Evidence:
    """The groups, stated in the capture or as many as channels."""
    return {"groups": _count(facts, group)[0]}


RULE = Rule(
    id="dense-depthwise",
    title="Dense depthwise",
    order=85,
    detects=(
        "convolution of 8 or more groups whose weights have a row for every input channel; without groups in the "
        "capture, one as wide as its input between a matmul that expands to that width and one that reduces it"
    ),
    saving_formula="Σ kernel duration × (1 − 1 / groups)",
    find=find,
    advice=advice,
    caveat="The FLOPs of such an op count the zeros, so its share of the compute peak is not useful work.",
    evidence=evidence,
    keeps_work=False,
)
