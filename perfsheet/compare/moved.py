"""Ops that changed places with a neighbour: they keep their counterpart, although that runs earlier or later."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Hashable, Sequence

_REACH = 16
"""So many counterparts may lie between both places."""
_MOST = 32


def moved(
    base: Sequence[Hashable], new: Sequence[Hashable], pairs: Sequence[tuple[int, int]], free: tuple[set[int], set[int]]
) -> list[tuple[int, int]]:
    """Pairs of equal ops among those without a counterpart, the nearest first; `free` are their places."""
    places = (_between([one for one, _ in pairs], free[0]), _between([other for _, other in pairs], free[1]))
    by_op: dict[Hashable, list[int]] = {}
    for other in sorted(free[1]):
        by_op.setdefault(new[other], []).append(other)
    candidates = sorted(
        (abs(places[0][one] - places[1][other]), one + other, one, other)
        for one in free[0]
        for other in _near(by_op.get(base[one], []), places[1], places[0][one])
    )
    found: list[tuple[int, int]] = []
    taken: tuple[set[int], set[int]] = (set(), set())
    for _, _, one, other in candidates:
        if one not in taken[0] and other not in taken[1]:
            found.append((one, other))
            taken[0].add(one)
            taken[1].add(other)
    return found


def _near(others: list[int], places: dict[int, int], place: int) -> list[int]:
    """Those within reach; of very many the nearest."""
    first = bisect_left(others, place - _REACH, key=places.__getitem__)
    last = bisect_right(others, place + _REACH, key=places.__getitem__)
    if last - first > _MOST:
        middle = bisect_left(others, place, key=places.__getitem__)
        first, last = max(first, middle - _MOST // 2), min(last, middle + _MOST // 2)
    return others[first:last]


def _between(paired: list[int], free: set[int]) -> dict[int, int]:
    """How many counterparts come before each of these places."""
    found: dict[int, int] = {}
    before = 0
    for place in sorted(free):
        while before < len(paired) and paired[before] < place:
            before += 1
        found[place] = before
    return found
