"""The least time of planned ops: what their math and their DRAM bytes take on the cores that TTNN placed them on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from perfsheet.analysis.ops.device_ops import Ops
from perfsheet.analysis.speed_of_light.bounds import amounts, flops_of, working_cores
from perfsheet.analysis.speed_of_light.flops import NO_FLOP_MODEL
from perfsheet.analysis.speed_of_light.peaks import passes_of, peaks
from perfsheet.analysis.speed_of_light.traffic import dram_bytes
from perfsheet.capture.table import FloatArray


def with_least_times(ops: Ops) -> Ops:
    """The same ops with their least time in the place of a kernel duration, NaN = unknown."""
    return replace(ops, kernel_ns=least_ns(ops))


def least_ns(ops: Ops) -> FloatArray:
    """The longer of FLOPs / peak of the op's cores and DRAM bytes / peak bandwidth, in whole ns (rounded up).

    L1 bandwidth is not modelled: an op without math and without bytes in DRAM has no known least time.
    """
    chip, of = peaks(ops), ops.variants.of
    work = [flops_of(variant) for variant in ops.variants.all]
    does_math = np.array([item is not NO_FLOP_MODEL for item in work], dtype=np.bool_)[of]
    moved = amounts([dram_bytes(variant) for variant in ops.variants.all])[of]
    with np.errstate(divide="ignore", invalid="ignore"):
        compute = (
            amounts(work)[of] * passes_of(ops) / chip.core_flops_per_ns / working_cores(ops, chip, np.zeros(len(ops)))
        )
        dram = np.where(moved > 0, moved / chip.dram_bytes_per_ns, np.nan)
        unknown = does_math & (np.isnan(compute) | np.isnan(moved))
        return np.ceil(np.where(unknown, np.nan, np.fmax(compute, dram)))
