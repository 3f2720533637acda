"""Heads split and merged by layout ops and transposes around attention."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np

from perfsheet.analysis.expectation.fused import HEADS
from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.categories import ATTENTION, MATMUL, category
from perfsheet.analysis.ops.tensors import Extents, Tensor
from perfsheet.analysis.ops.variants import Variant
from perfsheet.analysis.rules.base import Evidence, Group, Hits, Rule, Stage, one_root
from perfsheet.analysis.rules.chains import FusableChains, runs
from perfsheet.capture.table import BoolArray, IntArray
from perfsheet.light_dataclass import dataclass

_PIECES = re.compile(r"(?i)tilize|transpose|permute|reshape|slice|split(?!query|fused)|^pad")
_SWAPS = re.compile(r"(?i)transpose|permute")
_AHEAD, _BEHIND = 40, 8
"""Ops between the heads and the attention: the other projections, scale and mask may be there."""


def is_piece(op_code: str) -> bool:
    """Whether an op may be part of splitting or merging heads."""
    return _PIECES.search(op_code) is not None and "Heads" not in op_code


def find(facts: Facts) -> Hits:
    """Runs of two or more such ops that exchange heads and rows, next to the attention that has these heads."""
    ops = facts.ops
    piece = ops.where_code(is_piece) & ops.timed
    swaps = facts.of_variants([_swap(facts, index) for index in range(len(ops.variants.all))]) & piece
    if not swaps.any():
        return Hits(np.empty(0, dtype=np.int64), np.empty(0))
    found = FusableChains(facts)
    heads = _heads(facts)
    for here in facts.sequences:
        for candidates in _chains(facts, piece, swaps, here):
            pieces = next((part for part in candidates if _is_by_attention(facts, heads, part, here)), [])
            found.add(pieces, parallel=True)
    return found.hits(HEADS)


def _swap(facts: Facts, index: int) -> bool:
    """Whether an op exchanges the second and the third dimension, all but one of which are more than 1."""
    variant = facts.ops.variants.all[index]
    if not _SWAPS.search(variant.op_code) or not variant.inputs or not variant.outputs:
        return False
    given, put = variant.inputs[0].logical, variant.outputs[0].logical
    return given is not None and put is not None and given[1] != given[2] and _same_swapped(given, put)


def _same_swapped(given: Extents, put: Extents) -> bool:
    return (given[0], given[2], given[1], given[3]) == put


def _chains(facts: Facts, piece: BoolArray, swaps: BoolArray, here: IntArray) -> Iterator[Iterator[list[int]]]:
    """For each swap the pieces around it in its run, the longest chain first.

    Each piece may read what the one before it in the chain wrote; those of Q, K and V may take turns in the run.
    """
    for run in runs(piece, here):
        if not swaps[run].any():
            continue
        free = [position for position in run if not swaps[position]]
        for swap in (position for position in run if swaps[position]):
            chained = [swap]
            for position in reversed([other for other in free if other < swap]):
                if _may_follow(facts, position, chained[0]):
                    chained.insert(0, position)
            before = len(chained)
            for position in (other for other in free if other > swap):
                if _may_follow(facts, chained[-1], position):
                    chained.append(position)
            free = [position for position in free if position not in chained[:before]]
            yield (chained[:stop] for stop in range(len(chained), before - 1, -1) if stop > 1)


def _may_follow(facts: Facts, before: int, after: int) -> bool:
    put, given = facts.variant(before).outputs, facts.variant(after).inputs
    return bool(put and given) and put[0].stored_elements == given[0].stored_elements


@dataclass(frozen=True)
class _Heads:
    """By the shape of heads, the descriptions of the attention, or of its parts, that read it and that write it."""

    readers: dict[Extents, set[int]]
    writers: dict[Extents, set[int]]


def _heads(facts: Facts) -> _Heads:
    found = _Heads({}, {})
    for index, variant in enumerate(facts.ops.variants.all):
        activations = _activations(variant)
        for shape in (shape for tensor in activations for shape in _either_way(tensor)):
            found.readers.setdefault(shape, set()).add(index)
        for made in (tensor.logical for tensor in variant.outputs if activations):
            if made is not None:
                found.writers.setdefault(made, set()).add(index)
    return found


def _activations(variant: Variant) -> Sequence[Tensor]:
    """The inputs of an attention, or of a matmul with heads on both sides."""
    kind_of_op = category(variant.op_code)
    if kind_of_op == ATTENTION:
        return variant.inputs[:3]
    both = variant.inputs[:2]
    has_heads = len(both) == 2 and all(tensor.logical is not None and tensor.logical[1] > 1 for tensor in both)
    return both if kind_of_op == MATMUL and has_heads else ()


def _either_way(tensor: Tensor) -> tuple[Extents, ...]:
    """A shape, and the same with rows and columns exchanged: K may be transposed."""
    if tensor.logical is None:
        return ()
    batch, heads, rows, columns = tensor.logical
    return (tensor.logical, (batch, heads, columns, rows))


def _is_by_attention(facts: Facts, heads: _Heads, members: list[int], here: IntArray) -> bool:
    """Whether an attention after them reads what they make, or one before them wrote what they read."""
    made, given = facts.variant(members[-1]).outputs, facts.variant(members[0]).inputs
    readers = heads.readers.get(made[0].logical) if made and made[0].logical else None
    writers = heads.writers.get(given[0].logical) if given and given[0].logical else None
    if not readers and not writers:
        return False
    of, first, last = facts.ops.variants.of, int(facts.place[members[0]]), int(facts.place[members[-1]])
    if readers and not readers.isdisjoint(of[here[last + 1 : last + 1 + _AHEAD]].tolist()):
        return True
    return writers is not None and not writers.isdisjoint(of[here[max(first - _BEHIND, 0) : first]].tolist())


def advice(facts: Facts, group: Group) -> str:
    """The fused ops for both directions: who splits heads by hand merges them by hand, too."""
    done = "merged" if _merges(facts, group) else "split"
    split = "ttnn.experimental.nlp_create_qkv_heads on one fused QKV projection"
    if keys_differ_in_length(facts):
        split = "ttnn.experimental.nlp_create_qkv_heads_segformer (Q and K have different lengths)"
    return (
        f"Heads are {done} by layout ops and transposes: try {split}, and ttnn.experimental.nlp_concat_heads to merge "
        "them, in TILE layout."
    )


def keys_differ_in_length(facts: Facts) -> bool:
    """Whether a softmax has more or fewer keys than queries."""
    softmax = [variant for variant in facts.ops.variants.all if category(variant.op_code) == "softmax"]
    shapes = [variant.inputs[0].logical for variant in softmax if variant.inputs]
    return any(shape is not None and shape[2] != shape[3] for shape in shapes)


def _merges(facts: Facts, group: Group) -> bool:
    """Whether its swap reads heads × rows; there are fewer heads than rows."""
    indices = (int(facts.ops.variants.of[position]) for position in group.positions)
    swapped = next((facts.ops.variants.all[index] for index in indices if _swap(facts, index)), None)
    given = swapped.inputs[0].logical if swapped else None
    return given is not None and given[1] < given[2]


def evidence(facts: Facts, group: Group) -> Evidence:
    """The ops, and the lowest core count among them."""
    return {"ops": len(group.positions), "core_count": group.cores[0] if group.cores else 0}


RULE = Rule(
    id="unfused-heads",
    title="Unfused heads",
    order=215,
    detects=(
        "two or more untilize, tilize, transpose, permute, reshape, slice, split or pad ops in a row that exchange "
        "heads and rows, before attention (or a matmul with heads on both sides) that reads what they make, or after "
        "one that wrote what they read"
    ),
    saving_formula="Σ kernel duration of the chain, its last op down to its time at the speed of light",
    find=find,
    advice=advice,
    caveat="The fused ops take a few µs themselves, and want the QKV projection as one tensor in TILE layout.",
    evidence=evidence,
    root=one_root,
    keeps_work=False,
    stage=Stage.MODULE,
)
