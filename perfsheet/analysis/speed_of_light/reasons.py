"""Why the speed of light of an op is unknown."""

from __future__ import annotations

import numpy as np

from perfsheet.analysis.ops.device_ops import Ops
from perfsheet.analysis.speed_of_light.peaks import Peaks
from perfsheet.analysis.speed_of_light.work import NO_FLOP_MODEL, Work
from perfsheet.capture.table import BoolArray, FloatArray, IntArray

CONTRADICTED = (
    "an op of this description ran faster than its tensors allow: after a program-cache hit the profiler repeats the "
    "tensors of an earlier call"
)


def reasons(
    ops: Ops,
    chip: Peaks,
    work: list[Work],
    traffic: list[Work],
    passes: FloatArray,
    sol: FloatArray,
    contradicted: BoolArray,
) -> tuple[tuple[str, ...], IntArray]:
    """Why each op's distance is unknown, said once each."""
    texts: dict[str, int] = {"": 0}
    index = np.zeros(len(ops), dtype=np.int64)
    for position in np.flatnonzero(np.isnan(sol)).tolist():
        variant = int(ops.variants.of[position])
        text = (
            CONTRADICTED
            if contradicted[position]
            else _reason(ops, chip, work[variant], traffic[variant], bool(np.isnan(passes[position])), position)
        )
        index[position] = texts.setdefault(text, len(texts))
    return tuple(texts), index


def _reason(ops: Ops, chip: Peaks, flops: Work, moved: Work, no_fidelity: bool, position: int) -> str:
    if np.isnan(ops.kernel_ns[position]):
        return "no kernel duration"
    if ops.kernel_ns[position] == 0:
        return "a kernel duration of 0 ns"
    if np.isnan(chip.core_flops_per_ns[position]):
        return "the chip is unknown: no DEVICE ARCH, and no clock that tells it (--board names it)"
    if flops.amount is not None and no_fidelity:
        return "no math fidelity in the capture"
    if flops.amount is not None and np.isnan(ops.worker_cores[position]):
        return "the worker grid is unknown (--board names it)"
    if flops.amount is not None:
        return moved.reason
    if flops is NO_FLOP_MODEL:
        return moved.reason or "no FLOP model of this op, and all of its tensors are in L1"
    return flops.reason
