"""How far each op is from the speed of light of its chip, and why that is unknown."""

from __future__ import annotations

from dataclasses import replace
from enum import Enum

import numpy as np

from perfsheet.analysis.ops.attributes import dram_readers
from perfsheet.analysis.ops.categories import ATTENTION, CONV, MATMUL, category
from perfsheet.analysis.ops.device_ops import Ops, once, rows_of
from perfsheet.analysis.ops.variants import Variant
from perfsheet.analysis.speed_of_light import attention
from perfsheet.analysis.speed_of_light.flops import NO_FLOP_MODEL, Work, conv_flops, matmul_flops
from perfsheet.analysis.speed_of_light.peaks import Peaks, passes_of, peaks
from perfsheet.analysis.speed_of_light.traffic import Traffic, dram_bytes
from perfsheet.capture.arrays import distinct
from perfsheet.capture.table import BoolArray, FloatArray, IntArray
from perfsheet.capture.texts import Texts
from perfsheet.light_dataclass import dataclass

NEAR = 0.65
"""An op at this share of a peak or more is bound by it (the threshold of tt-perf-report)."""

MOSTLY = 0.5
"""An op with more than this part of its bytes in L1 is not measured against DRAM."""

_LIKE_FIRST = 0.25


class Bound(Enum):
    """What limits an op."""

    COMPUTE = "compute"
    DRAM = "dram"
    NEITHER = "neither"
    UNKNOWN = "unknown"


_BOUNDS = tuple(Bound)
_MODELS = {MATMUL: matmul_flops, CONV: conv_flops, ATTENTION: attention.flops}


@dataclass(frozen=True, eq=False)
class SpeedOfLight:
    """Per op, NaN = unknown; fractions of a peak, none of which exceeds 1.

    `compute`: FLOPs / kernel duration, as a fraction of the whole worker grid's peak at the op's math fidelity;
    `compute_used_cores`: the same for its `working_cores`: CORE COUNT, but for DRAM-sharded matmuls, whose count has
    every core that holds a shard, DRAM banks × readers. `dram`: DRAM bytes / kernel duration, as a fraction of
    the peak bandwidth; unknown for an op most of whose bytes are in L1. `sol`: the larger of `compute` and `dram`.
    `min_kernel_ns`: the least kernel duration, that at a `sol` of 1 and no less than its DRAM bytes take.
    `contradicted`: ops whose recorded tensors cannot be their own.
    """

    peaks: Peaks
    flops: FloatArray
    dram_bytes: FloatArray
    compute: FloatArray
    compute_used_cores: FloatArray
    working_cores: FloatArray
    dram: FloatArray
    sol: FloatArray
    min_kernel_ns: FloatArray
    contradicted: BoolArray
    bound_index: IntArray
    reasons: tuple[str, ...]
    reason_index: IntArray

    @property
    def bounds(self) -> Texts:
        """What limits each op, as text."""
        return Texts(self.bound_index.astype(np.int32), [bound.value for bound in _BOUNDS])

    def bound(self, position: int) -> Bound:
        """What limits this op."""
        return _BOUNDS[int(self.bound_index[position])]

    def reason(self, position: int) -> str:
        """Why its speed of light is unknown; blank when it is known."""
        return self.reasons[int(self.reason_index[position])]

    def is_bound(self, bound: Bound) -> BoolArray:
        """The ops with this bound."""
        return np.asarray(self.bound_index == _BOUNDS.index(bound))


@once
def speed_of_light(ops: Ops) -> SpeedOfLight:
    """The speed of light of all ops; each distinct description is computed once.

    It is the same whatever part of the selection the ops are: what contradicts a description may be outside of it.
    """
    if ops.source is not None:
        whole, at = speed_of_light(ops.source[0]), ops.source[1]
        return replace(whole, **rows_of(whole, at), peaks=replace(whole.peaks, **rows_of(whole.peaks, at)))
    chip = peaks(ops)
    of = ops.variants.of
    work = [flops_of(variant) for variant in ops.variants.all]
    traffic = [dram_bytes(variant) for variant in ops.variants.all]
    passes = passes_of(ops)
    flops, moved = amounts(work)[of], amounts(traffic)[of]
    does_math = np.array([item is not NO_FLOP_MODEL for item in work], dtype=np.bool_)[of]
    mostly_l1 = np.array([_is_mostly_l1(item) for item in traffic], dtype=np.bool_)[of]
    contradicted = _contradicted(ops, _figures(ops, chip.of_fastest(), flops, passes, moved, does_math))
    flops, moved = (np.where(contradicted, np.nan, amount) for amount in (flops, moved))
    with np.errstate(divide="ignore", invalid="ignore"):
        if (moved / ops.kernel_ns > chip.dram_bytes_per_ns).any():
            chip = chip.of_fastest()  # no slower board could have moved that
    figures = _figures(ops, chip, flops, passes, moved, does_math, mostly_l1)
    working = working_cores(ops, chip, figures.compute_used_cores)
    texts, reason_index = reasons(ops, chip, work, traffic, passes, figures.sol, contradicted)
    return SpeedOfLight(
        peaks=chip,
        flops=flops,
        dram_bytes=moved,
        compute=figures.compute,
        compute_used_cores=figures.compute_used_cores * (ops.cores / working),
        working_cores=working,
        dram=figures.dram,
        sol=figures.sol,
        min_kernel_ns=figures.min_kernel_ns,
        contradicted=contradicted,
        bound_index=_bound_of_least(figures) if ops.planned else _bound(figures),
        reasons=texts,
        reason_index=reason_index,
    )


@dataclass(frozen=True, eq=False)
class _Figures:
    compute: FloatArray
    compute_used_cores: FloatArray
    dram: FloatArray
    sol: FloatArray
    min_kernel_ns: FloatArray


def _figures(
    ops: Ops,
    chip: Peaks,
    flops: FloatArray,
    passes: FloatArray,
    moved: FloatArray,
    does_math: BoolArray,
    mostly_l1: BoolArray | None = None,
) -> _Figures:
    with np.errstate(divide="ignore", invalid="ignore"):
        core_ns = flops * passes / chip.core_flops_per_ns
        compute_ns, used_ns = core_ns / ops.worker_cores, core_ns / ops.cores
        dram_ns = moved / chip.dram_bytes_per_ns
        compute, used, dram = (_finite(time / ops.kernel_ns) for time in (compute_ns, used_ns, dram_ns))
    # L1 bandwidth is not modelled. The math of an op limits it wherever its tensors are, but a few bytes from DRAM do
    # not tell how close an op that works in L1 comes to its limit. Zero DRAM traffic is no limit at all.
    some = moved > 0
    if mostly_l1 is not None:
        dram = np.where(mostly_l1, np.nan, dram)
        dram_ns = np.where(mostly_l1 & ~does_math, np.nan, dram_ns)
    # For an op that does math, both must be known to know the larger one.
    unknown = does_math & (np.isnan(compute) | np.isnan(moved))
    return _Figures(
        compute=compute,
        compute_used_cores=used,
        dram=dram,
        sol=np.where(unknown, np.nan, np.fmax(compute, np.where(some, dram, np.nan))),
        min_kernel_ns=np.where(unknown, np.nan, np.fmax(compute_ns, np.where(some, dram_ns, np.nan))),
    )


def _is_mostly_l1(moved: Work) -> bool:
    return isinstance(moved, Traffic) and MOSTLY < moved.in_l1 < 1


def working_cores(ops: Ops, chip: Peaks, used: FloatArray) -> FloatArray:
    """CORE COUNT; of DRAM-sharded matmuls DRAM banks × readers, unless these could not have done the math in time."""
    readers = [dram_readers(variant.attributes) or np.nan for variant in ops.variants.all]
    working = np.array(readers, dtype=np.float64)[ops.variants.of] * chip.dram_banks
    with np.errstate(invalid="ignore"):
        possible = (working < ops.cores) & ~(used * ops.cores > working)
    return np.where(possible, working, ops.cores)


def _contradicted(ops: Ops, figures: _Figures) -> BoolArray:
    """Ops of descriptions for which some op is faster than light, except those as slow as the first op.

    After a program-cache hit the profiler repeats the tensors of the call that built the program (process_ops_logs.py,
    cached_ops), and programs that do not depend on the shape are reused for other shapes. The description belongs to
    the first call.
    """
    faster = (figures.sol > 1) | (figures.compute_used_cores > 1) | (figures.dram > 1)
    of = ops.variants.of
    outrun = np.isin(of, distinct(of[faster]))
    with np.errstate(divide="ignore", invalid="ignore"):
        like_first = np.abs(ops.kernel_ns / ops.kernel_ns[ops.variants.first[of]] - 1) <= _LIKE_FIRST
    first_is_plausible = ~faster[ops.variants.first[of]]
    return np.asarray(outrun & ~(like_first & first_is_plausible & ~faster))


def flops_of(variant: Variant) -> Work:
    """The FLOPs of an op; `NO_FLOP_MODEL` for ops that do no math to speak of."""
    model = _MODELS.get(category(variant.op_code))
    return model(variant) if model else NO_FLOP_MODEL


def amounts(work: list[Work]) -> FloatArray:
    """The amounts, NaN = unknown."""
    return np.array([np.nan if item.amount is None else item.amount for item in work], dtype=np.float64)


def _finite(values: FloatArray) -> FloatArray:
    return np.where(np.isfinite(values), values, np.nan)


def _bound_of_least(figures: _Figures) -> IntArray:
    """What sets the least time of planned ops; a few cores can be what limits their math."""
    compute, dram = (np.nan_to_num(share) for share in (figures.compute_used_cores, figures.dram))
    index = np.full(len(compute), _BOUNDS.index(Bound.UNKNOWN), dtype=np.int64)
    index[dram > compute] = _BOUNDS.index(Bound.DRAM)
    index[(compute > 0) & (compute >= dram)] = _BOUNDS.index(Bound.COMPUTE)
    return index


def _bound(figures: _Figures) -> IntArray:
    """The bound that is reached, the nearer one of two; neither if the op is far from both."""
    compute, dram = (np.nan_to_num(share) for share in (figures.compute, figures.dram))
    index = np.full(len(compute), _BOUNDS.index(Bound.NEITHER), dtype=np.int64)
    index[(dram >= NEAR) & (dram > compute)] = _BOUNDS.index(Bound.DRAM)
    index[(compute >= NEAR) & (compute >= dram)] = _BOUNDS.index(Bound.COMPUTE)
    index[np.isnan(figures.sol)] = _BOUNDS.index(Bound.UNKNOWN)
    return index


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
    """The distinct reasons why a speed of light is unknown, and the index of each op's reason."""
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
    if np.isnan(ops.kernel_ns[position]) and not ops.planned:
        return "no kernel duration"
    if ops.kernel_ns[position] == 0:
        return "a kernel duration of 0 ns"
    if np.isnan(chip.core_flops_per_ns[position]):
        return "the chip is unknown: no DEVICE ARCH, and no clock that identifies it (set `board`)"
    if flops.amount is not None and no_fidelity:
        return "no math fidelity in the capture"
    if flops.amount is not None and np.isnan(ops.worker_cores[position]):
        return "the worker grid is unknown (set `board`)"
    if flops.amount is not None:
        return moved.reason
    if isinstance(moved, Traffic) and _is_mostly_l1(moved):
        return f"{int(100 * moved.in_l1)} % of its bytes are in L1, whose bandwidth is not modelled"
    if flops is NO_FLOP_MODEL:
        return moved.reason or "no FLOP model of this op, and all of its tensors are in L1"
    return flops.reason
