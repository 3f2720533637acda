"""What of two captures is compared: one pass with one where both have passes, else everything."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from perfsheet.analysis.analyze import Analysis
from perfsheet.analysis.facts import Facts
from perfsheet.analysis.repeats import Repeats
from perfsheet.analysis.statistics import spread
from perfsheet.analysis.windows.scope import all_passes, without
from perfsheet.capture.table import BoolArray, IntArray
from perfsheet.comparison.changes import Describing
from perfsheet.comparison.pairing import pairings
from perfsheet.comparison.slots import Slots, folded, outside_of_passes, unfolded


def slots(base: Analysis, new: Analysis) -> tuple[Slots, Slots]:
    """Both sides. Passes are folded if that makes the sides more alike: two passes against one pass, but not a model of
    two layers against one of four."""
    both, apart = (folded(base), folded(new)), (unfolded(base), unfolded(new))
    return both if _difference(*both) <= _difference(*apart) else apart


def _difference(base: Slots, new: Slots) -> float:
    return abs(math.log(len(base) / len(new)))


def paired_ops(base: Slots, new: Slots) -> list[tuple[int, int]]:
    """Each slot of base with its counterparts."""
    found = pairings(base, new, Describing.of(base.analysis.ops, new.analysis.ops))
    return [(slot, other) for pairing in found for slot in pairing.base for other in pairing.new]


def like_for_like(base: Analysis, new: Analysis) -> tuple[Analysis, Analysis]:
    """Both analyses, of parts that correspond, where the options leave the choice of the pass to the analysis.

    A capture of several passes is of one of them by default. In one of a single pass nothing repeats: what belongs to
    no pass of the other capture (setup) is left out. Where the repeated ops turn out to be layers, since the other
    capture has them in one pass, everything is compared; not with several runs, which are known for one pass only.
    """
    scopes = (base.facts.scope, new.facts.scope)
    counts = [scope.passes.count for scope in scopes]
    if counts[0] == counts[1] or any(side.ops.options.selection.which_pass is not None for side in (base, new)):
        return base, new
    whole = (_whole(base), _whole(new))
    sides = slots(*whole)
    if max(side.passes for side in sides) == 1:
        return (base, new) if base.repeats or new.repeats else whole
    if min(counts) > 1:
        return base, new
    outside = outside_of_passes(*sides, paired_ops(*sides))
    return (_without(base, outside[0]), new) if counts[0] == 1 else (base, _without(new, outside[1]))


def _whole(analysis: Analysis) -> Analysis:
    """The same of all passes."""
    if analysis.facts.scope.chosen is None or analysis.facts.passes.count == 1:
        return analysis
    return Analysis(Facts(all_passes(analysis.facts.scope)), analysis.provenance)


def _without(analysis: Analysis, outside: BoolArray) -> Analysis:
    """The same without some ops, as the only pass."""
    was = analysis.facts.scope
    now = without(was, np.flatnonzero(outside)) if outside.any() and not outside.all() else was
    if now is was:
        return analysis
    return Analysis(Facts(now), analysis.provenance, _cut(analysis.repeats, was.of, now.of))


def _cut(repeats: Repeats | None, was: IntArray, now: IntArray) -> Repeats | None:
    """What the runs say about the ops that are left."""
    if repeats is None or not np.isin(now, was).all():
        return None
    order = np.argsort(was)
    columns = order[np.searchsorted(was, now, sorter=order)]
    durations, exposed = repeats.durations[:, columns], repeats.counted_ns[:, columns]
    return replace(repeats, durations=durations, counted_ns=exposed, total=spread(np.nansum(exposed, axis=1)))
