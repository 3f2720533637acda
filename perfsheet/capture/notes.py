"""What the reader and the analysis noticed about a capture: counted, and shown wherever results are shown."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Note:
    """One observation about a capture.

    `id` is a word (`rows-dropped`, `blank-duration`, …), `count` the rows or cells concerned, `dropped` how many
    rows were left out because of it, `text` one sentence for people. `loses`: ops of the run are missing because of
    it, or may be.
    """

    id: str
    text: str
    count: int = 0
    dropped: int = 0
    loses: bool = False


def rows(count: int, what: str = "row") -> str:
    """`1 row`, `1,234 rows`."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"
