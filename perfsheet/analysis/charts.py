"""The data of the charts: timeline, Pareto, roofline, core use. A point or bar stands for identical ops."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.categories import category, short_code
from perfsheet.analysis.ops.device_ops import Ops
from perfsheet.analysis.ops.shape import shape_of
from perfsheet.analysis.results import OpGroup
from perfsheet.analysis.statistics import known_ints
from perfsheet.capture.arrays import median
from perfsheet.capture.table import FloatArray, IntArray
from perfsheet.hardware.boards import FIDELITY_PASSES
from perfsheet.light_dataclass import dataclass

MOST_POINTS = 400
"""Points drawn at most: those with the most kernel time; the rest is counted."""
_NAMED, _APART = 4, 0.3
"""At most this many points are named, this many decades of `y` apart."""


@dataclass(frozen=True)
class Point:
    """Identical ops as a point: `x` and `y` in the chart's units, `share` of the window's kernel time.

    `first` is the position of the first of them.
    """

    label: str
    category: str
    x: float
    y: float
    count: int
    kernel_ns: float
    share: float
    first: int


def label(ops: Ops, group: OpGroup) -> str:
    """`Matmul 384 × 768 × 3072`."""
    shape = shape_of(ops, int(group.positions[0])).shape
    return f"{short_code(group.signature.op_code)} {shape}".strip()


def point(ops: Ops, group: OpGroup, x: float, y: float) -> Point:
    """The point of a group."""
    code = group.signature.op_code
    return Point(
        label(ops, group), category(code), x, y, group.count, group.kernel_ns, group.share, int(group.positions[0])
    )


def decades(values: Sequence[float]) -> tuple[float, float]:
    """The powers of ten around these values, at least one decade apart."""
    plotted = values or [1.0]
    low, high = math.floor(math.log10(min(plotted))), math.ceil(math.log10(max(plotted)))
    return 10.0**low, 10.0 ** max(high, low + 1)


def placed_names(points: Sequence[Point]) -> Iterator[tuple[Point, str]]:
    """The points that a chart has room to name, most kernel time first, and the side of the name: `left` or `right`."""
    if not points:
        return
    right = max(point_.x for point_ in points)
    taken: list[float] = []
    for point_ in sorted(points, key=lambda point_: -point_.kernel_ns):
        height = math.log10(point_.y) if point_.y > 0 else 0.0
        if len(taken) < _NAMED and all(abs(height - other) > _APART for other in taken):
            taken.append(height)
            yield point_, "left" if point_.x > right / 2 else "right"


_MOST_BINS = 400
_MOST_CATEGORIES = 7
REST = "all else"


@dataclass(frozen=True, eq=False)
class Timeline:
    """The ops in execution order, `ops_per_bin` to a bin.

    `first`: index of the first op of each bin, from 1. `kernel_ns` has a row per bin and a column per category, and
    sums up to the kernel time. With more than seven categories the last one is `all else`.
    """

    ops_per_bin: int
    first: IntArray
    categories: tuple[str, ...]
    kernel_ns: FloatArray


def timeline(ops: Ops) -> Timeline:
    """Bins of equally many ops, at most 400 of them: one op each in captures up to that length."""
    per_bin = max(1, -(-len(ops) // _MOST_BINS))
    bins = -(-len(ops) // per_bin)
    names = ops.codes.mapped(category)
    kernel = np.nan_to_num(ops.kernel_ns)
    time = {name: float(kernel[rows].sum()) for name, rows in names.places()}
    ranked = sorted(time, key=lambda name: -time[name])
    shown = ranked if len(ranked) <= _MOST_CATEGORIES + 1 else [*ranked[:_MOST_CATEGORIES], REST]
    place = {name: min(index, len(shown) - 1) for index, name in enumerate(ranked)}
    kernel_ns = np.zeros((bins, len(shown)))
    column = np.array([place.get(name, 0) for name in names.values], dtype=np.int64)[names.codes]
    np.add.at(kernel_ns, (np.arange(len(ops)) // per_bin, column), kernel)
    return Timeline(per_bin, np.arange(bins) * per_bin + 1, tuple(shown), kernel_ns)


_BARS = 25
EIGHTY = 0.8


@dataclass(frozen=True)
class Bar:
    """Identical ops: `kernel_ns` is their sum, `cumulative` the fraction of the kernel time up to this bar.

    `first` is the position of the first of them.
    """

    label: str
    count: int
    kernel_ns: float
    share: float
    cumulative: float
    first: int


@dataclass(frozen=True)
class Pareto:
    """The first 25 groups of identical ops of `groups`; `for_eighty` of them make up 80 % of the kernel time."""

    bars: tuple[Bar, ...]
    groups: int
    for_eighty: int


def pareto(ops: Ops, groups: Sequence[OpGroup]) -> Pareto:
    """The groups, most kernel time first."""
    bars = tuple(
        Bar(label(ops, group), group.count, group.kernel_ns, group.share, group.cumulative, int(group.positions[0]))
        for group in groups[:_BARS]
    )
    short = sum(group.cumulative < EIGHTY for group in groups)
    return Pareto(bars, len(groups), min(short + 1, len(groups)))


_SAME = 0.01


@dataclass(frozen=True)
class Roof:
    """The compute peak at one math fidelity: `flops_per_ns` of the whole grid (GFLOP/s)."""

    fidelity: str
    flops_per_ns: float


@dataclass(frozen=True)
class Roofline:
    """Groups of identical ops: `x` FLOPs per DRAM byte, `y` FLOPs per ns (= GFLOP/s), both of one op on average.

    `dram_bytes_per_ns` (= GB/s) and `roofs` are those of the chip, None and empty if it is unknown or there are
    several. `in_l1`: groups that do math without DRAM traffic, which the chart cannot show; `unknown`: groups whose
    FLOPs or bytes are unknown.
    """

    points: tuple[Point, ...]
    roofs: tuple[Roof, ...]
    dram_bytes_per_ns: float | None
    in_l1: int
    unknown: int

    @property
    def span(self) -> tuple[float, float]:
        """Decades of intensity that contain all points and ridges."""
        ridges = [roof.flops_per_ns / self.dram_bytes_per_ns for roof in self.roofs if self.dram_bytes_per_ns]
        return decades([*(point_.x for point_ in self.points), *ridges])

    @property
    def height(self) -> tuple[float, float]:
        """Decades of FLOPs per ns that contain all points and roofs."""
        return decades([*(point_.y for point_ in self.points), *(roof.flops_per_ns for roof in self.roofs)])

    def line(self, roof: Roof) -> tuple[tuple[float, float], ...]:
        """The roof over the span: along the DRAM bandwidth, if known, then flat."""
        (low, high), (bottom, _) = self.span, self.height
        if self.dram_bytes_per_ns is None:
            return (low, roof.flops_per_ns), (high, roof.flops_per_ns)
        ridge = roof.flops_per_ns / self.dram_bytes_per_ns
        start = max(low, bottom / self.dram_bytes_per_ns)
        return (start, start * self.dram_bytes_per_ns), (ridge, roof.flops_per_ns), (high, roof.flops_per_ns)


def roofline(facts: Facts, groups: Sequence[OpGroup]) -> Roofline:
    """The groups with most kernel time as points, and the roofs of the chip."""
    light, kernel = facts.speed_of_light, facts.ops.kernel_ns
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
    """A roof for each fidelity in use, highest first."""
    core, grid = _only(facts.speed_of_light.peaks.core_flops_per_ns), _only(facts.ops.worker_cores)
    if core is None or grid is None:
        return ()
    used = {variant.math_fidelity.strip().upper() for variant in facts.ops.variants.all}
    fidelities = sorted((passes, name) for name, passes in FIDELITY_PASSES.items() if name in used)
    return tuple(Roof(name, core * grid / passes) for passes, name in fidelities)


def _only(values: FloatArray) -> float | None:
    """The value that all ops share, None if they differ; measured clocks may differ a little."""
    finite = values[np.isfinite(values)]
    return median(finite) if finite.size and np.ptp(finite) <= _SAME * finite.max() else None


@dataclass(frozen=True)
class CoreUse:
    """Groups of identical ops on one core count: `x` cores, `y` the median kernel duration of one op, in ns.

    `grid` is the largest worker grid, None = unknown. `left_out` groups are not drawn: they have no core count,
    several, no duration, or are not among the 400 with the most kernel time.
    """

    points: tuple[Point, ...]
    grid: int | None
    left_out: int

    @property
    def height(self) -> tuple[float, float]:
        """Decades of duration that contain all points."""
        return decades([point_.y for point_ in self.points])


def core_use(ops: Ops, groups: Sequence[OpGroup]) -> CoreUse:
    """The groups for which both figures are known."""
    drawn = [group for group in groups if len(group.cores) == 1 and group.median_ns > 0][:MOST_POINTS]
    points = tuple(point(ops, group, float(group.cores[0]), group.median_ns) for group in drawn)
    grids = known_ints(ops.worker_cores)
    return CoreUse(points, grids[-1] if grids else None, len(groups) - len(drawn))
