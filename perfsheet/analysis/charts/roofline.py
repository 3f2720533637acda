"""How close ops come to what the chip's memory and matrix engine allow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from perfsheet.analysis.charts.points import MOST_POINTS, Point, decades, point
from perfsheet.analysis.facts import Facts
from perfsheet.analysis.result import OpGroup
from perfsheet.capture.table import FloatArray
from perfsheet.hardware.boards import FIDELITY_PASSES

_SAME = 0.01


@dataclass(frozen=True)
class Roof:
    """The most that ops of one math fidelity can do: `flops_per_ns` of the whole grid (GFLOP/s)."""

    fidelity: str
    flops_per_ns: float


@dataclass(frozen=True)
class Roofline:
    """Groups of identical ops: `x` FLOPs per DRAM byte, `y` FLOPs per ns (= GFLOP/s), both of one op on average.

    `dram_bytes_per_ns` (= GB/s) and `roofs` are those of the chip, None and empty where it is unknown or there are
    several. `in_l1`: groups that do math without a byte of DRAM traffic, which no point of the chart can show;
    `unknown`: groups whose FLOPs or bytes are unknown.
    """

    points: tuple[Point, ...]
    roofs: tuple[Roof, ...]
    dram_bytes_per_ns: float | None
    in_l1: int
    unknown: int

    @property
    def span(self) -> tuple[float, float]:
        """Decades of intensity that hold all points and where the roofs bend."""
        ridges = [roof.flops_per_ns / self.dram_bytes_per_ns for roof in self.roofs if self.dram_bytes_per_ns]
        return decades([*(one.x for one in self.points), *ridges])

    @property
    def height(self) -> tuple[float, float]:
        """Decades of FLOPs per ns that hold all points and roofs."""
        return decades([*(one.y for one in self.points), *(roof.flops_per_ns for roof in self.roofs)])

    def line(self, roof: Roof) -> tuple[tuple[float, float], ...]:
        """The roof over the span: along the DRAM bandwidth, where it is known, then flat."""
        (low, high), (bottom, _) = self.span, self.height
        if self.dram_bytes_per_ns is None:
            return (low, roof.flops_per_ns), (high, roof.flops_per_ns)
        ridge = roof.flops_per_ns / self.dram_bytes_per_ns
        start = max(low, bottom / self.dram_bytes_per_ns)
        return (start, start * self.dram_bytes_per_ns), (ridge, roof.flops_per_ns), (high, roof.flops_per_ns)


def roofline(facts: Facts, groups: Sequence[OpGroup]) -> Roofline:
    """Points of the groups with most kernel time, and the chip's roofs over them."""
    light, kernel = facts.light, facts.ops.kernel_ns
    points: list[Point] = []
    in_l1 = unknown = 0
    for group in groups:
        here = group.positions
        flops, moved, time = (float(figures[here].sum()) for figures in (light.flops, light.dram_bytes, kernel))
        if not (flops > 0 and moved >= 0 and time > 0):
            unknown += 1
        elif moved == 0:
            in_l1 += 1
        elif len(points) < MOST_POINTS:
            points.append(point(facts.ops, group, flops / moved, flops / time))
    return Roofline(tuple(points), _roofs(facts), _only(light.peaks.dram_bytes_per_ns), in_l1, unknown)


def _roofs(facts: Facts) -> tuple[Roof, ...]:
    """One for each fidelity that occurs, the highest first."""
    core, grid = _only(facts.light.peaks.core_flops_per_ns), _only(facts.ops.worker_cores)
    if core is None or grid is None:
        return ()
    used = {variant.math_fidelity.strip().upper() for variant in facts.ops.variants.all}
    told = sorted((passes, name) for name, passes in FIDELITY_PASSES.items() if name in used)
    return tuple(Roof(name, core * grid / passes) for passes, name in told)


def _only(values: FloatArray) -> float | None:
    """The one value of all ops where it is known; clocks that are measured differ a little."""
    told = values[np.isfinite(values)]
    return float(np.median(told)) if told.size and np.ptp(told) <= _SAME * told.max() else None
