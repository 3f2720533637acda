"""Which lines of the source got faster or slower, from the graph reports of both sides.

An op belongs to the line that calls it now. One that is gone belongs to the line that most other ops of its former line
have moved to, else to its former line.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from perfsheet.capture.table import IntArray
from perfsheet.comparison.results import ComparedOp, LineChange
from perfsheet.comparison.slots import Slots
from perfsheet.comparison.times import Clock

if TYPE_CHECKING:
    from perfsheet.analysis.graph.sources import Source

Line = tuple[str, int]


def line_changes(
    ops: Sequence[ComparedOp], base: Slots, new: Slots, places: tuple[IntArray, IntArray], clock: Clock
) -> tuple[LineChange, ...]:
    """The lines, largest difference first; none unless both sides have a graph report."""
    graphs = (base.analysis.graph, new.analysis.graph)
    if graphs[0] is None or graphs[1] is None:
        return ()
    before = [_first(graphs[0].sources, op.base) for op in ops]
    now = [_first(graphs[1].sources, op.new) for op in ops]
    moved: dict[Line, Counter[Line]] = {}
    for was, source in zip(before, now, strict=True):
        if was is not None and source is not None:
            moved.setdefault(_line(was), Counter())[_line(source)] += 1
    known = {_line(source): source for source in reversed(now) if source is not None}
    shown = [
        source
        if source is not None or was is None
        else known[moved[_line(was)].most_common(1)[0][0]]
        if _line(was) in moved
        else was
        for was, source in zip(before, now, strict=True)
    ]
    numbers: dict[Line | None, int] = {}
    of_op = np.array(
        [numbers.setdefault(None if source is None else _line(source), len(numbers)) for source in shown],
        dtype=np.int64,
    )
    if not numbers:
        return ()
    times = clock.times(of_op[places[0]], of_op[places[1]], len(numbers))
    changes = []
    for number, taken in enumerate(times):
        here = np.flatnonzero(of_op == number).tolist()
        sources = [(shown[place], before[place]) for place in here]
        source = sources[0][0]
        former = Counter(_line(was) for _, was in sources if was is not None).most_common(1)
        first_was = next((was for _, was in sources if was is not None and former and _line(was) == former[0][0]), None)
        counts = [
            sum(len(set(side.of[list(positions)].tolist())) for place in here if (positions := at(ops[place])))
            for side, at in ((base, _base), (new, _new))
        ]
        calls = tuple(dict.fromkeys(one.call for one, _ in sources if one is not None))
        changes.append(LineChange(source, first_was, calls, counts[0], counts[1], taken))
    return tuple(sorted(changes, key=lambda change: -abs(clock.span(change.times).delta_ns or 0.0)))


def _base(op: ComparedOp) -> tuple[int, ...]:
    return op.base


def _new(op: ComparedOp) -> tuple[int, ...]:
    return op.new


def _first(sources: Sequence[Source | None], positions: tuple[int, ...]) -> Source | None:
    return next((source for position in positions if (source := sources[position]) is not None), None)


def _line(source: Source) -> Line:
    return source.file, source.line
