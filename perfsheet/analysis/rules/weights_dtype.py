"""Weights in bfloat16 or float32 where bfloat8_b is usual."""

from __future__ import annotations

import numpy as np

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.categories import CONV, MATMUL
from perfsheet.analysis.ops.variants import Variant
from perfsheet.analysis.rules.base import WAITS_FOR_DRAM, Evidence, Group, Hits, Rule, fewer_bytes_hits, pcc_today
from perfsheet.capture.arrays import median
from perfsheet.hardware.data_types import TILE_BYTES, TILE_ELEMENTS

_WIDE = {"BFLOAT16", "FLOAT32"}
_BFLOAT8_B_BYTES = TILE_BYTES["BFLOAT8_B"] / TILE_ELEMENTS
_READS = 0.1


def saved_bytes(variant: Variant) -> float:
    """Bytes that the second input would save as bfloat8_b; 0 when it is not a bfloat16 or float32 weight in DRAM.

    Weights have no batch; in a product of two activations both inputs have one.
    """
    if len(variant.inputs) < 2:
        return 0.0
    weight = variant.inputs[1]
    if not (weight.in_dram and weight.datatype in _WIDE and weight.padded and weight.padded[:2] == (1, 1)):
        return 0.0
    return (weight.size or 0.0) - _BFLOAT8_B_BYTES * (weight.stored_elements or 0)


def find(facts: Facts) -> Hits:
    """Matmuls and convolutions with such weights at 10 % of the DRAM peak or more."""
    ops, speed_of_light = facts.ops, facts.speed_of_light
    saved = np.array([saved_bytes(variant) for variant in ops.variants.all])[ops.variants.of]
    positions = np.flatnonzero(facts.in_category(MATMUL, CONV) & (saved > 0) & (speed_of_light.dram >= _READS))
    return fewer_bytes_hits(facts, positions, saved[positions])


def advice(facts: Facts, group: Group) -> str:
    """Store the weights as bfloat8_b."""
    how = "weights_dtype of ttnn.Conv2dConfig" if group.category == CONV else "ttnn.as_tensor"
    weight = facts.variant(int(group.positions[0])).inputs[1]
    return (
        f"Its weights are {weight.datatype.lower()} in DRAM: try dtype=ttnn.bfloat8_b for them ({how}), and check "
        "the accuracy."
    )


def evidence(facts: Facts, group: Group) -> Evidence:
    """Bytes of the weights, and the share of the DRAM peak."""
    first = int(group.positions[0])
    weight = facts.variant(first).inputs[1]
    return {
        "weight_bytes": weight.size or 0.0,
        "dram_bytes": float(facts.speed_of_light.dram_bytes[first]),
        "dram_pct": 100 * median(facts.speed_of_light.dram[group.positions]),
    }


def caveat(facts: Facts, group: Group) -> str:
    """Whether its time follows from its bytes, and how exact it is today."""
    share = median(facts.speed_of_light.dram[group.positions])
    exact = f"Narrower weights are less exact.{pcc_today(facts, group)}"
    if share >= WAITS_FOR_DRAM:
        return f"The saving assumes that its time shrinks with its bytes. {exact}"
    return (
        f"At {100 * share:.1f} % of the DRAM peak it waits for more than its bytes, so it may save much less. {exact}"
    )


RULE = Rule(
    id="weights-dtype",
    title="Weights dtype",
    order=90,
    detects="matmul or convolution with bfloat16 or float32 weights in DRAM, at 10 % or more of the DRAM peak",
    saving_formula=(
        "Σ kernel duration × (weight bytes − their bytes as bfloat8_b) / DRAM bytes, down to what is left of the "
        "speed of light"
    ),
    find=find,
    advice=advice,
    caveat=caveat,
    evidence=evidence,
    keeps_work=False,
    settings=(),
)
