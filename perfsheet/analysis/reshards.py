"""Where tensors change how they are sharded: from which layout to which, and the chains of ops that only do that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.categories import RESHARD
from perfsheet.analysis.ops.shape import Shape, shape_of
from perfsheet.analysis.rules.chains import chain, linked, runs
from perfsheet.analysis.rules.layout_glue import is_glue
from perfsheet.analysis.rules.reshard import back_to_back
from perfsheet.analysis.statistics import ratio


@dataclass(frozen=True)
class Transition:
    """Reshards from one layout to another; `back_to_back` of them directly follow another reshard.

    Layouts are memories of the first input and output, `?` where the capture does not say. `ops` have a kernel
    duration; `kernel_ns` is their sum and `share` its part of the window's kernel time.
    """

    source: str
    target: str
    ops: int
    kernel_ns: float
    share: float
    back_to_back: int


@dataclass(frozen=True)
class Chain:
    """Ops in a row of which each only changes how the tensor is stored, one of them at least a reshard.

    `count` times the same `ops` in a row; `path` are the layouts on the way, `kernel_ns` is of all of them, `first` the
    position of the first op of the first one.
    """

    ops: str
    path: str
    length: int
    count: int
    kernel_ns: float
    share: float
    first: int


@dataclass(frozen=True)
class Reshards:
    """Everything about the reshards of a window, those with most kernel time first.

    `layouts` are all that occur in `transitions`, the most used first: the rows and columns of the matrix.
    """

    transitions: tuple[Transition, ...]
    chains: tuple[Chain, ...]
    layouts: tuple[str, ...]
    ops: int
    kernel_ns: float
    share: float

    def between(self, source: str, target: str) -> Transition | None:
        """The cell of the matrix; None where nothing goes from one to the other."""
        return next((one for one in self.transitions if (one.source, one.target) == (source, target)), None)


def reshards(facts: Facts) -> Reshards:
    """Sum the reshards by where they lead, and find their chains."""
    ops = facts.ops
    found = np.flatnonzero(facts.in_category(RESHARD) & ops.timed)
    total = float(ops.kernel_ns[found].sum())
    transitions = tuple(sorted(_transitions(facts, found.tolist()), key=lambda one: -one.kernel_ns))
    time: dict[str, float] = {}
    for one in transitions:
        for layout in (one.source, one.target):
            time[layout] = time.get(layout, 0.0) + one.kernel_ns
    return Reshards(
        transitions=transitions,
        chains=tuple(sorted(_chains(facts), key=lambda one: -one.kernel_ns)),
        layouts=tuple(sorted(time, key=lambda layout: -time[layout])),
        ops=len(found),
        kernel_ns=total,
        share=ratio(total, ops.total_ns),
    )


def _transitions(facts: Facts, found: list[int]) -> Iterator[Transition]:
    second = set(back_to_back(facts.ops).tolist())
    members: dict[tuple[str, str], list[int]] = {}
    for position in found:
        told = _shape(facts, position)
        members.setdefault((told.memory_in, told.memory_out), []).append(position)
    for (source, target), positions in members.items():
        kernel = float(facts.ops.kernel_ns[positions].sum())
        pairs = sum(position in second for position in positions)
        yield Transition(source, target, len(positions), kernel, ratio(kernel, facts.ops.total_ns), pairs)


def _chains(facts: Facts) -> Iterator[Chain]:
    ops, reshard = facts.ops, facts.in_category(RESHARD)
    mask = (ops.where_code(is_glue) | reshard) & ops.timed
    members: dict[tuple[str, str], list[list[int]]] = {}
    for here in facts.by_device:
        for run in runs(mask, here):
            for part in linked(facts, run):
                if len(part) > 1 and reshard[part].any():
                    key = (chain(facts, part).op_code, _path(facts, part))
                    members.setdefault(key, []).append(part)
    for (codes, path), parts in members.items():
        kernel = float(sum(ops.kernel_ns[part].sum() for part in parts))
        yield Chain(
            codes, path, len(parts[0]), len(parts), kernel, ratio(kernel, ops.total_ns), min(part[0] for part in parts)
        )


def _path(facts: Facts, part: list[int]) -> str:
    """`L1_BLOCK_SHARDED → L1_INTERLEAVED → L1_HEIGHT_SHARDED`, without steps that stay where they are."""
    steps = [_shape(facts, part[0]).memory_in, *(_shape(facts, position).memory_out for position in part)]
    kept = [step for place, step in enumerate(steps) if place == 0 or step != steps[place - 1]]
    return " → ".join(kept)


def _shape(facts: Facts, position: int) -> Shape:
    return shape_of(facts.ops, position)
