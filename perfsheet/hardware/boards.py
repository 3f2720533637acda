"""Boards: one table of what a chip of each has, every number with its source (docs/hardware.md).

A worker grid is what is left of the Tensix grid after harvesting and dispatch; AVAILABLE WORKER CORE COUNT in a capture
is authoritative, and so is its clock. This table serves captures that lack them, and gives the peaks.
"""

from __future__ import annotations

from dataclasses import dataclass

from perfsheet.errors import usage

DOCUMENTED_REF_CORES = 108
"""The reference core count of the documented utilization formula: 9 × 12, Grayskull e150's worker grid less one
dispatch row (TTNN-model-bringup.md §4.1; tt-metal#12468). No board that is supported today has 108 workers."""

FIDELITY_PASSES = {"LOFI": 1, "HIFI2": 2, "HIFI3": 3, "HIFI4": 4}
"""Passes over the matrix engine for each math fidelity (tech_reports/matrix_engine): peak FLOP/s divide by it."""


@dataclass(frozen=True)
class Board:
    """What one chip of a board has; `--board` names it.

    `dram_gb_s`: peak DRAM bandwidth in 10⁹ bytes a second. `clock_ghz`: AI clock. `flops_per_cycle`: of one core at
    LoFi, a multiply and an add being two. `grid_source`, `dram_source`: where those figures are from.
    """

    name: str
    arch: str
    worker_cores: int
    dram_gb_s: float
    clock_ghz: float
    flops_per_cycle: int
    grid_source: str
    dram_source: str


_WORMHOLE, _BLACKHOLE, _GRAYSKULL = "wormhole_b0", "blackhole", "grayskull"
_SIX_GDDR6 = "data sheet: 192 bit of GDDR6 at 12 GT/s; tt-perf-report has the same"

# Of each architecture the usual board stands first: it is taken for a chip whose grid is that of none.
# 4096 FLOP a cycle: 8×16 by 16×16 multiply-adds in one (tt-metal operation.cpp; tech_reports/matrix_engine).
BOARDS: tuple[Board, ...] = (
    Board("n150", _WORMHOLE, 64, 288, 1.0, 4096, "core descriptor: 8×8 workers, one row for dispatch", _SIX_GDDR6),
    Board(
        "n300", _WORMHOLE, 56, 288, 1.0, 4096, "core descriptor: 8×7 workers a chip with Tensix dispatch", _SIX_GDDR6
    ),
    Board(
        "galaxy",
        _WORMHOLE,
        72,
        336,
        1.0,
        4096,
        "core descriptor: 8×9 workers a chip with row dispatch",
        "192 bit of GDDR6 at 14 GT/s, the fastest that a Wormhole was measured with (Saturating_DRAM_bandwidth.md); no "
        "data sheet says that Galaxy has it",
    ),
    Board(
        "p150",
        _BLACKHOLE,
        110,
        512,
        1.35,
        4096,
        "AVAILABLE WORKER CORE COUNT of captures taken on p150: 11×10",
        "data sheet: 256 bit of GDDR6 at 16 GT/s; tt-metal operation.cpp has the same",
    ),
    Board(
        "p100",
        _BLACKHOLE,
        110,
        448,
        1.35,
        4096,
        "AVAILABLE WORKER CORE COUNT of captures taken on p100a: 11×10",
        "data sheet: 224 bit of GDDR6 at 16 GT/s",
    ),
    Board(
        "bh20",
        _BLACKHOLE,
        20,
        512,
        1.35,
        4096,
        "AVAILABLE WORKER CORE COUNT of captures taken on the 20-core derivative",
        "tt-perf-report's bh20; eight DRAM channels in tt-metal's blackhole_24_BOS_arch.yaml; no data sheet",
    ),
    Board(
        "n1",
        _BLACKHOLE,
        20,
        120,
        0.65,
        4096,
        "tt-perf-report's n1; 5×4 workers in tt-metal's blackhole_24_BOS_arch.yaml",
        "tt-perf-report's n1, and its maker's page on Eagle-N A0; no data sheet",
    ),
    Board(
        "e150",
        _GRAYSKULL,
        108,
        118.4,
        1.2,
        2048,
        "core descriptor: 12×9 workers; support was removed from tt-metal",
        "data sheet: 256 bit of LPDDR4 at 3.7 GT/s; 2048 FLOP a cycle as tt-metal's model had it",
    ),
)

ARCHES: frozenset[str] = frozenset(one.arch for one in BOARDS)
"""Architectures of these boards, as DEVICE ARCH spells them."""

# tt_metal/core_descriptors/*.yaml: every worker grid that a chip of these architectures can have, with the dispatch
# cores on a Tensix row, on a Tensix column or on Ethernet cores, and with zero to two Blackhole columns harvested.
KNOWN_GRIDS: frozenset[int] = frozenset({20, 56, 63, 64, 70, 72, 80, 108, 110, 120, 130, 140})

_CLOCK_TOLERANCE = 0.02


def board(name: str) -> Board:
    """The board of that name (case does not matter). Raises PerfsheetError (exit status 2) for an unknown one."""
    for known in BOARDS:
        if known.name == name.strip().lower():
            return known
    raise usage(f"unknown board {name!r}", "known: " + ", ".join(known.name for known in BOARDS))


def likely_board(arch: str, worker_cores: int | None, clock_ghz: float | None) -> Board | None:
    """The board behind a chip; None when nothing tells.

    `arch` as DEVICE ARCH spells it; blank = told by the clock alone, which the architectures don't share. Of several
    boards that fit, the one with the most DRAM bandwidth is taken, so that no share of it comes out too high.
    """
    of_arch = [one for one in BOARDS if not arch.strip() or one.arch == arch.strip().lower()]
    same_clock = [one for one in of_arch if _clock_fits(one, clock_ghz)]
    # Without DEVICE ARCH only the clock tells; with it a chip may be clocked like no board of the table.
    fitting = same_clock or (of_arch if arch.strip() else [])
    same_grid = [one for one in fitting if one.worker_cores == worker_cores]
    return max(same_grid or fitting[:1], key=lambda one: one.dram_gb_s, default=None)


def _clock_fits(candidate: Board, clock_ghz: float | None) -> bool:
    return clock_ghz is not None and abs(candidate.clock_ghz / clock_ghz - 1) <= _CLOCK_TOLERANCE
