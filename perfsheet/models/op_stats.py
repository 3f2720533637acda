"""Ops with their tensors, wherever they are from, and the counts over them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from perfsheet.analysis import Analysis
from perfsheet.analysis.ops.tensors import Tensor
from perfsheet.analysis.ops.transfers import Transfers, transfers


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


Side = Literal["input", "output"]


def statistics(sources: Sequence[Source]) -> OpStatistics:
    """The counts over all sources together; those of one are `statistics([source])`."""
    nodes = [node for source in sources for node in source.nodes]
    return OpStatistics(
        tuple(source.name for source in sources),
        _counts(sources),
        _distributions(nodes, "input"),
        _distributions(nodes, "output"),
        _formats(nodes),
        {source.name: source.transfers for source in sources if source.transfers is not None},
    )


def _counts(sources: Sequence[Source]) -> tuple[OpCount, ...]:
    each = [Counter[str]() for _ in sources]
    for counter, source in zip(each, sources, strict=True):
        for node in source.nodes:
            counter[node.op] += node.count
    ops = {op for counter in each for op in counter}
    found = [OpCount(op, sum(counter[op] for counter in each), tuple(counter[op] for counter in each)) for op in ops]
    return tuple(sorted(found, key=lambda one: (-one.count, one.op)))


def _operands(node: Node, side: Side) -> tuple[Operand, ...]:
    return node.inputs if side == "input" else node.outputs


def _distributions(nodes: Iterable[Node], side: Side) -> dict[str, SizeDistribution]:
    found: dict[str, dict[int | None, Counter[int]]] = defaultdict(lambda: defaultdict(Counter))
    places: Counter[str] = Counter()
    for node in nodes:
        operands = _operands(node, side)
        places[node.op] = max(places[node.op], len(operands))
        for place, operand in enumerate(operands):
            found[node.op][operand.size][place] += node.count
    return {
        op: SizeDistribution(
            op,
            tuple(
                SizeCount(size, counter.total(), tuple(counter[place] for place in range(places[op])))
                for size, counter in sorted(sizes.items(), key=lambda item: (item[0] is None, item[0] or 0))
            ),
        )
        for op, sizes in sorted(found.items())
    }


def _formats(nodes: Iterable[Node]) -> tuple[FormatCount, ...]:
    counts: Counter[tuple[str, str, str, str]] = Counter()
    totals: Counter[tuple[str, str, str, str]] = Counter()
    unknown: set[tuple[str, str, str, str]] = set()
    sides: tuple[Side, ...] = ("input", "output")
    for node in nodes:
        for side in sides:
            for operand in _operands(node, side):
                key = (side, operand.layout, operand.datatype, operand.memory)
                counts[key] += node.count
                totals[key] += node.count * (operand.size or 0)
                unknown.update([key] if operand.size is None else [])
    return tuple(
        FormatCount(*key, count, None if key in unknown else totals[key]) for key, count in counts.most_common()
    )


def of_analysis(name: str, analysis: Analysis) -> Source:
    """Every device op of the analysed window, those without a duration included."""
    variants = analysis.ops.variants
    counts = np.bincount(variants.of, minlength=len(variants.all)).tolist()
    nodes = tuple(
        Node(one.op_code, count, tuple(map(_operand, one.inputs)), tuple(map(_operand, one.outputs)))
        for one, count in zip(variants.all, counts, strict=True)
    )
    return Source(name, nodes, transfers(analysis.ops.table, analysis.window))


def _operand(tensor: Tensor) -> Operand:
    size = tensor.size
    return Operand(None if size is None else round(size), tensor.layout, tensor.datatype, tensor.memory)
