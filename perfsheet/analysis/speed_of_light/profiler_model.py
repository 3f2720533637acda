"""The profiler's performance model: which constants a capture's PM columns were computed with, and their correction.

On Blackhole tt-metal used the wrong grid, clock and DRAM bandwidth until early 2026. Wormhole was right all along, so
its captures match every generation.
"""

from __future__ import annotations

import numpy as np

from perfsheet.analysis.ops.attributes import grid_size
from perfsheet.analysis.ops.categories import ATTENTION, CONV, MATMUL
from perfsheet.analysis.ops.device_ops import Ops, once
from perfsheet.analysis.ops.tensors import Tensor
from perfsheet.analysis.speed_of_light import speed_of_light
from perfsheet.analysis.speed_of_light.peaks import passes_of
from perfsheet.capture.table import BoolArray, FloatArray
from perfsheet.light_dataclass import dataclass

_GIB = 1.024**3
"""The constants are called GB/s but applied as GiB/s: this many bytes per ns for each."""

_FROM_NS = 5.0
"""From this modelled time on, generations differ by more than the rounding of cycles and ns."""

_TOLERANCE = 0.02
_ENOUGH = 0.8
"""A generation is consistent if it reproduces this share of the conclusive rows. The rest may be shapes repeated from
an earlier call, or convolutions that the profiler counts differently."""


@dataclass(frozen=True)
class Generation:
    """The constants of one generation, except on Wormhole. None = the device's own.

    `cores`, `flops_per_cycle` and `clock_ghz` turn FLOPs into PM COMPUTE, `dram_gb_s` bytes into PM BANDWIDTH.
    """

    name: str
    cores: int | None
    flops_per_cycle: int
    clock_ghz: float | None
    dram_gb_s: float
    source: str


GENERATIONS: tuple[Generation, ...] = (
    Generation("A", 108, 2048, 1.2, 96, "before tt-metal#29009 (2025-09): Grayskull's grid, core, clock and DRAM"),
    Generation("B", None, 4096, 1.2, 96, "tt-metal#29009 to #36902: the device's grid, Grayskull's clock and DRAM"),
    Generation("C", None, 4096, None, 512, "since tt-metal#36902 (2026-02): the device's grid, clock and DRAM"),
)
# On Wormhole in all of them (tt-metal operation.hpp).
_WORMHOLE_CORES, _WORMHOLE_FLOPS_PER_CYCLE, _WORMHOLE_GHZ, _WORMHOLE_DRAM = 64, 4096, 1.0, 258


@dataclass(frozen=True, eq=False)
class Evidence:
    """`consistent`: the generations that reproduce the capture's PM columns; empty if no row is conclusive.

    `rows`: how many rows are conclusive.
    """

    consistent: tuple[Generation, ...]
    rows: int

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the consistent generations: `A`, `B`, `C`."""
        return tuple(generation.name for generation in self.consistent)

    @property
    def narrowed(self) -> tuple[str, ...]:
        """The same where they are fewer than all that could be; empty where the rows tell nothing, as on Wormhole."""
        return self.names if len(self.consistent) < len(GENERATIONS) else ()


@once
def evidence(ops: Ops) -> Evidence:
    """Try every generation on the rows whose modelled time is long enough to be conclusive, of the whole selection."""
    if ops.source is not None:
        return evidence(ops.source[0])
    compute, bandwidth = _compute_rows(ops), _bandwidth_rows(ops)
    count = int((compute | bandwidth).sum())
    if not count:
        return Evidence((), 0)
    # On Wormhole all generations agree, so its rows cannot distinguish them.
    compute, bandwidth = compute & ~is_wormhole(ops), bandwidth & ~is_wormhole(ops)
    return Evidence(
        tuple(generation for generation in GENERATIONS if _reproduces(ops, generation, compute, bandwidth)), count
    )


def flops_per_ns(ops: Ops, generation: Generation) -> FloatArray:
    """FLOPs per ns at LoFi that the generation assumes for each op's device."""
    wormhole = is_wormhole(ops)
    cores = np.where(wormhole, _WORMHOLE_CORES, generation.cores or ops.worker_cores)
    each = np.where(wormhole, _WORMHOLE_FLOPS_PER_CYCLE, generation.flops_per_cycle)
    return np.asarray(cores * each * clock_ghz(ops, generation), dtype=np.float64)


def clock_ghz(ops: Ops, generation: Generation) -> FloatArray:
    """The clock that the generation assumes for each op's device."""
    return np.where(is_wormhole(ops), _WORMHOLE_GHZ, generation.clock_ghz or speed_of_light(ops).peaks.clock_ghz)


def dram_bytes_per_ns(ops: Ops, generation: Generation) -> FloatArray:
    """DRAM bytes per ns that the generation assumes for each op's device."""
    return np.where(is_wormhole(ops), _WORMHOLE_DRAM, generation.dram_gb_s) * _GIB


@once
def is_wormhole(ops: Ops) -> BoolArray:
    """The ops that ran on a Wormhole chip, by DEVICE ARCH or by its clock."""
    clock = speed_of_light(ops).peaks.clock_ghz
    arches = ops.text("device_arch")
    named_wormhole = arches.where(lambda arch: "wormhole" in arch.lower())
    return np.where(arches.where(lambda arch: not arch.strip()), clock.round(2) == 1.0, named_wormhole)


def _reproduces(ops: Ops, generation: Generation, compute: BoolArray, bandwidth: BoolArray) -> bool:
    for rows, expected, name in (
        (compute, _expected_compute(ops, generation), "pm_compute_ns"),
        (bandwidth, _largest_tensor(ops) / dram_bytes_per_ns(ops, generation), "pm_bandwidth_ns"),
    ):
        stated = ops.number(name)[rows]
        close = np.abs(expected[rows] - stated) <= np.maximum(_TOLERANCE * stated, 0.99)
        if rows.any() and np.mean(close) < _ENOUGH:
            return False
    return True


def _expected_compute(ops: Ops, generation: Generation) -> FloatArray:
    """PM COMPUTE rounds up twice: cycles, then ns."""
    clock = clock_ghz(ops, generation)
    cycles = np.ceil(speed_of_light(ops).flops * passes_of(ops) / flops_per_ns(ops, generation) * clock)
    return np.ceil(cycles / clock)


def _compute_rows(ops: Ops) -> BoolArray:
    """Matmuls and convolutions with a modelled math time; attention divides by the grid of its program config."""
    any_generation = np.isfinite(_expected_compute(ops, GENERATIONS[-1]))
    return ops.in_category(MATMUL, CONV) & any_generation & (ops.number("pm_compute_ns") >= _FROM_NS)


def _bandwidth_rows(ops: Ops) -> BoolArray:
    """Matmul, convolution and attention rows with a modelled DRAM time; without any of these, all rows.

    (Data-movement ops have another model in addition.)
    """
    counted = ops.in_category(MATMUL, CONV, ATTENTION)
    largest = _largest_tensor(ops)
    return np.isfinite(largest) & (counted | ~counted.any()) & (ops.number("pm_bandwidth_ns") >= _FROM_NS)


@once
def _largest_tensor(ops: Ops) -> FloatArray:
    """Bytes of the largest DRAM tensor as the model counts them: whole bytes per element, no exponents."""
    sizes = ops.variants.by_tensors(
        lambda tensors: max((_model_size(tensor) for tensor in tensors.all if tensor.in_dram), default=np.nan)
    )
    bytes_per_op = np.array(sizes, dtype=np.float64)[ops.variants.of]
    return np.where(speed_of_light(ops).contradicted, np.nan, bytes_per_op)


def _model_size(tensor: Tensor) -> float:
    each, count = tensor.bytes_per_element, tensor.stored_elements
    return np.nan if each is None or count is None else float(max(1, int(each)) * count)


def explains_above_one(ops: Ops) -> BoolArray:
    """Ops whose utilization may exceed 100 % for a reason that docs/formulas.md describes.

    The reference core count is larger than the worker grid; the model of an op that does no math is a look-up of
    transaction sizes; a DRAM time does not shrink with more cores; the PM columns are of an old generation, or of
    Wormhole's 64 cores on another grid; the tensors are not the op's own.
    """
    wormhole = is_wormhole(ops)
    current = GENERATIONS[-1] in evidence(ops).consistent
    old = ~wormhole & bool(evidence(ops).consistent) & (not current)
    other_grid = wormhole & np.isfinite(ops.worker_cores) & (ops.worker_cores != _WORMHOLE_CORES)
    counted = ops.in_category(MATMUL, CONV, ATTENTION)
    with np.errstate(invalid="ignore"):
        reference = ops.utilization_grid <= 1
        dram_time = (ops.number("pm_bandwidth_ns") >= ops.number("pm_compute_ns")) & (ops.pm_ideal_ns <= ops.kernel_ns)
    return np.asarray(reference | ~counted | dram_time | old | other_grid | speed_of_light(ops).contradicted)


_AGREE = 0.01


@once
def corrected_utilization(ops: Ops) -> FloatArray:
    """The corrected utilization: of the used cores' peak or of the DRAM peak, whichever is larger; NaN = unknown.

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
    values = np.array([_under(ops, generation) for generation in candidates])
    low, high = np.min(values, axis=0), np.max(values, axis=0)
    with np.errstate(invalid="ignore"):
        agree = high - low <= _AGREE * high
    return np.where(agree & ~speed_of_light(ops).contradicted, high, np.nan)


def _under(ops: Ops, generation: Generation) -> FloatArray:
    """The utilization if the capture is of this generation."""
    bounds = speed_of_light(ops)
    compute_ns, bandwidth_ns = ops.number("pm_compute_ns"), ops.number("pm_bandwidth_ns")
    counted = ops.in_category(MATMUL, CONV, ATTENTION)
    with np.errstate(divide="ignore", invalid="ignore"):
        flops = compute_ns * flops_per_ns(ops, generation) * _grid_share(ops)
        compute = np.where(
            counted & (compute_ns > 1), flops / (bounds.peaks.core_flops_per_ns * ops.cores) / ops.kernel_ns, np.nan
        )
        moved = bandwidth_ns * dram_bytes_per_ns(ops, generation)
        bandwidth = np.where(bandwidth_ns > 1, moved / bounds.peaks.dram_bytes_per_ns / ops.kernel_ns, np.nan)
    value = np.fmax(compute, bandwidth)
    return np.where(counted & np.isfinite(value) & np.isfinite(ops.pm_ideal_ns), value, np.nan)


def _grid_share(ops: Ops) -> FloatArray:
    """The modelled fraction of the grid: attention uses the grid of its program config, other ops the whole grid."""
    sizes = [grid_size(variant.attributes) or np.nan for variant in ops.variants.all]
    of_program = np.array(sizes, dtype=np.float64)[ops.variants.of]
    return np.where(ops.in_category(ATTENTION), of_program / ops.worker_cores, 1.0)
