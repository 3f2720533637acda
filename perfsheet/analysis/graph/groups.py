"""The kernel time by module, line or call: as a ranking, and of modules as a tree."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import field
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np

from perfsheet.analysis.ops.device_ops import Ops
from perfsheet.capture.table import FloatArray, IntArray
from perfsheet.light_dataclass import dataclass

if TYPE_CHECKING:
    from perfsheet.analysis.graph.sources import Source


class GroupBy(str, Enum):
    """What ops are grouped by."""

    MODULE = "module"
    LINE = "line"
    CALL = "call"


UNKNOWN = "(source unknown)"
_KEYS: dict[GroupBy, Callable[[Source], tuple[object, ...]]] = {
    GroupBy.MODULE: lambda source: source.module,
    GroupBy.LINE: lambda source: (source.file, source.line),
    GroupBy.CALL: lambda source: (source.call,),
}


@dataclass(frozen=True, eq=False)
class SourceGroup:
    """The ops of one module, line or call; `kernel_ns` is their share in the kernel time, which sums up to all of it.

    `source` is that of the first op; None = ops whose source is unknown. `functions`, `calls` and `codes` are those of
    its ops, most time first.
    """

    rank: int
    source: Source | None
    name: str
    positions: IntArray
    kernel_ns: float
    share: float
    functions: tuple[str, ...]
    calls: tuple[str, ...]
    codes: tuple[str, ...]

    @property
    def count(self) -> int:
        """Ops in the group."""
        return len(self.positions)


@dataclass(frozen=True, eq=False)
class Module:
    """A node of the module tree: `total_ns` is the kernel time of its ops and of the modules in it, `self_ns` of its
    own ops. `count` counts all of these ops. `path` leads to it, outermost first; empty at the root.
    """

    path: tuple[str, ...]
    total_ns: float
    self_ns: float
    count: int
    children: tuple[Module, ...] = field(default=())

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.path[-1] if self.path else ""

    def walk(self) -> Iterable[Module]:
        """This module and all in it, each before those in it."""
        left = [self]
        while left:
            module = left.pop()
            yield module
            left += reversed(module.children)


def group_by(ops: Ops, sources: Sequence[Source | None], by: GroupBy) -> tuple[SourceGroup, ...]:
    """The ops by module, line or call, most kernel time first; ops of an unknown source together."""
    members: dict[tuple[object, ...] | None, list[int]] = {}
    key_of = _KEYS[by]
    for position, source in enumerate(sources):
        members.setdefault(None if source is None else key_of(source), []).append(position)
    times = np.nan_to_num(ops.counted_ns)
    total = float(times.sum())
    groups = [(key, np.array(places, dtype=np.int64)) for key, places in members.items()]
    groups.sort(key=lambda one: -float(times[one[1]].sum()))
    ranked = []
    for rank, (_, places) in enumerate(groups, 1):
        kernel_ns = float(times[places].sum())
        source = sources[int(places[0])]
        known = [one for place in places.tolist() if (one := sources[place]) is not None]
        ranked.append(
            SourceGroup(
                rank,
                source,
                _label(source, by),
                places,
                kernel_ns,
                kernel_ns / total if total else 0.0,
                _by_time([one.function for one in known], times[places]),
                _by_time([one.call for one in known], times[places]),
                _by_time(ops.codes.take(places), times[places]),
            )
        )
    return tuple(ranked)


def _label(source: Source | None, by: GroupBy) -> str:
    if source is None:
        return UNKNOWN
    return {GroupBy.MODULE: source.path, GroupBy.LINE: source.place, GroupBy.CALL: source.call}[by]


def _by_time(names: Iterable[str], times: FloatArray) -> tuple[str, ...]:
    """Each name once, most time first; ops of an unknown source have none."""
    total: dict[str, float] = {}
    for name, time in zip(names, times.tolist(), strict=False):
        total[name] = total.get(name, 0.0) + time
    return tuple(sorted(filter(None, total), key=lambda name: -total[name]))


def module_tree(ops: Ops, sources: Sequence[Source | None]) -> Module:
    """The modules as a tree, most time first on each level; ops of an unknown source are in a node of their own."""
    own: dict[tuple[str, ...], list[float]] = {}
    for source, time in zip(sources, np.nan_to_num(ops.counted_ns).tolist(), strict=True):
        figures = own.setdefault(source.module if source is not None else (UNKNOWN,), [0.0, 0.0])
        figures[0] += time
        figures[1] += 1
    every = {path[:depth] for path in own for depth in range(len(path) + 1)} | {()}
    inner: dict[tuple[str, ...], list[Module]] = {}
    for path in sorted(every, key=len, reverse=True):
        children = sorted(inner.pop(path, ()), key=lambda child: (-child.total_ns, child.path))
        self_ns, count = own.get(path, (0.0, 0.0))
        module = Module(
            path,
            self_ns + sum(child.total_ns for child in children),
            self_ns,
            int(count) + sum(child.count for child in children),
            tuple(children),
        )
        inner.setdefault(path[:-1], []).append(module)
    return module  # the root, the shortest of all paths
