"""Counting ops and the sizes of their tensors."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Literal

from perfsheet.opstats.model import (
    FormatCount,
    Node,
    OpCount,
    Operand,
    OpStatistics,
    SizeCount,
    SizeDistribution,
    Source,
)

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
