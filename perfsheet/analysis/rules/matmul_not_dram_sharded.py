"""Matmuls with few rows, which do little but read weights, without the DRAM-sharded program config."""

from __future__ import annotations

import math

import numpy as np

from perfsheet.analysis.expectation.fused import DRAM_SHARDED
from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.attributes import dram_readers
from perfsheet.analysis.ops.categories import MATMUL
from perfsheet.analysis.ops.shape import is_sparse_matmul
from perfsheet.analysis.ops.variants import Variant
from perfsheet.analysis.rules.base import Evidence, Group, Hits, Rule, pcc_today
from perfsheet.analysis.speed_of_light.peaks import passes_of
from perfsheet.capture.arrays import median

_ROWS = 64
_DRAM = 0.1
_DOMINATES = 2


def _fits(variant: Variant) -> bool:
    """Whether it multiplies at most two rows of tiles by interleaved weights in DRAM, and may be DRAM-sharded."""
    if len(variant.inputs) < 2 or dram_readers(variant.attributes) or is_sparse_matmul(variant):
        return False
    left, right = variant.inputs[:2]
    if left.padded is None or right.padded is None:
        return False
    return math.prod(left.padded[:3]) <= _ROWS and right.memory == "DRAM_INTERLEAVED" and right.padded[:2] == (1, 1)


def find(facts: Facts) -> Hits:
    """Those at 10 % of the DRAM peak or more, whose math takes at most half of that time.

    The math of a DRAM-sharded matmul runs on a core or a few per DRAM bank, so above LoFi it may take longer than the
    weights do, and what to expect is unknown.
    """
    ops, speed_of_light = facts.ops, facts.speed_of_light
    fits = facts.of_variants([_fits(variant) for variant in ops.variants.all])
    dram_dominates = (speed_of_light.dram >= _DRAM) & (
        speed_of_light.dram >= _DOMINATES * np.nan_to_num(speed_of_light.compute)
    )
    positions = np.flatnonzero(facts.in_category(MATMUL) & fits & dram_dominates)
    saving = ops.kernel_ns[positions] - speed_of_light.min_kernel_ns[positions]
    return Hits(
        positions,
        saving,
        floor_ns=speed_of_light.min_kernel_ns[positions],
        unlike_record=passes_of(ops)[positions] != 1,
        fused=DRAM_SHARDED,
        chains=positions,
    )


def advice(facts: Facts, group: Group) -> str:
    """The DRAM-sharded program config."""
    share = 100 * median(facts.speed_of_light.dram[group.positions])
    reads = f"Mostly reads its weights, at {share:.1f} % of the DRAM peak: try "
    sharded = (
        "ttnn.linear with ttnn.MatmulMultiCoreReuseMultiCastDRAMShardedProgramConfig, with the weights "
        "width-sharded over the DRAM banks and the input width-sharded in L1"
    )
    fidelity = facts.variant(int(group.positions[0])).math_fidelity
    if fidelity.upper() == "LOFI":
        return f"{reads}{sharded}."
    if _is_wormhole(facts, group):
        lower = f", and a lower fidelity than {fidelity} where the accuracy allows it" if fidelity else ""
        return f"{reads}{sharded}{lower}."
    return (
        f"{reads}ttnn.MathFidelity.LoFi where the accuracy allows it, and with it {sharded}; at {fidelity} that was "
        "slower than 1D multicast on p150."
    )


def _is_wormhole(facts: Facts, group: Group) -> bool:
    return "wormhole" in facts.ops.text("device_arch")[int(group.positions[0])].lower()


def evidence(facts: Facts, group: Group) -> Evidence:
    """The shares of the DRAM and compute peaks."""
    return {
        "dram_pct": 100 * median(facts.speed_of_light.dram[group.positions]),
        "compute_pct": 100 * median(np.nan_to_num(facts.speed_of_light.compute[group.positions])),
    }


def caveat(facts: Facts, group: Group) -> str:
    """What was measured at its fidelity, and how exact it is today where a lower one is advised."""
    lofi = passes_of(facts.ops)[group.positions[0]] == 1
    return _measured(facts, group, lofi) + ("" if lofi else pcc_today(facts, group))


def _measured(facts: Facts, group: Group, lofi: bool) -> str:
    if _is_wormhole(facts, group):
        return (
            "Their math runs on one core per DRAM bank and reader only: above LoFi it may take longer than the weights."
        )
    study = "In a study of ten models on p150, DRAM-sharded matmuls were "
    if lofi:
        found = "1.47 to 1.85 times as fast as 1D multicast at LoFi"
    else:
        found = "slower than 1D multicast at HiFi2 in nine of nine fair comparisons (1.09 to 1.88 times)"
    return f"{study}{found}: their math runs on one core per DRAM bank and reader only."


RULE = Rule(
    id="matmul-not-dram-sharded",
    former_id="dram-sharded-matmul",
    title="Matmul not DRAM-sharded",
    order=100,
    detects=(
        "matmul of at most two rows of tiles with interleaved weights, at 10 % or more of the DRAM peak and at least "
        "twice its share of the compute peak, without the DRAM-sharded program config"
    ),
    saving_formula="Σ (kernel duration − time at the DRAM peak)",
    find=find,
    advice=advice,
    caveat=caveat,
    evidence=evidence,
    settings=("program_config",),
)
