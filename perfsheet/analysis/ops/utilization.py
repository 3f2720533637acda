"""The documented utilization of an op, and why it can exceed 100 %."""

from __future__ import annotations

import numpy as np

from perfsheet.capture.table import BoolArray, FloatArray

NO_MODEL_MAX_NS = 1.0
"""PM IDEAL [ns] of 1 is the profiler's sentinel for "no model"; so are blank, 0 and negative values."""


def utilization(pm_ideal_ns: FloatArray, kernel_ns: FloatArray, cores: FloatArray, reference: FloatArray) -> FloatArray:
    """(PM IDEAL / DEVICE KERNEL DURATION) × (reference / CORE COUNT), a fraction; NaN if a factor is unknown.

    Source: TTNN-model-bringup.md §4.1, whose reference is 108 cores.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        value = (pm_ideal_ns / kernel_ns) * (reference / cores)
    return np.where(np.isfinite(value), value, np.nan)


def not_physical(utilization: FloatArray, utilization_grid: FloatArray) -> BoolArray:
    """Ops of which one of the two utilizations is above 100 %."""
    return (utilization > 1) | (utilization_grid > 1)


def reason_not_physical(pm_ideal_ns: float, kernel_ns: float, bandwidth_bound: bool, grid_utilization: float) -> str:
    """Why an op's utilization is above 100 %, in a clause (docs/formulas.md has the details)."""
    if pm_ideal_ns > kernel_ns:
        return "PM IDEAL is longer than the kernel took, so the profiler's model of this op is wrong"
    if grid_utilization <= 1:
        return "the reference core count is larger than the worker grid"
    if bandwidth_bound:
        return "PM IDEAL is a DRAM time here, which does not shrink with more cores"
    return "PM IDEAL was modelled for other cores or another clock than this op ran on"
