"""Chains: several ops in a row that make up one finding."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

import numpy as np

from perfsheet.analysis.expectation.fused import FusedOp
from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.categories import short_code
from perfsheet.analysis.ops.elementwise import function
from perfsheet.analysis.ops.kinds import kind
from perfsheet.analysis.ops.signature import Signature
from perfsheet.analysis.ops.tensors import Extents
from perfsheet.analysis.ops.variants import Variant
from perfsheet.analysis.rules.base import Group, Hits
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


class FusableChains:
    """Chains that one op can replace, each op in one of them; `taken` are the positions of these."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self.taken: set[int] = set()
        self._positions: list[int] = []
        self._firsts: list[int] = []
        self._last: list[bool] = []
        self._subjects: list[Signature] = []

    def add(self, members: Sequence[int], parallel: bool = False) -> None:
        """Add a chain, without ops that are taken or have no time.

        By a graph report its last op must depend on its first one, unless its ops are `parallel`.
        """
        if not (parallel or depends(self._facts, members)):
            return
        free = [position for position in members if position not in self.taken and self._facts.ops.timed[position]]
        if free:
            self.taken.update(free)
            self._positions += free
            self._firsts += [free[0]] * len(free)
            self._last += [position == free[-1] for position in free]
            self._subjects += [chain(self._facts, free)] * len(free)

    def hits(self, fused: FusedOp | None = None, stays: BoolArray | None = None) -> Hits:
        """Their time, down to the speed of light for the ops that stay (of each chain the last one)."""
        positions = np.array(self._positions, dtype=np.int64)
        left = np.array(self._last, dtype=np.bool_) if stays is None else stays[positions]
        floor = np.where(left, np.nan_to_num(self._facts.speed_of_light.min_kernel_ns[positions]), 0.0)
        saving = np.clip(self._facts.ops.kernel_ns[positions] - floor, 0, None)
        firsts = np.array(self._firsts, dtype=np.int64)
        return Hits(positions, saving, self._subjects, floor_ns=floor, fused=fused, chains=firsts)


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


def computing(facts: Facts, group: Group, name: str) -> int:
    """How many ops of a group compute this: `EXP`."""
    return [facts.functions[of] for of in facts.ops.variants.of[group.positions].tolist()].count(name)


def flows(facts: Facts, before: int, after: int) -> bool:
    """Whether the output of one op is an input of another, by the graph report; else whether it can be.

    It can if it has as many elements in the same memory. Ops without tensors in the capture count as connected.
    """
    if facts.graph is not None and (fed := facts.graph.flow.feeds(before, after)) is not None:
        return fed
    of = facts.ops.variants.of
    pair = int(of[before]), int(of[after])
    if pair not in facts.flows:
        facts.flows[pair] = _fit(facts.variant(before), facts.variant(after))
    return facts.flows[pair]


def depends(facts: Facts, members: Sequence[int]) -> bool:
    """Whether the last of these ops may read what comes of the first one, through others of them.

    Without a graph report nothing speaks against it.
    """
    if facts.graph is None or len(members) < 2:
        return True
    reached = [members[0]]
    for position in members[1:]:
        if any(facts.graph.flow.feeds(before, position) is not False for before in reached):
            reached.append(position)
    return reached[-1] == members[-1]


def _fit(before: Variant, after: Variant) -> bool:
    outputs, inputs = before.outputs, after.inputs
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
