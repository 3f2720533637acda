"""The data of the charts of a graph report: memory over the run, and the module tree as a flame chart."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from perfsheet.analysis.graph.beside import Graph
from perfsheet.analysis.graph.groups import UNKNOWN, Module
from perfsheet.analysis.ops.categories import category
from perfsheet.analysis.ops.device_ops import Ops
from perfsheet.capture.table import FloatArray, IntArray
from perfsheet.light_dataclass import dataclass

_MOST_POINTS, _MOST_BOXES, _DEEPEST = 2000, 2000, 20
_IN_REACH = 0.25
"""A peak of this part of the bank or more, and a line for the bank fits above it."""


@dataclass(frozen=True, eq=False)
class MemoryChart:
    """Memory in use over the ops in execution order, in bytes; `ops_per_point` ops in a row share a point.

    Each point stands for the op with most L1 in use among its ops: `positions` are theirs. `tensors` and `circular` are
    of that op, per L1 bank (NaN = unknown). `dram` is the most of all ops of the point (see `Memory.dram`).
    `bank_bytes`: the size of an L1 bank, None = unknown. `peak`: the point with the op of most L1 in use, None =
    nothing is known.
    """

    ops_per_point: int
    positions: IntArray
    tensors: FloatArray
    circular: FloatArray
    dram: FloatArray
    bank_bytes: int | None
    peak: int | None

    @property
    def first(self) -> IntArray:
        """The place of each point's first op in execution order, from 1."""
        return np.arange(len(self.positions)) * self.ops_per_point + 1

    @cached_property
    def used(self) -> FloatArray:
        """Tensors and circular buffers together; a lower bound where the latter are unknown."""
        return np.asarray(self.tensors + np.nan_to_num(self.circular))

    @property
    def bank_in_reach(self) -> bool:
        """Whether the peak is high enough for a line at the size of the bank; else it would press all else flat."""
        return self.bank_bytes is not None and self.peak is not None and self.highest >= _IN_REACH * self.bank_bytes

    @property
    def highest(self) -> float:
        """The most L1 in use per bank; 0 = nothing is known."""
        return 0.0 if self.peak is None else float(self.used[self.peak])

    @property
    def circular_known(self) -> bool:
        """Whether the circular buffers of any op are known."""
        return bool(np.isfinite(self.circular).any())

    @property
    def dram_known(self) -> bool:
        """Whether DRAM in use is known of any op."""
        return bool(np.isfinite(self.dram).any())


def memory_chart(graph: Graph, ops: Ops) -> MemoryChart:
    """The memory of these ops, in at most 2,000 points that keep the highest values."""
    found = graph.beside(ops).memory
    count = len(ops)
    per_point = max(1, -(-count // _MOST_POINTS))
    points = -(-count // per_point)
    positions = np.arange(points) * per_point + _binned(found.l1_used, points, per_point).argmax(axis=1)
    dram = _binned(found.dram, points, per_point).max(axis=1)
    return MemoryChart(
        per_point,
        positions,
        found.l1_bank[positions],
        found.circular[positions],
        np.where(np.isfinite(dram), dram, np.nan),
        found.bank_bytes,
        None if found.peak is None else found.peak // per_point,
    )


def _binned(values: FloatArray, points: int, per_point: int) -> FloatArray:
    """A row per point; what is unknown, and what is beyond the last op, is below everything."""
    padded = np.full(points * per_point, -np.inf)
    padded[: len(values)] = np.where(np.isfinite(values), values, -np.inf)
    return padded.reshape(points, per_point)


@dataclass(frozen=True, eq=False)
class Box:
    """A module of a flame chart: it starts at `left` and is `width` wide, both as fractions of the kernel time.

    `depth` 0 is the outermost row. `category`: that of most kernel time in it.
    """

    module: Module
    left: float
    width: float
    category: str

    @property
    def depth(self) -> int:
        """The row of the chart."""
        return len(self.module.path) - 1


def flame(graph: Graph, ops: Ops) -> tuple[Box, ...]:
    """The modules that take time, each before those in it, which lie within its width.

    The 2,000 with most time, 20 deep at most.
    """
    beside = graph.beside(ops)
    root = beside.modules
    if not root.total_ns > 0:
        return ()
    times: dict[tuple[str, ...], dict[str, float]] = {}
    names, kernel = ops.codes.mapped(category), np.nan_to_num(ops.counted_ns).tolist()
    for source, name, time in zip(beside.sources, names, kernel, strict=True):
        path = (UNKNOWN,) if source is None else source.module
        for depth in range(1, min(len(path), _DEEPEST) + 1):
            of_module = times.setdefault(path[:depth], {})
            of_module[name] = of_module.get(name, 0.0) + time
    boxes: list[Box] = []
    places: list[tuple[Module, float]] = [(root, 0.0)]
    while places:
        module, left = places.pop()
        if module.path:
            known = times[module.path]
            boxes.append(Box(module, left, module.total_ns / root.total_ns, max(known, key=lambda name: known[name])))
        inner = []
        for child in module.children if len(module.path) < _DEEPEST else ():
            if child.total_ns > 0:
                inner.append((child, left))
                left += child.total_ns / root.total_ns
        places += reversed(inner)
    # No module takes more time than the one that it is in, so those kept are still a tree.
    kept = sorted(range(len(boxes)), key=lambda index: (-boxes[index].width, index))[:_MOST_BOXES]
    return tuple(boxes[index] for index in sorted(kept))
