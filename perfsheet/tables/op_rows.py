"""Rows of the table of ops: those that the figures are of, or the ops of every pass and device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np

from perfsheet.analysis import Analysis
from perfsheet.analysis.ops.device_ops import Ops
from perfsheet.capture.table import BoolArray, FloatArray, IntArray
from perfsheet.capture.texts import Texts
from perfsheet.light_dataclass import dataclass


@dataclass(frozen=True, eq=False)
class OpRows:
    """Some ops of an analysis, by their positions in it."""

    analysis: Analysis
    positions: IntArray

    def __len__(self) -> int:
        return len(self.positions)

    def part(self, first: int, end: int) -> OpRows:
        """The rows from `first` up to `end`."""
        return replace(self, positions=self.positions[first:end])

    @property
    def ops(self) -> Ops:
        """All ops of the analysis."""
        return self.analysis.ops

    @property
    def counted(self) -> Analysis:
        """The analysis whose figures count these ops: their ranks, shares, flags and findings are those there."""
        return self.analysis

    @property
    def places(self) -> IntArray:
        """The position of each op in `counted`, -1 = it is not counted."""
        return self.positions

    def of_counted(self, values: FloatArray) -> FloatArray:
        """The value of each op from those of all ops in `counted`; NaN for ops that are not counted."""
        return np.where(self.places >= 0, values[self.places], np.nan)

    @cached_property
    def several_files(self) -> bool:
        """Whether the analysis reads several files."""
        return len(self.ops.table.files) > 1

    @cached_property
    def flags(self) -> list[tuple[str, ...]]:
        """The flags of each op."""
        masks = self.counted.flag_masks
        bits = np.zeros(len(self), dtype=np.int64)
        for place, flag in enumerate(masks):
            bits |= self.flagged(flag).astype(np.int64) << place
        distinct, index = np.unique(bits, return_inverse=True)
        flags = [tuple(name for place, name in enumerate(masks) if bit >> place & 1) for bit in distinct.tolist()]
        return [flags[place] for place in index.reshape(-1).tolist()]

    def flagged(self, flag: str) -> BoolArray:
        """Which of the ops carry a flag."""
        return np.asarray(self.counted.flag_masks[flag][self.places] & (self.places >= 0))

    def of_variants(self, texts: Sequence[str]) -> Texts:
        """A text per op from a text per distinct configuration."""
        return Texts(self.ops.variants.of[self.positions].astype(np.int32), texts)


@dataclass(frozen=True, eq=False)
class EveryOp(OpRows):
    """Ops of all passes and devices; those that the figures of `narrow` are of have ranks, flags and findings."""

    narrow: Analysis

    @property
    def counted(self) -> Analysis:
        """The analysis whose figures count some of these ops."""
        return self.narrow

    @cached_property
    def places(self) -> IntArray:
        """The position of each op in `counted`, -1 = it is not counted."""
        of = self.narrow.facts.scope.of
        places = np.full(len(self.ops), -1, dtype=np.int64)
        places[of] = np.arange(len(of))
        return places[self.positions]


@dataclass(frozen=True, eq=False)
class FoldedOps(OpRows):
    """Lines of the ranking: of identical ops that follow each other the first, and how many it stands for.

    `shares` are their sums, `cumulative` those up to the last op of each line.
    """

    counts: IntArray
    shares: FloatArray
    cumulative: FloatArray


def folded_ops(analysis: Analysis, lines: int | None = None) -> FoldedOps:
    """The first `lines` lines of the ranking (None = all); ops of other devices are not identical."""
    ranking, ops = analysis.ranking, analysis.ops
    order = ranking.order
    same = np.stack([ops.variants.of[order], ops.device[order], ops.cores[order]])
    is_start = np.ones(len(order), dtype=np.bool_)
    is_start[1:] = (same[:, 1:] != same[:, :-1]).any(axis=0)
    starts = np.flatnonzero(is_start)
    ends = np.append(starts, len(order))[1:]
    kept, sums = slice(lines), np.add.reduceat(ranking.share, starts)
    return FoldedOps(
        analysis, order[starts[kept]], (ends - starts)[kept], sums[kept], ranking.cumulative[(ends - 1)[kept]]
    )


def all_ops(analysis: Analysis) -> OpRows:
    """Every op that the figures are of, in execution order."""
    return OpRows(analysis, np.arange(len(analysis.ops)))


def every_op(analysis: Analysis, positions: IntArray | None = None) -> EveryOp:
    """The ops of every pass and device, in execution order: those at these positions among them, or all."""
    every = analysis.every
    return EveryOp(every, np.arange(len(every.ops)) if positions is None else positions, analysis)


def top_ops(analysis: Analysis, count: int | None = None) -> OpRows:
    """The first `count` ops of the ranking (None = all)."""
    return OpRows(analysis, analysis.ranking.order[:count])
