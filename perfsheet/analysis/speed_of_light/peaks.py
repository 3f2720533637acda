"""The peaks of each op's chip: clock, FLOPs of one core, DRAM bandwidth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from perfsheet.analysis.ops.device_ops import Ops
from perfsheet.analysis.statistics import known_int
from perfsheet.capture.arrays import distinct, median
from perfsheet.capture.table import FloatArray
from perfsheet.capture.texts import Texts, combinations
from perfsheet.hardware.boards import FIDELITY_PASSES, Board, board, fitting_boards
from perfsheet.light_dataclass import dataclass

_PLAUSIBLE_GHZ = (0.1, 5.0)


@dataclass(frozen=True, eq=False)
class Peaks:
    """Per op, NaN = unknown: clock in GHz, FLOPs per ns of one core at LoFi, DRAM bytes per ns, DRAM banks.

    `boards` are the boards that the peaks belong to: for each kind of chip those that fit. Where several fit, DRAM is
    that of the slowest, so that no saving comes out too high, and `most_dram_bytes_per_ns` that of the fastest.
    """

    clock_ghz: FloatArray
    core_flops_per_ns: FloatArray
    dram_bytes_per_ns: FloatArray
    most_dram_bytes_per_ns: FloatArray
    dram_banks: FloatArray
    boards: tuple[tuple[Board, ...], ...]

    def of_fastest(self) -> Peaks:
        """The peaks of the boards with the most DRAM bandwidth of those that fit."""
        fastest = (max(fitting, key=lambda board: board.dram_gb_s) for fitting in self.boards)
        boards = tuple(dict.fromkeys((board,) for board in fastest))
        return replace(self, dram_bytes_per_ns=self.most_dram_bytes_per_ns, boards=boards)


def peaks(ops: Ops) -> Peaks:
    """Clocks are measured (firmware cycles / ns, the median of each device), else those of the board.

    The board is that of the options or of the plan, unless DEVICE ARCH contradicts it; otherwise those that fit DEVICE
    ARCH (or the clock, if the column is missing) and the worker grid.
    """
    measured = measured_clock_ghz(ops)
    arches = ops.text("device_arch")
    stated = board(ops.board) if ops.board else None
    kinds, first = combinations([arches, _as_texts(ops.worker_cores), _as_texts(measured)], len(ops))
    clock, flops, dram, most, banks = (np.full(len(first), np.nan) for _ in range(5))
    boards: dict[tuple[Board, ...], None] = {}
    for kind in np.argsort(first).tolist():
        at = int(first[kind])
        arch, ghz = arches[at], float(measured[at])
        given = stated is not None and (not arch.strip() or arch.strip().lower() == stated.arch)
        likely = fitting_boards(arch, known_int(ops.worker_cores[at]), ghz if np.isfinite(ghz) else None)
        fitting = (stated,) if stated is not None and given else likely
        clock[kind] = ghz
        if fitting:
            boards[fitting] = None
            clock[kind] = ghz if np.isfinite(ghz) else fitting[0].clock_ghz
            flops[kind] = fitting[0].flops_per_cycle * clock[kind]
            # 10⁹ bytes per second are bytes per ns
            dram[kind], most[kind] = (pick(chip.dram_gb_s for chip in fitting) for pick in (min, max))
            banks[kind] = np.max([chip.dram_banks or np.nan for chip in fitting])
    return Peaks(clock[kinds], flops[kinds], dram[kinds], most[kinds], banks[kinds], tuple(boards))


def names_of(boards: Sequence[Sequence[Board]]) -> str:
    """`p150 or p100`, `n150 and p150 or p100`; blank for none."""
    return " and ".join(" or ".join(board.name for board in fitting) for fitting in boards)


def _as_texts(figures: FloatArray) -> Texts:
    values, codes = np.unique(figures, return_inverse=True)
    return Texts(codes.reshape(-1).astype(np.int32), [str(value) for value in values.tolist()])


def measured_clock_ghz(ops: Ops) -> FloatArray:
    """The AI clock of each op's device: the median of (FW END − FW START cycles) / FW DURATION over its ops."""
    with np.errstate(divide="ignore", invalid="ignore"):
        each = (ops.number("fw_end_cycle") - ops.number("fw_start_cycle")) / ops.number("fw_duration_ns")
    plausible = (each >= _PLAUSIBLE_GHZ[0]) & (each <= _PLAUSIBLE_GHZ[1])
    clock = np.full(len(ops), np.nan)
    for device in distinct(ops.device):
        here = ops.device == device
        if (plausible & here).any():
            clock[here] = median(each[plausible & here])
    return clock


def passes_of(ops: Ops) -> FloatArray:
    """Passes over the matrix engine at the math fidelity of each op; NaN when that is blank or unknown."""
    fidelities = ops.text("math_fidelity")
    passes = [FIDELITY_PASSES.get(fidelity.strip().upper(), np.nan) for fidelity in fidelities.values]
    return np.array(passes, dtype=np.float64)[fidelities.codes]
