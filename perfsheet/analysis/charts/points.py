"""What a point of a scatter chart stands for: identical ops."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from perfsheet.analysis.categories import category, short_code
from perfsheet.analysis.ops import Ops
from perfsheet.analysis.result import OpGroup
from perfsheet.analysis.shape import shape_of

MOST_POINTS = 400
"""More would be a cloud; those with the most kernel time are drawn, and the rest is counted."""
_NAMED, _APART = 4, 0.3
"""Names stand at least so many decades of `y` apart."""


@dataclass(frozen=True)
class Point:
    """Identical ops at one place of a chart: `x` and `y` in the chart's units, `share` of the window's kernel time."""

    label: str
    category: str
    x: float
    y: float
    count: int
    kernel_ns: float
    share: float


def label(ops: Ops, group: OpGroup) -> str:
    """`Matmul 384 × 768 × 3072`."""
    shape = shape_of(ops, int(group.positions[0])).shape
    return f"{short_code(group.signature.op_code)} {shape}".strip()


def point(ops: Ops, group: OpGroup, x: float, y: float) -> Point:
    """The point of a group."""
    code = group.signature.op_code
    return Point(label(ops, group), category(code), x, y, group.count, group.kernel_ns, group.share)


def decades(values: Sequence[float]) -> tuple[float, float]:
    """The powers of ten around these values, at least one apart."""
    known = values or [1.0]
    low, high = math.floor(math.log10(min(known))), math.ceil(math.log10(max(known)))
    return 10.0**low, 10.0 ** max(high, low + 1)


def placed_names(points: Sequence[Point]) -> Iterator[tuple[Point, str]]:
    """The points that a chart has room to name, most kernel time first, and on which side: `left` or `right`."""
    if not points:
        return
    right = max(one.x for one in points)
    taken: list[float] = []
    for one in sorted(points, key=lambda one: -one.kernel_ns):
        height = math.log10(one.y) if one.y > 0 else 0.0
        if len(taken) < _NAMED and all(abs(height - other) > _APART for other in taken):
            taken.append(height)
            yield one, "left" if one.x > right / 2 else "right"
