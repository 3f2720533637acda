"""Fused ops: several on one side, a single one on the other, such as an activation in a matmul, or attention."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from perfsheet.analysis.ops.attributes import flatten
from perfsheet.analysis.ops.categories import ATTENTION, COLLECTIVE, CONV, MATMUL, OTHER, RESHARD, category
from perfsheet.analysis.ops.kinds import kind
from perfsheet.analysis.ops.variants import Variant

_ACTIVATION = re.compile(r"activation|fuse_relu|fused_op")
_NOTHING = {"", "0", "false", "[]", "SmallVector([])"}
_STORAGE_OPS = {RESHARD, "layout", "data movement", OTHER}
_HEAVY = {MATMUL, CONV, ATTENTION, COLLECTIVE}
_MOST = 16
"""The most ops without a counterpart that are tried together; fused attention replaces fewer."""

Lane = list[Variant]


def fusions(many: Lane, single: Lane, pairs: list[tuple[int, int]]) -> dict[int, list[int]]:
    """Ops of `single`, each with the several ops of `many` (ascending) that it replaces.

    `pairs` are the indices of counterparts, ascending in both. If the op of `single` has a counterpart, that is one of
    the several.
    """
    fused: dict[int, list[int]] = {}
    edges = [(-1, -1), *pairs, (len(many), len(single))]
    gaps = [
        (list(range(before[0] + 1, after[0])), list(range(before[1] + 1, after[1])))
        for before, after in pairwise(edges)
    ]
    taken: set[int] = set()
    for number, (place, other) in enumerate(pairs):
        beside = [*_nearest(gaps[number][0], from_end=True), *_nearest(gaps[number + 1][0], from_end=False)]
        free = [place_ for place_ in beside if place_ not in taken]
        absorbed = _absorbed(many, place, free, single[other])
        if absorbed:
            taken.update(absorbed)
            fused[other] = sorted([place, *absorbed])
    for left, alone in gaps:
        free = [place_ for place_ in left if place_ not in taken]
        if len(alone) == 1 and 2 <= len(free) <= _MOST and (run := _replaced(many, free, single[alone[0]])):
            fused[alone[0]] = run
    return fused


def _nearest(gap: list[int], from_end: bool) -> list[int]:
    near = gap[-_MOST:] if from_end else gap[:_MOST]
    return near[::-1] if from_end else near


def _absorbed(many: Lane, place: int, free: list[int], now: Variant) -> list[int]:
    """The ops next to a matched op that its counterpart has absorbed."""
    was = many[place]
    twins = [index for index in free if kind(many[index].op_code) == kind(was.op_code)]
    if twins and _adds_up([was, *(many[twin] for twin in twins)], now):
        return twins
    if category(now.op_code) == RESHARD and (steps := _steps(many, place, free, now)):
        return steps
    pointwise = [index for index in free if abs(index - place) == 1 and category(many[index].op_code) == "elementwise"]
    more = len(_activations(now) - _activations(was)) + max(0, len(now.inputs) - len(was.inputs))
    after_first = sorted(pointwise, reverse=True)
    return after_first[:more]


def _steps(many: Lane, place: int, free: list[int], now: Variant) -> list[int]:
    """The reshards around a matched one that together do what its counterpart does."""
    beside = {index for index in free if category(many[index].op_code) == RESHARD}
    first = last = place
    while first - 1 in beside:
        first -= 1
    while last + 1 in beside:
        last += 1
    run = range(first, last + 1)
    parts = [many[index] for index in run]
    together = len(run) > 1 and _ends_alike(parts, now, memory=True) and _linked(parts, memory=True)
    return [index for index in run if index != place] if together else []


def _adds_up(parts: list[Variant], whole: Variant) -> bool:
    """Whether ops on the same input together write as much as one op: Q, K and V in one matmul."""
    if not whole.inputs or any(not part.inputs or not part.outputs for part in parts):
        return False
    outputs = [part.outputs[0].elements for part in parts]
    same_input = all(part.inputs[0].elements == whole.inputs[0].elements for part in parts)
    known_counts = [count for count in outputs if count]
    return same_input and len(known_counts) == len(outputs) and sum(known_counts) == _elements(whole)


def _activations(variant: Variant) -> set[str]:
    return {
        name
        for name, value in flatten(variant.attributes).items()
        if _ACTIVATION.search(name.rsplit(".", 1)[-1]) and value not in _NOTHING
    }


def _replaced(many: Lane, free: list[int], now: Variant) -> list[int]:
    """The longest run of ops that starts with the input of an op and ends with its output; empty = none."""
    storage_only = category(now.op_code) in _STORAGE_OPS
    for first, last in _runs(len(free)):
        run = free[first:last]
        parts = [many[index] for index in run]
        if (
            run[-1] - run[0] != len(run) - 1
            or not _ends_alike(parts, now, memory=storage_only)
            or not _linked(parts, storage_only)
        ):
            continue
        if storage_only == all(category(part.op_code) in _STORAGE_OPS for part in parts) and _could_do(parts, now):
            return run
    return []


def _could_do(parts: list[Variant], now: Variant) -> bool:
    """Whether the op can do the work of the parts: a norm cannot replace a matmul."""
    heavy = any(category(part.op_code) in _HEAVY for part in parts)
    return not heavy or category(now.op_code) in _HEAVY


def _linked(parts: list[Variant], memory: bool) -> bool:
    """Whether each op may read the output of the op before it."""
    return all(
        bool(before.outputs)
        and any(
            tensor.elements == before.outputs[0].elements and (not memory or tensor.memory == before.outputs[0].memory)
            for tensor in after.inputs
        )
        for before, after in pairwise(parts)
    )


def _runs(length: int) -> Iterator[tuple[int, int]]:
    """Every run (start, end) of at least two items, longest first."""
    for size in range(length, 1, -1):
        for first in range(length - size + 1):
            yield first, first + size


def _ends_alike(parts: list[Variant], now: Variant, memory: bool) -> bool:
    begins, ends = parts[0], parts[-1]
    if not (begins.inputs and ends.outputs and now.inputs and now.outputs):
        return False
    same = begins.inputs[0].elements == now.inputs[0].elements and ends.outputs[0].elements == _elements(now)
    if not memory:
        return same and _elements(now) is not None
    stays = begins.inputs[0].memory == now.inputs[0].memory and ends.outputs[0].memory == now.outputs[0].memory
    return same and stays


def _elements(variant: Variant) -> int | None:
    return variant.outputs[0].elements if variant.outputs else None
