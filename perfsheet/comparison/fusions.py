"""Fused ops: several on one side, a single one on the other, such as an activation in a matmul, or attention."""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import pairwise

from perfsheet.analysis.ops.attributes import flatten
from perfsheet.analysis.ops.categories import ATTENTION, COLLECTIVE, CONV, MATMUL, OTHER, RESHARD, category
from perfsheet.analysis.ops.kinds import kind
from perfsheet.analysis.ops.tensors import Tensor
from perfsheet.analysis.ops.variants import Variant
from perfsheet.hardware.data_types import round_up_to_tile

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
        free = [index for index in beside if index not in taken]
        absorbed = _absorbed(many, place, free, single[other])
        if absorbed:
            taken.update(absorbed)
            fused[other] = sorted([place, *absorbed])
    for left, alone in gaps:
        free = [index for index in left if index not in taken]
        if len(alone) == 1 and 2 <= len(free) <= _MOST and (run := _replaced(many, free, single[alone[0]])):
            fused[alone[0]] = run
    return fused | _combined(many, single, pairs, fused)


_COMBINES = {"pagedfusedupdatecache": "pagedupdatecache", "rotaryembeddingllamafusedqk": "rotaryembeddingllama"}
"""Kinds of ops that do the work of two of another kind, which other ops may stand between."""


def _combined(
    many: Lane, single: Lane, pairs: list[tuple[int, int]], fused: dict[int, list[int]]
) -> dict[int, list[int]]:
    """Ops of `single` that combine two ops of `many`, the nearest of their kind without a counterpart."""
    taken = {place for place, _ in pairs} | {place for run in fused.values() for place in run}
    matched = {other for _, other in pairs}
    free: dict[str, list[int]] = {}
    for place, variant in enumerate(many):
        if place not in taken and kind(variant.op_code) in _COMBINES.values():
            free.setdefault(kind(variant.op_code), []).append(place)
    partners = [other for _, other in pairs]
    found: dict[int, list[int]] = {}
    for other, variant in enumerate(single if free else ()):
        kin = free.get(_COMBINES.get(kind(variant.op_code), ""), [])
        if len(kin) > 1 and other not in matched and other not in fused:
            before = bisect_left(partners, other)
            at = pairs[before - 1][0] if before else -1
            first = max(min(bisect_left(kin, at), len(kin) - 1) - 1, 0)
            found[other] = kin[first : first + 2]
            del kin[first : first + 2]
    return found


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
    same_input = all(_as_large([part.inputs[0]], whole.inputs[0]) for part in parts)
    return same_input and bool(whole.outputs) and _as_large([part.outputs[0] for part in parts], whole.outputs[0])


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
        if run[-1] - run[0] != len(run) - 1 or not _does_the_same(parts, now, storage_only):
            continue
        if storage_only == all(category(part.op_code) in _STORAGE_OPS for part in parts) and _could_do(parts, now):
            return run
    return []


def _does_the_same(parts: list[Variant], now: Variant, storage_only: bool) -> bool:
    """Whether a run of ops leads from the input of an op to its output, or to its outputs if it has several."""
    if "heads" in kind(now.op_code):
        return _splits_heads(parts, now)
    return _ends_alike(parts, now, memory=storage_only) and _linked(parts, memory=storage_only)


def _splits_heads(parts: list[Variant], now: Variant) -> bool:
    """Whether ops may lead, side by side or in turns, from what an op on heads reads to all that it writes.

    Each of them reads and makes a tensor as large as its input, one of its outputs (parts of that), or one before.
    """
    if not (now.inputs and now.outputs) or any(not (part.inputs and part.outputs) for part in parts):
        return False
    known = [now.inputs[0], *now.outputs]
    for tensor in (tensor for part in parts for tensor in (part.inputs[0], part.outputs[0])):
        if not any(_as_large([tensor], other) for other in known):
            return False
        known.append(tensor)
    return any(_as_large(parts[-1].outputs[:1], made) for made in now.outputs)


def _could_do(parts: list[Variant], now: Variant) -> bool:
    """Whether the op can do the work of the parts: a norm cannot replace a matmul."""
    heavy = any(category(part.op_code) in _HEAVY for part in parts)
    return not heavy or category(now.op_code) in _HEAVY


def _linked(parts: list[Variant], memory: bool) -> bool:
    """Whether each op may read the output of the op before it."""
    return all(_reads(after, before, memory) for before, after in pairwise(parts))


def _reads(after: Variant, before: Variant, memory: bool) -> bool:
    """Whether an op may read the output of another."""
    return bool(before.outputs) and any(
        _as_large([tensor], before.outputs[0]) and (not memory or tensor.memory == before.outputs[0].memory)
        for tensor in after.inputs
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
    same = _as_large(begins.inputs[:1], now.inputs[0]) and _as_large(ends.outputs[:1], now.outputs[0])
    if not memory:
        return same
    stays = begins.inputs[0].memory == now.inputs[0].memory and ends.outputs[0].memory == now.outputs[0].memory
    return same and stays


def _as_large(pieces: Sequence[Tensor], whole: Tensor) -> bool:
    """Whether tensors have together as many elements as another one, with or without the padding to whole tiles."""
    sizes = [_element_counts(piece) for piece in pieces]
    if any(size is None for size in (*sizes, _element_counts(whole))):
        return False
    return bool({sum(counts) for counts in zip(*filter(None, sizes), strict=True)} & {*(_element_counts(whole) or ())})


def _element_counts(tensor: Tensor) -> tuple[int, int] | None:
    """Elements, and elements with rows and columns padded to whole tiles; None if unknown."""
    if tensor.logical is None:
        return None
    batch, planes, rows, columns = tensor.logical
    return math.prod(tensor.logical), batch * planes * round_up_to_tile(rows) * round_up_to_tile(columns)
