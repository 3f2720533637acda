"""The boards: worker grid, peaks and PCI ids of each, with the source of every number.

A new board is one `Board` in BOARDS (and one `Arch` when its chip is new); `--board`, the peaks, the match by worker
grid and the tables of docs/hardware.md (`make docs`) follow. A capture's own AVAILABLE WORKER CORE COUNT and clock come
first; this table gives the peaks, and serves captures without these columns.
"""

from __future__ import annotations

from perfsheet.errors import usage
from perfsheet.light_dataclass import dataclass

DOCUMENTED_REF_CORES = 108
"""The reference core count of the documented utilization formula: 9 × 12, Grayskull e150's worker grid less one
dispatch row (TTNN-model-bringup.md §4.1; tt-metal#12468). No board that is supported today has 108 workers."""

_TT_METAL = "https://github.com/tenstorrent/tt-metal/blob/main"
_DATA_SHEETS = "https://docs.tenstorrent.com/aibs"
_TT_PERF_REPORT = "https://github.com/tenstorrent/tt-perf-report/blob/main/src/tt_perf_report/perf_report.py"
TENSIX_SOURCE = f"data sheets, {_DATA_SHEETS}; firmware of 2026 runs p150 with 120, its earlier captures may have more"
BANKS_SOURCE = (
    "two banks to each of 6 channels of Wormhole, one to each channel elsewhere (tt-metal#13487, #17306); a channel of "
    "p100 is harvested (tt-metal#21993, #45794)"
)
PCI_IDS = "https://github.com/tenstorrent/tt-kmd/blob/main/enumerate.h"
_CORE_DESCRIPTORS = f"{_TT_METAL}/tt_metal/core_descriptors"
_FULL_RATE = (
    f"8×16 by 16×16 multiply-adds a cycle: {_TT_METAL}/tech_reports/matrix_engine/matrix_engine.md, "
    f"{_TT_METAL}/tech_reports/GEMM_FLOPS/GEMM_FLOPS.md"
)

FIDELITY_PASSES = {"LOFI": 1, "HIFI2": 2, "HIFI3": 3, "HIFI4": 4}
"""Passes over the matrix engine for each math fidelity: peak FLOP/s divide by it.
Source: tech_reports/matrix_engine/matrix_engine.md of tt-metal."""

L1_BYTES = 1.5e6
"""L1 of a Tensix core: 1,499,136 bytes (worker_l1_size in tt_metal/soc_descriptors/*.yaml of tt-metal), rounded."""


@dataclass(frozen=True)
class Arch:
    """A chip architecture. `name`: as DEVICE ARCH spells it. `flops_per_cycle`: of one core at LoFi, a multiply and an
    add being two. `pci_id`: its PCI device id, of vendor 0x1e52.
    """

    name: str
    pci_id: int
    flops_per_cycle: int
    flops_source: str


WORMHOLE = Arch("wormhole_b0", 0x401E, 4096, _FULL_RATE)
BLACKHOLE = Arch("blackhole", 0xB140, 4096, _FULL_RATE)
GRAYSKULL = Arch(
    "grayskull",
    0xFACA,
    2048,
    "tt-metal's own model at the time; the data sheet implies up to 2304, so shares may be too high",
)


@dataclass(frozen=True)
class Board:
    """What one chip of a board has; `--board` names it.

    `dram_gb_s`: peak DRAM bandwidth in 10⁹ bytes a second. `clock_ghz`: AI clock. `chips`: how many the board has.
    `tensix_cores`: of a chip, workers and dispatch together. `dram_banks`: of a chip, as tt-metal counts them; None =
    unknown.
    """

    name: str
    chip: Arch
    worker_cores: int
    dram_gb_s: float
    clock_ghz: float
    grid_source: str
    dram_source: str
    clock_source: str
    chips: int = 1
    tensix_cores: int | None = None
    dram_banks: int | None = None

    @property
    def arch(self) -> str:
        """Its architecture, as DEVICE ARCH spells it."""
        return self.chip.name

    @property
    def flops_per_cycle(self) -> int:
        """FLOP of one core in one cycle, at LoFi."""
        return self.chip.flops_per_cycle


_WORMHOLE_SHEET = f"data sheet, {_DATA_SHEETS}/wormhole/specifications.html"
_BLACKHOLE_SHEET = f"data sheet, {_DATA_SHEETS}/blackhole/specifications.html"
_GRAYSKULL_SHEET = f"data sheet, {_DATA_SHEETS}/grayskull/specifications.html"
_OF_CAPTURES, _AS_N150 = "firmware cycles per ns in captures taken on it", "that of n150"
_SIX_GDDR6 = f"192 bit of GDDR6 at 12 GT/s a chip: {_WORMHOLE_SHEET}; tt-perf-report has the same"
_BOS = f"{_CORE_DESCRIPTORS}/blackhole_24_BOS_arch.yaml"

# The usual board of each architecture stands first: it is taken for a chip whose worker grid is in no line.
BOARDS: tuple[Board, ...] = (
    Board(
        name="n150",
        chip=WORMHOLE,
        worker_cores=64,
        dram_gb_s=288,
        clock_ghz=1.0,
        grid_source=f"8×8 workers, one row for dispatch: {_CORE_DESCRIPTORS}/wormhole_b0_80_arch.yaml",
        dram_source=_SIX_GDDR6,
        clock_source=_OF_CAPTURES,
        tensix_cores=72,
        dram_banks=12,
    ),
    Board(
        name="n300",
        chip=WORMHOLE,
        worker_cores=56,
        dram_gb_s=288,
        clock_ghz=1.0,
        grid_source=f"8×7 workers a chip with Tensix dispatch: {_CORE_DESCRIPTORS}/wormhole_b0_80_arch.yaml",
        dram_source=_SIX_GDDR6,
        clock_source=_AS_N150,
        chips=2,
        tensix_cores=64,
        dram_banks=12,
    ),
    Board(
        name="galaxy",
        chip=WORMHOLE,
        worker_cores=72,
        dram_gb_s=336,
        clock_ghz=1.0,
        grid_source=f"8×9 workers a chip with row dispatch: {_CORE_DESCRIPTORS}/wormhole_b0_80_arch.yaml",
        dram_source="192 bit of GDDR6 at 14 GT/s, the fastest that a Wormhole was measured with: "
        f"{_TT_METAL}/tech_reports/Saturating_DRAM_bandwidth/Saturating_DRAM_bandwidth.md; **no data sheet says that "
        "Galaxy has it**",
        clock_source=_AS_N150,
        chips=32,
        tensix_cores=80,
        dram_banks=12,
    ),
    Board(
        name="p150",
        chip=BLACKHOLE,
        worker_cores=110,
        dram_gb_s=512,
        clock_ghz=1.35,
        grid_source="11×10: AVAILABLE WORKER CORE COUNT of captures taken on p150",
        dram_source=f"256 bit of GDDR6 at 16 GT/s: {_BLACKHOLE_SHEET}; tt-metal's operation.cpp has the same",
        clock_source=_OF_CAPTURES,
        tensix_cores=140,
        dram_banks=8,
    ),
    Board(
        name="p100",
        chip=BLACKHOLE,
        worker_cores=110,
        dram_gb_s=448,
        clock_ghz=1.35,
        grid_source="11×10: AVAILABLE WORKER CORE COUNT of captures taken on p100a",
        dram_source=f"224 bit of GDDR6 at 16 GT/s: {_BLACKHOLE_SHEET}; tt-perf-report has the same",
        clock_source=_OF_CAPTURES,
        tensix_cores=120,
        dram_banks=7,
    ),
    Board(
        name="bh20",
        chip=BLACKHOLE,
        worker_cores=20,
        dram_gb_s=512,
        clock_ghz=1.35,
        grid_source="AVAILABLE WORKER CORE COUNT of captures taken on the 20-core derivative",
        dram_source=f"{_TT_PERF_REPORT}; eight DRAM channels in {_BOS}; no data sheet",
        clock_source=_OF_CAPTURES,
        dram_banks=8,
    ),
    Board(
        name="n1",
        chip=BLACKHOLE,
        worker_cores=20,
        dram_gb_s=120,
        clock_ghz=0.65,
        grid_source=f"5×4 workers: {_BOS}",
        dram_source=f"{_TT_PERF_REPORT}, and its maker's page on Eagle-N A0; no data sheet",
        clock_source=f"{_TT_PERF_REPORT}; no data sheet",
    ),
    Board(
        name="e150",
        chip=GRAYSKULL,
        worker_cores=108,
        dram_gb_s=118.4,
        clock_ghz=1.2,
        grid_source=f"12×9 workers: {_CORE_DESCRIPTORS}/grayskull_120_arch.yaml; tt-metal no longer supports it",
        dram_source=f"256 bit of LPDDR4 at 3.7 GT/s: {_GRAYSKULL_SHEET}",
        clock_source=_GRAYSKULL_SHEET,
        tensix_cores=120,
        dram_banks=8,
    ),
)

ARCHES: frozenset[str] = frozenset(board.arch for board in BOARDS)
"""Architectures of these boards, as DEVICE ARCH spells them."""

# Every worker grid of tt-metal's core descriptors (tt_metal/core_descriptors/*.yaml): with the dispatch cores on a
# Tensix row, on a Tensix column or on Ethernet cores, and with zero to two Blackhole columns harvested.
_GRIDS_OF_DESCRIPTORS = {20, 56, 63, 64, 70, 72, 80, 108, 110, 120, 130, 140}
KNOWN_GRIDS: frozenset[int] = frozenset(_GRIDS_OF_DESCRIPTORS | {board.worker_cores for board in BOARDS})

_CLOCK_TOLERANCE = 0.02


def board(name: str) -> Board:
    """The board of that name (case does not matter). Raises PerfsheetError (exit status 2) for an unknown one."""
    for candidate in BOARDS:
        if candidate.name == name.strip().lower():
            return candidate
    raise usage(f"unknown board {name!r}", "known: " + ", ".join(candidate.name for candidate in BOARDS))


def fitting_boards(arch: str, worker_cores: int | None, clock_ghz: float | None) -> tuple[Board, ...]:
    """The boards that a chip may be on, the usual one first; none when neither architecture nor clock says.

    `arch` as DEVICE ARCH spells it; when it is blank the clock decides, which no two architectures share. Boards with
    the chip's worker grid fit, without one the usual board that is large enough, and those that have its grid.
    """
    of_arch = [board for board in BOARDS if not arch.strip() or board.arch == arch.strip().lower()]
    same_clock = [board for board in of_arch if _has_clock(board, clock_ghz)]
    # With DEVICE ARCH, a chip may run at a clock that is in no line of the table.
    candidates = same_clock or (of_arch if arch.strip() else [])
    if same_grid := [board for board in candidates if board.worker_cores == worker_cores]:
        return tuple(same_grid)
    large = [board for board in candidates if (board.tensix_cores or board.worker_cores) >= (worker_cores or 0)]
    large = large or candidates[:1]
    return tuple(board for board in large if board.worker_cores == large[0].worker_cores)


def _has_clock(board: Board, clock_ghz: float | None) -> bool:
    return clock_ghz is not None and abs(board.clock_ghz / clock_ghz - 1) <= _CLOCK_TOLERANCE


def arch_of_pci_id(pci_id: str) -> str | None:
    """The architecture with that PCI device id, as the kernel driver writes it (`0x401e`); None for another device."""
    return next((board.arch for board in BOARDS if f"0x{board.chip.pci_id:04x}" == pci_id.strip().lower()), None)
