"""Chains: several ops in a row that make up one finding."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

import numpy as np

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.categories import short_code
from perfsheet.analysis.ops.elementwise import function
from perfsheet.analysis.ops.kinds import kind
from perfsheet.analysis.ops.signature import Signature
from perfsheet.analysis.ops.tensors import Extents
from perfsheet.capture.table import BoolArray, IntArray

_LINKS = 8


def chain(facts: Facts, positions: Sequence[int]) -> Signature:
    """The signature of a chain: its op codes, the inputs of the first op and the outputs of the last one."""
    descriptions = tuple(facts.ops.variants.of[positions].tolist())
    if descriptions not in facts.chains:
        facts.chains[descriptions] = _chain([facts.signature(position) for position in positions])
    return facts.chains[descriptions]


def _chain(signatures: Sequence[Signature]) -> Signature:
    if len(signatures) == 1:
        return signatures[0]
    codes = [short_code(signature.op_code) for signature in signatures]
    runs = [(code, len(list(same))) for code, same in groupby(codes)]
    links = [code if times == 1 else f"{times} × {code}" for code, times in runs]
    if len(links) <= _LINKS:
        return Signature(" → ".join(links), signatures[0].inputs, signatures[-1].outputs, "", "")
    # A hash of the ops that are left out keeps different long chains apart.
    middle = zlib.crc32(" → ".join(links[_LINKS - 1 : -1]).encode())
    text = " → ".join([*links[: _LINKS - 1], "…", links[-1]])
    return Signature(f"{text} ({len(codes):,} ops, {middle:08x})", signatures[0].inputs, signatures[-1].outputs, "", "")


def runs(mask: BoolArray, here: IntArray) -> Iterator[list[int]]:
    """Runs of consecutive ops of one device (positions `here`) for which the mask holds."""
    holds = mask[here]
    for members in np.split(here, np.flatnonzero(np.diff(holds)) + 1) if holds.any() else ():
        if mask[members[0]]:
            yield members.tolist()


def first_op(facts: Facts, among: Iterable[int], names: Sequence[str], shape: Extents | None = None) -> int | None:
    """The first of these ops that is of a kind (`slice`) or an elementwise function (`MUL`), and makes this shape."""
    for position in among:
        variant = facts.variant(position)
        made = variant.outputs[0].logical if variant.outputs else None
        if (kind(variant.op_code) in names or function(variant) in names) and shape in (None, made):
            return position
    return None


def flows(facts: Facts, before: int, after: int) -> bool:
    """Whether the output of one op can be an input of another: as many elements, in the same memory.

    Ops without tensors in the capture count as connected.
    """
    outputs, inputs = facts.variant(before).outputs, facts.variant(after).inputs
    if not outputs or not inputs:
        return True
    return any(
        output.memory == input_.memory
        and (output.stored_elements == input_.stored_elements or output.elements == input_.elements)
        for output in outputs
        for input_ in inputs
    )


def linked(facts: Facts, members: Sequence[int]) -> Iterator[list[int]]:
    """A run of ops, split where an op does not read the output of the op before it."""
    part: list[int] = []
    for position in members:
        if part and not flows(facts, part[-1], position):
            yield part
            part = []
        part.append(position)
    if part:
        yield part
