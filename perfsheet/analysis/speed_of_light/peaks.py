"""The peaks of each op's chip: clock, FLOPs of one core, DRAM bandwidth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from perfsheet.analysis.ops.device_ops import Ops
from perfsheet.analysis.statistics import known_int
from perfsheet.capture.table import FloatArray
from perfsheet.capture.texts import Texts, combinations
from perfsheet.hardware.boards import FIDELITY_PASSES, Board, board, likely_board

_PLAUSIBLE_GHZ = (0.1, 5.0)


@dataclass(frozen=True, eq=False)
class Peaks:
    """Per op, NaN = unknown: clock in GHz, FLOPs per ns of one core at LoFi, DRAM bytes per ns.

    `boards` are the boards that the peaks belong to.
    """

    clock_ghz: FloatArray
    core_flops_per_ns: FloatArray
    dram_bytes_per_ns: FloatArray
    boards: tuple[Board, ...]


def peaks(ops: Ops) -> Peaks:
    """Clocks are measured (firmware cycles / ns, the median of each device), else those of the board.

    The board is the one of the options, unless DEVICE ARCH contradicts it; otherwise it follows from DEVICE ARCH (or
    the clock, if the column is missing) and the worker grid.
    """
    measured = measured_clock_ghz(ops)
    arches = ops.text("device_arch")
    stated = board(ops.options.board) if ops.options.board else None
    kinds, first = combinations([arches, _as_texts(ops.worker_cores), _as_texts(measured)], len(ops))
    clock, flops, dram = (np.full(len(first), np.nan) for _ in range(3))
    boards: dict[Board, None] = {}
    for kind in np.argsort(first).tolist():
        at = int(first[kind])
        arch, ghz = arches[at], float(measured[at])
        fits = stated is not None and (not arch.strip() or arch.strip().lower() == stated.arch)
        likely = likely_board(arch, known_int(ops.worker_cores[at]), ghz if np.isfinite(ghz) else None)
        chip = stated if fits else likely
        clock[kind] = ghz
        if chip is not None:
            boards[chip] = None
            clock[kind] = ghz if np.isfinite(ghz) else chip.clock_ghz
            flops[kind] = chip.flops_per_cycle * clock[kind]
            dram[kind] = chip.dram_gb_s  # 10⁹ bytes per second are bytes per ns
    return Peaks(clock[kinds], flops[kinds], dram[kinds], tuple(boards))


def _as_texts(figures: FloatArray) -> Texts:
    values, codes = np.unique(figures, return_inverse=True)
    return Texts(codes.reshape(-1).astype(np.int32), [str(value) for value in values.tolist()])


def measured_clock_ghz(ops: Ops) -> FloatArray:
    """The AI clock of each op's device: the median of (FW END − FW START cycles) / FW DURATION over its ops."""
    with np.errstate(divide="ignore", invalid="ignore"):
        each = (ops.number("fw_end_cycle") - ops.number("fw_start_cycle")) / ops.number("fw_duration_ns")
    plausible = (each >= _PLAUSIBLE_GHZ[0]) & (each <= _PLAUSIBLE_GHZ[1])
    clock = np.full(len(ops), np.nan)
    for device in np.unique(ops.device):
        here = ops.device == device
        if (plausible & here).any():
            clock[here] = float(np.median(each[plausible & here]))
    return clock


def passes_of(ops: Ops) -> FloatArray:
    """Passes over the matrix engine at the math fidelity of each op; NaN when that is blank or unknown."""
    fidelities = (variant.math_fidelity.strip().upper() for variant in ops.variants.all)
    return np.array([FIDELITY_PASSES.get(fidelity, np.nan) for fidelity in fidelities], dtype=np.float64)[
        ops.variants.of
    ]
