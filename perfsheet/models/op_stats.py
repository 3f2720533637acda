"""Counts of ops and of their tensors, over captures or torch graphs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from typing import Literal

import numpy as np

from perfsheet.analysis import Analysis
from perfsheet.analysis.ops.tensors import Tensor
from perfsheet.analysis.ops.transfers import Transfers, transfers
from perfsheet.light_dataclass import dataclass


@dataclass(frozen=True)
class Operand:
    """An input or output of an op: its bytes (None = unknown), layout, data type and memory."""

    size: int | None
    layout: str = ""
    datatype: str = ""
    memory: str = ""


@dataclass(frozen=True)
class Node:
    """`count` equal ops."""

    op: str
    count: int
    inputs: tuple[Operand, ...] = ()
    outputs: tuple[Operand, ...] = ()


@dataclass(frozen=True)
class Source:
    """A capture or a graph; only captures have `transfers`."""

    name: str
    nodes: tuple[Node, ...]
    transfers: Transfers | None = None


@dataclass(frozen=True)
class OpCount:
    """How often an op occurs, in total and in each source."""

    op: str
    count: int
    by_source: tuple[int, ...]


@dataclass(frozen=True)
class SizeCount:
    """The number of tensors with this size in bytes (None = unknown), in total and for each operand index."""

    size: int | None
    count: int
    by_operand: tuple[int, ...]


@dataclass(frozen=True)
class SizeDistribution:
    """The sizes of an op's inputs or outputs, smallest first, unknown last."""

    op: str
    sizes: tuple[SizeCount, ...]

    @property
    def tensors(self) -> int:
        """The number of tensors."""
        return sum(size.count for size in self.sizes)

    @property
    def total_bytes(self) -> int | None:
        """The bytes of all tensors; None if a size is unknown."""
        known = [size.size * size.count for size in self.sizes if size.size is not None]
        return sum(known) if len(known) == len(self.sizes) else None


@dataclass(frozen=True)
class FormatCount:
    """The tensors of one side (input or output) in one layout, data type and memory; blank = unknown."""

    side: str
    layout: str
    datatype: str
    memory: str
    count: int
    total_bytes: int | None


@dataclass(frozen=True)
class OpStatistics:
    """Counts over all sources: ops and formats, the most frequent first, and size distributions by op."""

    sources: tuple[str, ...]
    counts: tuple[OpCount, ...]
    inputs: Mapping[str, SizeDistribution]
    outputs: Mapping[str, SizeDistribution]
    formats: tuple[FormatCount, ...]
    transfers: Mapping[str, Transfers] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """The number of ops."""
        return sum(op.count for op in self.counts)


Side = Literal["input", "output"]


def count_ops(sources: Sequence[Source]) -> OpStatistics:
    """The counts over all sources together."""
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
    counters = [Counter[str]() for _ in sources]
    for counter, source in zip(counters, sources, strict=True):
        for node in source.nodes:
            counter[node.op] += node.count
    by_op = {op: tuple(counter[op] for counter in counters) for op in set().union(*counters)}
    counts = [OpCount(op, sum(by_source), by_source) for op, by_source in by_op.items()]
    return tuple(sorted(counts, key=lambda row: (-row.count, row.op)))


def _operands(node: Node, side: Side) -> tuple[Operand, ...]:
    return node.inputs if side == "input" else node.outputs


def _distributions(nodes: Iterable[Node], side: Side) -> dict[str, SizeDistribution]:
    sizes_by_op: dict[str, dict[int | None, Counter[int]]] = defaultdict(lambda: defaultdict(Counter))
    operand_counts: Counter[str] = Counter()
    for node in nodes:
        operands = _operands(node, side)
        operand_counts[node.op] = max(operand_counts[node.op], len(operands))
        for index, operand in enumerate(operands):
            sizes_by_op[node.op][operand.size][index] += node.count
    return {
        op: SizeDistribution(
            op,
            tuple(
                SizeCount(size, counter.total(), tuple(counter[index] for index in range(operand_counts[op])))
                for size, counter in sorted(sizes.items(), key=lambda item: (item[0] is None, item[0] or 0))
            ),
        )
        for op, sizes in sorted(sizes_by_op.items())
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


def capture_source(name: str, analysis: Analysis) -> Source:
    """All device ops of the analysed window, including those without a duration."""
    variants = analysis.ops.variants
    counts = np.bincount(variants.of, minlength=len(variants.all)).tolist()
    nodes = tuple(
        Node(variant.op_code, count, tuple(map(_operand, variant.inputs)), tuple(map(_operand, variant.outputs)))
        for variant, count in zip(variants.all, counts, strict=True)
    )
    return Source(name, nodes, transfers(analysis.ops.table, analysis.window))


def _operand(tensor: Tensor) -> Operand:
    size = tensor.size
    return Operand(None if size is None else round(size), tensor.layout, tensor.datatype, tensor.memory)
