"""Histories of generated captures, made in this process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from perfsheet.analysis import Options
from perfsheet.history.adding import Added, Work, Written, add, known_in, write_portion
from perfsheet.history.facts import Found, Stated, find
from perfsheet.history.places import place_of

NAMES = "{model}/{board}/{commit}/ops_perf_results_{started}.csv"
NIGHTS = 60
"""Generated captures of the fixture `nights`; with so many the three planted changes are at 18, 34 and 48."""
CHANGED_AT = (18, 34, 48)


def one_after_the_other(work: Work, portions: Sequence[Sequence[Found]]) -> Iterator[Written]:
    return (write_portion(work, portion) for portion in portions)


def added(store: Path, *captures: Path | str, with_ops: bool = False, replace: bool = False, **stated: object) -> Added:
    """What adding them says."""
    there = known_in(place_of(str(store)))
    known = frozenset() if replace else there
    work = Work(str(store), Options(), Stated(**stated), with_ops, known)
    return add(work, find([str(path) for path in captures])[0], one_after_the_other)
