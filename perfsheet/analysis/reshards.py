"""Reshards: from which layout to which, and chains of ops that only change how a tensor is stored."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.categories import RESHARD
from perfsheet.analysis.ops.shape import Shape, shape_of
from perfsheet.analysis.rules.chains import chain, linked, runs
from perfsheet.analysis.rules.layout_conversion import is_layout_conversion
from perfsheet.analysis.rules.reshard import back_to_back
from perfsheet.analysis.statistics import ratio
from perfsheet.light_dataclass import dataclass


@dataclass(frozen=True)
class Transition:
    """Reshards from one layout to another; `back_to_back` of them directly follow another reshard.

    Layouts are the memories of the first input and output, `?` = unknown. `ops` counts those with a kernel duration,
    `kernel_ns` is their sum and `share` its fraction of the window's kernel time.
    """

    source: str
    target: str
    ops: int
    kernel_ns: float
    share: float
    back_to_back: int


@dataclass(frozen=True)
class Chain:
    """Ops in a row that only change how a tensor is stored, at least one of them a reshard.

    The same `ops` occur `count` times; `path` has the layouts on the way, `kernel_ns` covers all occurrences, `first`
    is the position of the first op of the first one.
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
    """The reshards of a window, most kernel time first.

    `layouts` are the layouts in `transitions`, most used first: the rows and columns of the matrix.
    """

    transitions: tuple[Transition, ...]
    chains: tuple[Chain, ...]
    layouts: tuple[str, ...]
    ops: int
    kernel_ns: float
    share: float

    def between(self, source: str, target: str) -> Transition | None:
        """A cell of the matrix; None without such a reshard."""
        return next(
            (
                transition
                for transition in self.transitions
                if (transition.source, transition.target) == (source, target)
            ),
            None,
        )


def reshards(facts: Facts) -> Reshards:
    """Sum up the reshards by source and target, and find their chains."""
    ops = facts.ops
    positions = np.flatnonzero(facts.in_category(RESHARD) & ops.timed)
    total = float(ops.kernel_ns[positions].sum())
    transitions = tuple(sorted(_transitions(facts, positions.tolist()), key=lambda transition: -transition.kernel_ns))
    time: dict[str, float] = {}
    for transition in transitions:
        for layout in (transition.source, transition.target):
            time[layout] = time.get(layout, 0.0) + transition.kernel_ns
    return Reshards(
        transitions=transitions,
        chains=tuple(sorted(_chains(facts), key=lambda entry: -entry.kernel_ns)),
        layouts=tuple(sorted(time, key=lambda layout: -time[layout])),
        ops=len(positions),
        kernel_ns=total,
        share=ratio(total, ops.total_ns),
    )


def _transitions(facts: Facts, reshard_positions: list[int]) -> Iterator[Transition]:
    second = set(back_to_back(facts.ops).tolist())
    members: dict[tuple[str, str], list[int]] = {}
    for position in reshard_positions:
        shape = _shape(facts, position)
        members.setdefault((shape.memory_in, shape.memory_out), []).append(position)
    for (source, target), positions in members.items():
        kernel = float(facts.ops.kernel_ns[positions].sum())
        pairs = sum(position in second for position in positions)
        yield Transition(source, target, len(positions), kernel, ratio(kernel, facts.ops.total_ns), pairs)


def _chains(facts: Facts) -> Iterator[Chain]:
    ops, reshard = facts.ops, facts.in_category(RESHARD)
    mask = (ops.where_code(is_layout_conversion) | reshard) & ops.timed
    members: dict[tuple[str, str], list[list[int]]] = {}
    for here in facts.sequences:
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
    """`L1_BLOCK_SHARDED → L1_INTERLEAVED → L1_HEIGHT_SHARDED`, without steps that keep the layout."""
    steps = [_shape(facts, part[0]).memory_in, *(_shape(facts, position).memory_out for position in part)]
    kept = [step for place, step in enumerate(steps) if place == 0 or step != steps[place - 1]]
    return " → ".join(kept)


def _shape(facts: Facts, position: int) -> Shape:
    return shape_of(facts.ops, position)
