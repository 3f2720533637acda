"""What a point of a scatter chart stands for: identical ops."""

from __future__ import annotations

from dataclasses import dataclass

from perfsheet.analysis.categories import category
from perfsheet.analysis.ops import Ops
from perfsheet.analysis.result import OpGroup
from perfsheet.analysis.shape import shape_of

MOST_POINTS = 400
"""More would be a cloud; those with the most kernel time are drawn, and the rest is counted."""


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
    code = group.signature.op_code.removesuffix("DeviceOperation") or group.signature.op_code
    shape = shape_of(ops, int(group.positions[0])).shape
    return f"{code} {shape}".strip()


def point(ops: Ops, group: OpGroup, x: float, y: float) -> Point:
    """The point of a group."""
    code = group.signature.op_code
    return Point(label(ops, group), category(code), x, y, group.count, group.kernel_ns, group.share)
