"""Which ops take long on few cores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from perfsheet.analysis.charts.points import MOST_POINTS, Point, decades, point
from perfsheet.analysis.numbers import known_ints
from perfsheet.analysis.ops import Ops
from perfsheet.analysis.result import OpGroup


@dataclass(frozen=True)
class CoreUse:
    """Groups of identical ops on one core count: `x` cores, `y` the median kernel duration of one op, in ns.

    `grid` is the largest worker grid, None = unknown. `left_out` groups are not drawn: without a core count, on
    several, of no duration, or beyond the 400 with the most kernel time.
    """

    points: tuple[Point, ...]
    grid: int | None
    left_out: int

    @property
    def height(self) -> tuple[float, float]:
        """Decades of duration that hold all points."""
        return decades([one.y for one in self.points])


def core_use(ops: Ops, groups: Sequence[OpGroup]) -> CoreUse:
    """Those groups of which both figures are known."""
    drawn = [one for one in groups if len(one.cores) == 1 and one.median_ns > 0][:MOST_POINTS]
    points = tuple(point(ops, one, float(one.cores[0]), one.median_ns) for one in drawn)
    grids = known_ints(ops.worker_cores)
    return CoreUse(points, grids[-1] if grids else None, len(groups) - len(drawn))
