"""Boards and worker grids: one table, each number with its source.

A worker grid is what is left of the Tensix grid after harvesting and dispatch; AVAILABLE WORKER CORE COUNT in a capture
is authoritative, this table serves captures that lack the column.
"""

from __future__ import annotations

from dataclasses import dataclass

from perfsheet.errors import usage

DOCUMENTED_REF_CORES = 108
"""The reference core count of the documented utilization formula: 9 × 12, Grayskull e150's worker grid less one
dispatch row (TTNN-model-bringup.md §4.1; tt-metal#12468). No board that is supported today has 108 workers."""


@dataclass(frozen=True)
class Board:
    """A board as `--board` names it; `worker_cores` is per chip, `source` says where the figure is from."""

    name: str
    arch: str
    worker_cores: int
    source: str


BOARDS: tuple[Board, ...] = (
    Board("n150", "wormhole_b0", 64, "core descriptor wormhole_b0_80_arch: 8×8 workers, one row for dispatch"),
    Board("n300", "wormhole_b0", 56, "core descriptor: 8×7 workers a chip with Tensix dispatch"),
    Board("galaxy", "wormhole_b0", 72, "core descriptor: 8×9 workers a chip with row dispatch"),
    Board("p100", "blackhole", 110, "AVAILABLE WORKER CORE COUNT of captures taken on p100a: 11×10"),
    Board("p150", "blackhole", 110, "AVAILABLE WORKER CORE COUNT of captures taken on p150: 11×10"),
    Board("bh20", "blackhole", 20, "AVAILABLE WORKER CORE COUNT of captures taken on the 20-core derivative"),
    Board("e150", "grayskull", 108, "9×12 workers; support was removed from tt-metal"),
)

# tt_metal/core_descriptors/*.yaml: every worker grid that a chip of these architectures can have, with the dispatch
# cores on a Tensix row, on a Tensix column or on Ethernet cores, and with zero to two Blackhole columns harvested.
KNOWN_GRIDS: frozenset[int] = frozenset({20, 56, 63, 64, 70, 72, 80, 108, 110, 120, 130, 140})


def board(name: str) -> Board:
    """The board of that name (case does not matter). Raises PerfsheetError (exit status 2) for an unknown one."""
    for known in BOARDS:
        if known.name == name.strip().lower():
            return known
    raise usage(f"unknown board {name!r}", "known: " + ", ".join(known.name for known in BOARDS))
