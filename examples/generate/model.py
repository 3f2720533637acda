"""The two models behind the numbers: the profiler's PM columns, and the durations of the generated ops.

The PM columns follow tt-metal's own model. The durations are a model of this example, meant to be plausible in size and
in proportion, not to predict hardware: each op takes the longer of its compute and its data movement, at an efficiency
typical of that kind of op, plus a fixed cost to start its kernels.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from examples.encoder_block.config import WORKER_GRID
from examples.generate.tensors import Tensor

AICLK_GHZ = 1.0
FLOPS_PER_CORE_CYCLE = 4096
FIDELITY_PHASES = {"LoFi": 1, "HiFi2": 2, "HiFi3": 3, "HiFi4": 4}
NO_MODEL_NS = 1
"""What the profiler writes for an op without a performance model."""

DRAM_PEAK_BYTES_PER_NS = 258 * 2**30 / 1e9
"""Wormhole's peak, spoken of as 258 GB/s and applied as GiB/s."""

# Efficiencies and costs of the duration model: all of them are assumptions of this example.
KERNEL_START_NS = 700
MATMUL_EFFICIENCY = {"LoFi": 0.38, "HiFi2": 0.45, "HiFi3": 0.48, "HiFi4": 0.50}
"""Share of the used cores' peak. A low fidelity does less arithmetic per byte, so feeding the cores binds earlier."""
ATTENTION_EFFICIENCY = 0.16
"""Flash attention on short sequences: softmax and rescaling take most of the time between two small matmuls."""
WEIGHT_READ_EFFICIENCY = 0.70
INTERLEAVED_EFFICIENCY = 0.55
"""Share of the DRAM peak: streaming a weight once and multicasting it beats reading and writing page by page."""


@dataclass(frozen=True)
class PerformanceModel:
    """An op's ideal time as the profiler reports it, in nanoseconds, and the bandwidth that it would take."""

    compute_ns: int = NO_MODEL_NS
    bandwidth_ns: int = NO_MODEL_NS
    input_bytes: tuple[int, ...] = ()
    output_bytes: tuple[int, ...] = ()

    @property
    def ideal_ns(self) -> int:
        return max(self.compute_ns, self.bandwidth_ns)

    def cells(self, kernel_ns: int) -> dict[str, str]:
        return {
            "PM IDEAL [ns]": str(self.ideal_ns),
            "PM COMPUTE [ns]": str(self.compute_ns),
            "PM BANDWIDTH [ns]": str(self.bandwidth_ns),
            "PM REQ I BW": self._required(self.input_bytes),
            "PM REQ O BW": self._required(self.output_bytes),
            "PM FPU UTIL (%)": str(round(100 * self.compute_ns / kernel_ns, 3)),
        }

    def _required(self, sizes: Sequence[int]) -> str:
        return str([_float32(size / self.ideal_ns) for size in sizes])


NO_MODEL = PerformanceModel()


def gemm_model(
    flops: int, fidelity: str, inputs: Sequence[Tensor], outputs: Sequence[Tensor], cores: int = WORKER_GRID.cores
) -> PerformanceModel:
    """Model a matmul or an attention: math on ``cores``, and the largest transfer over DRAM, whichever is longer."""
    cycles = math.ceil(flops / (cores * FLOPS_PER_CORE_CYCLE) * FIDELITY_PHASES[fidelity])
    transfers = [int(t.dram_bytes / DRAM_PEAK_BYTES_PER_NS) for t in (*inputs, *outputs)]
    return PerformanceModel(
        compute_ns=math.ceil(cycles / AICLK_GHZ),
        bandwidth_ns=max(NO_MODEL_NS, *transfers),
        input_bytes=tuple(t.bytes for t in inputs),
        output_bytes=tuple(t.bytes for t in outputs),
    )


def matmul_ns(flops: int, fidelity: str, cores: int, weights: Tensor, activation_ns: float = 0.0) -> float:
    """Time of a matmul: arithmetic or weights, whichever is longer; a fused activation adds to it."""
    compute = _math_ns(flops, fidelity, cores) / MATMUL_EFFICIENCY[fidelity]
    return KERNEL_START_NS + max(compute, dram_ns(weights.dram_bytes, WEIGHT_READ_EFFICIENCY)) + activation_ns


def attention_ns(flops: int, fidelity: str, cores: int) -> float:
    """Time of one fused attention op."""
    return KERNEL_START_NS + _math_ns(flops, fidelity, cores) / ATTENTION_EFFICIENCY


def per_tile_ns(tiles: int, cores: int, tile_ns: float, dram_bytes: int = 0) -> float:
    """Time of an op whose busiest core handles its tiles one after the other while others use the same DRAM."""
    return KERNEL_START_NS + max(math.ceil(tiles / cores) * tile_ns, dram_ns(dram_bytes, INTERLEAVED_EFFICIENCY))


def dram_ns(size: int, efficiency: float) -> float:
    """Time to move ``size`` bytes at a share of the DRAM peak."""
    return size / (DRAM_PEAK_BYTES_PER_NS * efficiency)


def _math_ns(flops: int, fidelity: str, cores: int) -> float:
    return flops * FIDELITY_PHASES[fidelity] / (cores * FLOPS_PER_CORE_CYCLE * AICLK_GHZ)


def _float32(value: float) -> float:
    """Round as the profiler does, which computes these in single precision."""
    return float(struct.unpack("<f", struct.pack("<f", value))[0])
