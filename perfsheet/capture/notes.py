"""Observations about a capture, made while reading it."""

from __future__ import annotations

from perfsheet.light_dataclass import dataclass


@dataclass(frozen=True)
class Note:
    """One observation about a capture, shown wherever its results are shown.

    `id` is a name (`repeated-header`, `blank-duration`, …), `text` one sentence for people, `count` the rows or cells
    concerned, `dropped` how many rows were left out. `loses`: ops of the run are or may be missing because of it.
    """

    id: str
    text: str
    count: int = 0
    dropped: int = 0
    loses: bool = False


def rows(count: int, noun: str = "row") -> str:
    """`1 row`, `1,234 rows`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
