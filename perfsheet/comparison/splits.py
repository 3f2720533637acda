"""Changes that the alignment leaves apart: ops that became several smaller ones, or several that became larger ones.

The alignment pairs one op with one: of 4 ops that became 72, 4 are changed and 68 added. If they make as many elements
as before, of the same kind of op with the same first input, that is one change.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from perfsheet.analysis.ops.kinds import kind
from perfsheet.analysis.ops.variants import Variant
from perfsheet.comparison.results import ADDED, CHANGED, FUSED, REMOVED, SPLIT, ComparedOp
from perfsheet.comparison.slots import Slots
from perfsheet.light_dataclass import dataclass

_AS_MANY = 0.1
"""Part by which the elements of both sides may differ: the last piece is padded."""


@dataclass(frozen=True)
class Split:
    """Groups (by their numbers) that are one change: `split`, or `fused` the other way round."""

    status: str
    groups: tuple[int, ...]


def splits(ops: Sequence[ComparedOp], groups: Sequence[Sequence[int]], base: Slots, new: Slots) -> list[Split]:
    """The changes that are spread over several groups; no group is in two of them."""
    found: list[Split] = []
    for lone, status, more, fewer in ((ADDED, SPLIT, "new", "base"), (REMOVED, FUSED, "base", "new")):
        sides = {"base": base, "new": new}
        by_work: dict[Hashable, list[int]] = {}
        for number, members in enumerate(groups):
            first = ops[members[0]]
            if first.status in (CHANGED, lone) and (key := _key(sides[more], getattr(first, more))):
                by_work.setdefault(key, []).append(number)
        for together in by_work.values():
            statuses = {ops[groups[number][0]].status for number in together}
            concerned = [ops[index] for number in together for index in groups[number]]
            if statuses == {CHANGED, lone} and _same_work(concerned, sides, more, fewer):
                found.append(Split(status, tuple(together)))
    taken: set[int] = set()
    apart = []
    for split in found:
        if not taken & set(split.groups):
            taken |= set(split.groups)
            apart.append(split)
    return apart


def _variant(side: Slots, positions: tuple[int, ...]) -> Variant:
    return side.variant(int(side.of[positions[0]]))


def _key(side: Slots, positions: tuple[int, ...]) -> Hashable:
    """The kind of op and its first input; None if that is not known."""
    variant = _variant(side, positions)
    shape = variant.inputs[0].logical if variant.inputs else None
    return None if shape is None else (kind(variant.op_code), shape)


def _same_work(members: Sequence[ComparedOp], sides: dict[str, Slots], more: str, fewer: str) -> bool:
    """Whether the more ops are smaller each, and make as many elements as the fewer."""
    made: dict[str, list[int]] = {more: [], fewer: []}
    for op in members:
        for name, elements in made.items():
            if positions := getattr(op, name):
                outputs = _variant(sides[name], positions).outputs
                if not outputs or not outputs[0].elements:
                    return False
                elements.append(outputs[0].elements)
    if not made[fewer] or max(made[more]) >= min(made[fewer]):
        return False
    return abs(sum(made[more]) - sum(made[fewer])) <= _AS_MANY * sum(made[fewer])
