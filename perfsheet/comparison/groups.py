"""Ops grouped by their change, and by op type."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np

from perfsheet.analysis.ops.categories import category, short_code
from perfsheet.analysis.ops.kinds import kind, label
from perfsheet.analysis.ops.shape import shape_of
from perfsheet.capture.table import IntArray
from perfsheet.comparison.results import SAME, ChangeGroup, ComparedOp, OpTypeChange, Times
from perfsheet.comparison.slots import Slots
from perfsheet.comparison.splits import Split, splits
from perfsheet.comparison.times import Clock


def change_groups(
    ops: Sequence[ComparedOp], base: Slots, new: Slots, places: tuple[IntArray, IntArray], clock: Clock
) -> tuple[ChangeGroup, ...]:
    """All ops that are not the same, grouped, largest change first; `places` gives for each slot its index in `ops`."""
    numbers: dict[Hashable, int] = {}
    members: list[list[int]] = []
    for place, op in enumerate(ops):
        if op.status == SAME:
            continue
        key = (op.status, op.op_code, _described(base, op.base), _described(new, op.new), op.changes)
        number = numbers.setdefault(key, len(numbers))
        if number == len(members):
            members.append([])
        members[number].append(place)
    grouped = _together(members, splits(ops, members, base, new))
    of_op = np.full(len(ops), len(grouped), dtype=np.int64)
    for number, (_, group) in enumerate(grouped):
        of_op[group] = number
    times = clock.times(of_op[places[0]], of_op[places[1]], len(grouped) + 1)
    changed = (
        _group(ops, status, group, base, new, taken) for (status, group), taken in zip(grouped, times[:-1], strict=True)
    )
    return tuple(sorted(changed, key=lambda group: -abs(clock.span(group.times).delta_ns or 0.0)))


def _together(members: Sequence[list[int]], found: Sequence[Split]) -> list[tuple[str, list[int]]]:
    """The groups, those of a split as one, with its status; the others have that of their ops (blank)."""
    split_of = {number: split for split in found for number in split.groups}
    grouped: list[tuple[str, list[int]]] = []
    for number, group in enumerate(members):
        split = split_of.get(number)
        if split is None:
            grouped.append(("", group))
        elif number == split.groups[0]:
            grouped.append((split.status, sorted(index for other in split.groups for index in members[other])))
    return grouped


def _group(
    ops: Sequence[ComparedOp], status: str, members: Sequence[int], base: Slots, new: Slots, times: Times
) -> ChangeGroup:
    first = next((ops[index] for index in members if ops[index].base and ops[index].new), ops[members[0]])
    texts = [_described(base, first.base), _described(new, first.new)]
    if status:
        counts = [sum(bool(getattr(ops[index], side)) for index in members) for side in ("base", "new")]
        texts = [f"{count:,} × {text}" for count, text in zip(counts, texts, strict=True)]
    return ChangeGroup(
        status=status or first.status,
        op_code=first.op_code,
        base=texts[0],
        new=texts[1],
        changes=first.changes,
        members=tuple(members),
        times=times,
    )


def _described(side: Slots, positions: tuple[int, ...]) -> str:
    """`384 × 768 × 3072, L1_BLOCK_SHARDED`; for several ops their codes."""
    ops = side.analysis.ops
    slots = dict.fromkeys(side.of[list(positions)].tolist())
    if not slots:
        return ""
    if len(slots) > 1:
        return " + ".join(short_code(side.variant(slot).op_code) for slot in slots)
    shape = shape_of(ops, positions[0])
    return ", ".join(filter(None, (shape.shape, shape.layout)))


def op_types(base: Slots, new: Slots, clock: Clock) -> tuple[OpTypeChange, ...]:
    """All ops by op type, largest change first."""
    sides = (base, new)
    kinds = [[kind(code) for code in side.analysis.ops.codes] for side in sides]
    numbers = {name: number for number, name in enumerate(dict.fromkeys((*kinds[0], *kinds[1])))}
    names: list[set[str]] = [set() for _ in numbers]
    counts = []
    of_slots = []
    for side, kinds_of_ops in zip(sides, kinds, strict=True):
        of = np.array([numbers[name] for name in kinds_of_ops], dtype=np.int64)
        counts.append(np.bincount(of, minlength=len(numbers)).tolist())
        of_slots.append(of[side.first])
        for name, code in zip(kinds_of_ops, side.analysis.ops.codes, strict=True):
            names[numbers[name]].add(code)
    times = clock.times(of_slots[0], of_slots[1], len(numbers))
    labels = [label(codes) for codes in names]
    unordered = [
        OpTypeChange(name, category(name), was, now, taken)
        for name, was, now, taken in zip(labels, *counts, times, strict=True)
    ]
    return tuple(
        sorted(unordered, key=lambda op_type: (-abs(clock.span(op_type.times).delta_ns or 0.0), op_type.op_type))
    )
