"""Which slots of both sides belong together, device by device."""

from __future__ import annotations

import hashlib
from bisect import bisect_left, bisect_right
from collections.abc import Hashable, Iterator, Sequence
from itertools import pairwise

import numpy as np

from perfsheet.alignment import align
from perfsheet.analysis.ops.variants import Variant
from perfsheet.capture.table import IntArray
from perfsheet.comparison.changes import Describing
from perfsheet.comparison.fusions import fusions
from perfsheet.comparison.likeness import Likeness, Traits, traits
from perfsheet.comparison.slots import Slots
from perfsheet.light_dataclass import dataclass

_NONE = np.empty(0, dtype=np.int64)


@dataclass(frozen=True)
class Pairing:
    """Slots that are the same op: one per side, several on one side (fused, split), or none (added, removed)."""

    base: tuple[int, ...]
    new: tuple[int, ...]


def pairings(base: Slots, new: Slots, describing: Describing) -> list[Pairing]:
    """Pairings of all slots of both sides, each slot once, in execution order."""
    tokens = _Tokens(base, new, describing)
    return [
        pairing
        for ours, theirs in _lanes(base, new)
        for pairing in _of_lane(_lane(base, ours, tokens.base), _lane(new, theirs, tokens.new), tokens)
    ]


def _lane(side: Slots, slots: IntArray, tokens: IntArray) -> _Lane:
    return _Lane(slots, tokens[slots], [side.variant(slot) for slot in slots.tolist()])


def _lanes(base: Slots, new: Slots) -> Iterator[tuple[IntArray, IntArray]]:
    """Slots of devices that belong together: by id if one side has all ids of the other, else in order."""
    ours, theirs = base.devices, new.devices
    nested = ours.keys() <= theirs.keys() or theirs.keys() <= ours.keys()
    shared = sorted(ours.keys() & theirs.keys()) if nested else []
    yield from ((ours[device], theirs[device]) for device in shared)
    rest = [sorted(side.keys() - set(shared)) for side in (ours, theirs)]
    for number in range(max(map(len, rest))):
        yield (
            ours[rest[0][number]] if number < len(rest[0]) else _NONE,
            theirs[rest[1][number]] if number < len(rest[1]) else _NONE,
        )


class _Tokens:
    """Slots as numbers; equal numbers are identical ops."""

    def __init__(self, base: Slots, new: Slots, describing: Describing) -> None:
        self._numbers: dict[Traits, int] = {}
        self.base, self.new = (self._of(side, describing) for side in (base, new))
        self.likeness = Likeness(self._numbers)
        self._texts = [repr(op).encode() for op in self._numbers]
        works: dict[object, int] = {}
        self.work = np.array([works.setdefault(op.work, len(works)) for op in self._numbers], dtype=np.int64)
        """For each token a number for what it computes, independent of its configuration."""
        kinds: dict[str, int] = {}
        self.kind = np.array([kinds.setdefault(op.kind, len(kinds)) for op in self._numbers], dtype=np.int64)

    def _of(self, side: Slots, describing: Describing) -> IntArray:
        hashes = side.analysis.ops.text("program_hash")
        keys = list(zip(side.variant_of.tolist(), (hashes[position] for position in side.first.tolist()), strict=True))
        token_of: dict[tuple[int, str], int] = {}
        variants = side.analysis.ops.variants.all
        for key in dict.fromkeys(keys):
            op_traits = traits(variants[key[0]], key[1], describing)
            token_of[key] = self._numbers.setdefault(op_traits, len(self._numbers))
        return np.array([token_of[key] for key in keys], dtype=np.int64)

    def digest(self, tokens: IntArray) -> tuple[int, bytes]:
        """A sort key of a sequence that does not depend on its side."""
        return len(tokens), hashlib.sha256(b"\n".join(self._texts[token] for token in tokens.tolist())).digest()


@dataclass(frozen=True, eq=False)
class _Lane:
    """The slots of a device in order, with their tokens and descriptions."""

    slots: IntArray
    tokens: IntArray
    variants: list[Variant]


def _of_lane(base: _Lane, new: _Lane, tokens: _Tokens) -> Iterator[Pairing]:
    """Pairings of two lanes, independent of which side comes first: swapping the sides only swaps the pairs."""
    same = len(base.tokens) == len(new.tokens) and bool((base.tokens == new.tokens).all())
    if not same and tokens.digest(base.tokens) > tokens.digest(new.tokens):
        yield from (Pairing(pairing.new, pairing.base) for pairing in _paired(new, base, tokens))
    else:
        yield from _paired(base, new, tokens)


def _paired(base: _Lane, new: _Lane, tokens: _Tokens) -> Iterator[Pairing]:
    aligned = align(base.tokens, new.tokens, (tokens.work, tokens.kind), tokens.likeness)
    pairs = [(place, other) for place, other in aligned.tolist()]
    fused = fusions(base.variants, new.variants, pairs)
    taken = {place for run in fused.values() for place in run}
    apart = fusions(new.variants, base.variants, [(other, place) for place, other in pairs])
    # An op that takes part in a fusion is not part of a split.
    split = {
        place: run for place, run in apart.items() if place not in taken and not any(other in fused for other in run)
    }
    base_places = {place for place, _ in pairs} | split.keys() | taken
    new_places = {other for _, other in pairs} | fused.keys() | {other for run in split.values() for other in run}
    free = (set(range(len(base.slots))) - base_places, set(range(len(new.slots))) - new_places)
    kin = (tokens.work[base.tokens].tolist(), tokens.work[new.tokens].tolist())
    elsewhere = moved(*kin, pairs, free)
    yield from _in_order(base.slots, new.slots, pairs, _Special(fused, split, elsewhere))


class _Special:
    """Fusions, splits and moved ops: for an index the indices on the other side that belong to it."""

    def __init__(
        self, fused: dict[int, list[int]], split: dict[int, list[int]], elsewhere: list[tuple[int, int]]
    ) -> None:
        self.of_base = split
        self.of_new = {**fused, **{other: [place] for place, other in elsewhere}}
        self.covered_by_new = {place for run in self.of_new.values() for place in run}
        self.covered_by_base = {other for run in split.values() for other in run}


def _in_order(ours: IntArray, theirs: IntArray, pairs: list[tuple[int, int]], special: _Special) -> Iterator[Pairing]:
    """Walk both lanes from pair to pair; fusions and splits are placed where the single op ran."""
    for before, after in pairwise([(-1, -1), *pairs, (len(ours), len(theirs))]):
        for place in range(before[0] + 1, after[0]):
            if place not in special.covered_by_new:
                yield _pairing(ours, theirs, [place], special.of_base.get(place, []))
        for other in range(before[1] + 1, after[1]):
            if other not in special.covered_by_base:
                yield _pairing(ours, theirs, special.of_new.get(other, []), [other])
        if after[0] < len(ours):
            base = special.of_new.get(after[1], [after[0]])
            yield _pairing(ours, theirs, base, special.of_base.get(after[0], [after[1]]))


def _pairing(ours: IntArray, theirs: IntArray, base: list[int], new: list[int]) -> Pairing:
    return Pairing(tuple(ours[base].tolist()), tuple(theirs[new].tolist()))


_REACH = 16
"""The most counterparts between the old and the new place of a moved op."""
_MOST = 32


def moved(
    base: Sequence[Hashable], new: Sequence[Hashable], pairs: Sequence[tuple[int, int]], free: tuple[set[int], set[int]]
) -> list[tuple[int, int]]:
    """Pairs of equal ops that changed places with a neighbour, nearest first; `free` are ops without a counterpart."""
    places = (
        _between([base_index for base_index, _ in pairs], free[0]),
        _between([other for _, other in pairs], free[1]),
    )
    by_op: dict[Hashable, list[int]] = {}
    for other in sorted(free[1]):
        by_op.setdefault(new[other], []).append(other)
    candidates = sorted(
        (abs(places[0][base_index] - places[1][other]), base_index + other, base_index, other)
        for base_index in free[0]
        for other in _near(by_op.get(base[base_index], []), places[1], places[0][base_index])
    )
    moved_pairs: list[tuple[int, int]] = []
    taken: tuple[set[int], set[int]] = (set(), set())
    for _, _, base_index, other in candidates:
        if base_index not in taken[0] and other not in taken[1]:
            moved_pairs.append((base_index, other))
            taken[0].add(base_index)
            taken[1].add(other)
    return moved_pairs


def _near(others: list[int], places: dict[int, int], place: int) -> list[int]:
    """Those within reach; the nearest if there are very many."""
    first = bisect_left(others, place - _REACH, key=places.__getitem__)
    last = bisect_right(others, place + _REACH, key=places.__getitem__)
    if last - first > _MOST:
        middle = bisect_left(others, place, key=places.__getitem__)
        first, last = max(first, middle - _MOST // 2), min(last, middle + _MOST // 2)
    return others[first:last]


def _between(paired: list[int], free: set[int]) -> dict[int, int]:
    """How many counterparts come before each of these indices."""
    counts: dict[int, int] = {}
    before = 0
    for place in sorted(free):
        while before < len(paired) and paired[before] < place:
            before += 1
        counts[place] = before
    return counts
