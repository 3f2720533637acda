"""Collectives: what they move, how fast, and how long devices wait in them for one another."""

from __future__ import annotations

import re

import numpy as np

from perfsheet.analysis.analyze import Analysis
from perfsheet.analysis.ops.attributes import attribute, positive
from perfsheet.analysis.ops.categories import COLLECTIVE, category
from perfsheet.analysis.ops.variants import Variant
from perfsheet.analysis.results import OpGroup
from perfsheet.analysis.statistics import known, ratio
from perfsheet.light_dataclass import dataclass

_FEWEST_DEVICES = 2


@dataclass(frozen=True, eq=False)
class CollectiveGroup:
    """Identical collectives: of each the slowest device counts, so kernel time is transfer and waiting.

    `ring`: devices that take part, None = unknown. `bytes`: what a device must receive at the least, of one of them
    (None = unknown). `transfer_ns`: Σ over the steps of the fastest device's kernel duration, of all devices of the
    window; `waiting_ns`: what the slowest takes longer. None where a step is of one device only: nothing tells them
    apart. A device also waits inside the fastest one's time where all of them start late.
    """

    group: OpGroup
    ring: int | None
    links: int | None
    topology: str
    axis: str
    dim: str
    bytes: float | None
    transfer_ns: float | None
    waiting_ns: float | None

    @property
    def bytes_per_ns(self) -> float | None:
        """What arrives, per ns of transfer: that is 10⁹ bytes per second."""
        if self.bytes is None or self.transfer_ns is None:
            return None
        return known(ratio(self.bytes * self.group.count, self.transfer_ns))


def collectives(analysis: Analysis) -> tuple[CollectiveGroup, ...]:
    """The collectives of the window, identical ones together, most kernel time first."""
    facts = analysis.facts
    found = []
    for group in analysis.groups:
        if category(group.signature.op_code) != COLLECTIVE:
            continue
        variant = facts.variant(int(group.positions[0]))
        kernel = np.nan_to_num(facts.ops.kernel_ns[group.positions])
        fastest = facts.steps.shortest_ns[group.positions]
        fastest = np.where(np.isfinite(fastest), np.minimum(fastest, kernel), kernel)
        told_apart = bool((facts.steps.devices[group.positions] >= _FEWEST_DEVICES).all())
        ring = _ring(variant)
        text = variant.attributes
        found.append(
            CollectiveGroup(
                group,
                ring,
                positive(text, "num_links"),
                attribute(text, "topology").rpartition("::")[2],
                attribute(text, "cluster_axis"),
                attribute(text, "dim", "gather_dim", "scatter_dim"),
                _received(variant, ring),
                float(fastest.sum()) if told_apart else None,
                float((kernel - fastest).sum()) if told_apart else None,
            )
        )
    return tuple(found)


def _ring(variant: Variant) -> int | None:
    """The devices that take part: as ATTRIBUTES say, else as many as the output is larger (or smaller)."""
    stated = positive(variant.attributes, "ring_size", "num_devices")
    if stated is not None:
        return stated
    given, put = _elements(variant)
    larger, smaller = max(given, put), min(given, put)
    return larger // smaller if smaller and larger > smaller and larger % smaller == 0 else None


def _elements(variant: Variant) -> tuple[int, int]:
    """Elements of the first input and of the last output, which is the result; the others are room for partial ones."""
    given = variant.inputs[0].elements if variant.inputs else None
    put = variant.outputs[-1].elements if variant.outputs else None
    return given or 0, put or 0


def _received(variant: Variant, ring: int | None) -> float | None:
    """Bytes that a device must receive at the least; None where that is not known of the collective."""
    if ring is None or ring < 2 or not variant.inputs or not variant.outputs:
        return None
    given, put = variant.inputs[0].size, variant.outputs[-1].size
    code = variant.op_code
    if re.search(r"(?i)all_?gather", code):
        return None if put is None else put * (1 - 1 / ring)
    if re.search(r"(?i)reduce_?scatter", code):
        return None if given is None else given * (1 - 1 / ring)
    if re.search(r"(?i)all_?reduce", code):
        return None if given is None else 2 * given * (1 - 1 / ring)
    return None
