"""Ops with their tensors, wherever they are from, and the counts over them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from perfsheet.analysis.transfers import Transfers


@dataclass(frozen=True)
class Operand:
    """An input or output of an op: bytes in memory (None = unknown), and its layout, data type and memory as words."""

    size: int | None
    layout: str = ""
    datatype: str = ""
    memory: str = ""


@dataclass(frozen=True)
class Node:
    """`count` ops of one description."""

    op: str
    count: int
    inputs: tuple[Operand, ...] = ()
    outputs: tuple[Operand, ...] = ()


@dataclass(frozen=True)
class Source:
    """A capture or a graph; `transfers` only where a capture tells of them."""

    name: str
    nodes: tuple[Node, ...]
    transfers: Transfers | None = None


@dataclass(frozen=True)
class OpCount:
    """How often an op occurs in all, and in each source."""

    op: str
    count: int
    by_source: tuple[int, ...]


@dataclass(frozen=True)
class SizeCount:
    """How many tensors of so many bytes (None = unknown) there are in all, and at each place among the operands."""

    size: int | None
    count: int
    by_operand: tuple[int, ...]


@dataclass(frozen=True)
class SizeDistribution:
    """The sizes of an op's inputs or outputs, the smallest first, unknown ones last."""

    op: str
    sizes: tuple[SizeCount, ...]

    @property
    def tensors(self) -> int:
        """How many there are."""
        return sum(one.count for one in self.sizes)

    @property
    def total_bytes(self) -> int | None:
        """Bytes of all of them; None when some are unknown."""
        known = [one.size * one.count for one in self.sizes if one.size is not None]
        return sum(known) if len(known) == len(self.sizes) else None


@dataclass(frozen=True)
class FormatCount:
    """Tensors of one side (input or output) in one layout, data type and memory; blank = the source does not say."""

    side: str
    layout: str
    datatype: str
    memory: str
    count: int
    total_bytes: int | None


@dataclass(frozen=True)
class OpStatistics:
    """Counts over all sources: ops, the most frequent first; the size distributions by op; formats, the most first."""

    sources: tuple[str, ...]
    counts: tuple[OpCount, ...]
    inputs: Mapping[str, SizeDistribution]
    outputs: Mapping[str, SizeDistribution]
    formats: tuple[FormatCount, ...]
    transfers: Mapping[str, Transfers] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """All ops."""
        return sum(one.count for one in self.counts)
