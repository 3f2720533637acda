"""Ops whose math fidelity takes more passes than their data types have bits for."""

from __future__ import annotations

import numpy as np

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.categories import ATTENTION, CONV, MATMUL
from perfsheet.analysis.ops.variants import Variant
from perfsheet.analysis.rules.base import Evidence, Group, Hits, Rule, pcc_today
from perfsheet.analysis.speed_of_light.peaks import passes_of
from perfsheet.capture.arrays import median
from perfsheet.hardware.data_types import SIGNIFICANT_BITS

_BUSY = 0.1
_NAMES = {1: "LoFi", 2: "HiFi2", 3: "HiFi3", 4: "HiFi4"}


def needed_passes(variant: Variant) -> int:
    """Passes that the operands need: LoFi (1) with a bfloat4_b one, HiFi2 (2) with a bfloat8_b one, else 4."""
    bits = [SIGNIFICANT_BITS.get(tensor.datatype, 24) for tensor in variant.inputs[:2]]
    least = min(bits, default=24)
    return 1 if least <= 3 else 2 if least <= 7 else 4


def find(facts: Facts) -> Hits:
    """Matmuls, convolutions and attention at 10 % of their cores' peak or more: below that fidelity hardly matters."""
    ops = facts.ops
    passes = passes_of(ops)
    needed = np.array([needed_passes(variant) for variant in ops.variants.all], dtype=np.float64)[ops.variants.of]
    busy = facts.speed_of_light.compute_used_cores >= _BUSY
    positions = np.flatnonzero(facts.in_category(MATMUL, CONV, ATTENTION) & (passes > needed) & busy & ops.timed)
    kernel, part = ops.kernel_ns[positions], needed[positions] / passes[positions]
    speed_of_light = facts.speed_of_light
    floor = kernel * np.fmax(speed_of_light.compute[positions] * part, np.nan_to_num(speed_of_light.dram[positions]))
    return Hits(positions, np.minimum(kernel * (1 - part), kernel - np.nan_to_num(floor)), floor_ns=floor)


def advice(facts: Facts, group: Group) -> str:
    """The fidelity that is enough for the operands."""
    variant = facts.variant(int(group.positions[0]))
    types = " × ".join(tensor.datatype.lower() for tensor in variant.inputs[:2])
    return (
        f"{variant.math_fidelity} for {types}: try math_fidelity=ttnn.MathFidelity.{_NAMES[needed_passes(variant)]} "
        "in its compute_kernel_config (ttnn.init_device_compute_kernel_config), and check the accuracy."
    )


def evidence(facts: Facts, group: Group) -> Evidence:
    """Passes now and passes needed, and how busy the cores are."""
    variant = facts.variant(int(group.positions[0]))
    busy = facts.speed_of_light.compute_used_cores[group.positions]
    return {
        "passes": int(passes_of(facts.ops)[group.positions[0]]),
        "passes_needed": needed_passes(variant),
        "compute_used_cores_pct": 100 * median(busy),
    }


def caveat(facts: Facts, group: Group) -> str:
    """How far its time follows from its math, and how exact it is today."""
    busy = 100 * median(facts.speed_of_light.compute_used_cores[group.positions])
    return (
        f"Its cores reach {busy:.1f} % of their peak; the saving assumes that all of its time follows from the math. "
        f"Fewer passes are less exact.{pcc_today(facts, group)}"
    )


RULE = Rule(
    id="math-fidelity",
    title="Math fidelity",
    order=80,
    detects=(
        "matmul, convolution or attention with more passes than its narrower operand has bits for (bfloat8_b: HiFi2, "
        "bfloat4_b: LoFi), at 10 % or more of the peak of the cores it used"
    ),
    saving_formula="Σ kernel duration × (1 − passes needed / passes), down to what is left of the speed of light",
    find=find,
    advice=advice,
    caveat=caveat,
    evidence=evidence,
    keeps_work=False,
    settings=("math fidelity",),
)
