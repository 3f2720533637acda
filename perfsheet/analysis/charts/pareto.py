"""How few configurations make up most of the time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from perfsheet.analysis.charts.points import label
from perfsheet.analysis.ops import Ops
from perfsheet.analysis.result import OpGroup

_BARS = 25
EIGHTY = 0.8


@dataclass(frozen=True)
class Bar:
    """Identical ops: `kernel_ns` is their sum, `cumulative` the part of the kernel time all up to it take."""

    label: str
    count: int
    kernel_ns: float
    share: float
    cumulative: float


@dataclass(frozen=True)
class Pareto:
    """The first 25 groups of identical ops of `groups`; `for_eighty` of them make up 80 % of the kernel time."""

    bars: tuple[Bar, ...]
    groups: int
    for_eighty: int


def pareto(ops: Ops, groups: Sequence[OpGroup]) -> Pareto:
    """The groups, most kernel time first."""
    bars = tuple(Bar(label(ops, one), one.count, one.kernel_ns, one.share, one.cumulative) for one in groups[:_BARS])
    short = sum(one.cumulative < EIGHTY for one in groups)
    return Pareto(bars, len(groups), min(short + 1, len(groups)))
