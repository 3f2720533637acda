"""The documented utilization without the errors of the PM columns behind it."""

from __future__ import annotations

import numpy as np

from perfsheet.analysis.attributes import grid_size
from perfsheet.analysis.categories import ATTENTION, CONV, MATMUL
from perfsheet.analysis.light import speed_of_light
from perfsheet.analysis.ops import Ops, once
from perfsheet.analysis.pm.generations import (
    GENERATIONS,
    Generation,
    dram_bytes_per_ns,
    evidence,
    flops_per_ns,
    is_wormhole,
)
from perfsheet.capture.table import FloatArray

_AGREE = 0.01


@once
def corrected_utilization(ops: Ops) -> FloatArray:
    """Of the used cores' peak or of the DRAM peak, whichever is larger; a fraction, NaN where it cannot be said.

    For matmuls, convolutions and attention: PM COMPUTE as it would be with the chip's own grid and clock, scaled from
    the grid to the cores that ran (their time shrinks with more cores); PM BANDWIDTH with the chip's own DRAM, unscaled
    (DRAM does not get faster with more cores). Other ops have none: their PM IDEAL is a look-up of transaction sizes
    that they beat by up to a factor of 18. Unknown where the capture fits several generations that disagree, or none.
    """
    if is_wormhole(ops).all():
        candidates: tuple[Generation, ...] = GENERATIONS[-1:]
    else:
        candidates = evidence(ops).consistent
    if not candidates:
        return np.full(len(ops), np.nan)
    values = np.array([_under(ops, one) for one in candidates])
    low, high = np.min(values, axis=0), np.max(values, axis=0)
    with np.errstate(invalid="ignore"):
        agree = high - low <= _AGREE * high
    return np.where(agree & ~speed_of_light(ops).contradicted, high, np.nan)


def _under(ops: Ops, generation: Generation) -> FloatArray:
    """The utilization if the capture is of that generation."""
    light = speed_of_light(ops)
    compute_ns, bandwidth_ns = ops.number("pm_compute_ns"), ops.number("pm_bandwidth_ns")
    counted = ops.in_category(MATMUL, CONV, ATTENTION)
    with np.errstate(divide="ignore", invalid="ignore"):
        flops = compute_ns * flops_per_ns(ops, generation) * _grid_share(ops)
        compute = np.where(
            counted & (compute_ns > 1), flops / (light.peaks.core_flops_per_ns * ops.cores) / ops.kernel_ns, np.nan
        )
        moved = bandwidth_ns * dram_bytes_per_ns(ops, generation)
        bandwidth = np.where(bandwidth_ns > 1, moved / light.peaks.dram_bytes_per_ns / ops.kernel_ns, np.nan)
    value = np.fmax(compute, bandwidth)
    return np.where(counted & np.isfinite(value) & np.isfinite(ops.pm_ideal_ns), value, np.nan)


def _grid_share(ops: Ops) -> FloatArray:
    """Attention is modelled on the grid of its program config, all else on the whole one: that part of the grid."""
    sizes = [grid_size(variant.attributes) or np.nan for variant in ops.variants.all]
    of_program = np.array(sizes, dtype=np.float64)[ops.variants.of]
    return np.where(ops.in_category(ATTENTION), of_program / ops.worker_cores, 1.0)
