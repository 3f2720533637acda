"""The worker grid of each op, and where it comes from."""

from __future__ import annotations

import numpy as np

from perfsheet.capture.table import FloatArray, OpsTable, RowKind
from perfsheet.hardware.boards import KNOWN_GRIDS, board
from perfsheet.light_dataclass import dataclass

MOST_CORES = 1024
"""Several times more than any chip has: anything above is not a core count."""

FROM_COLUMN = "available-worker-core-count"
FROM_BOARD = "board"
FROM_LARGEST = "largest-core-count"
UNKNOWN = "unknown"

SOURCE_TEXT = {
    FROM_COLUMN: "column AVAILABLE WORKER CORE COUNT",
    FROM_BOARD: "the given board",
    FROM_LARGEST: "the largest CORE COUNT seen, which is a known grid",
    UNKNOWN: "no AVAILABLE WORKER CORE COUNT, no `board` given, and the largest CORE COUNT is not a known grid",
}


@dataclass(frozen=True, eq=False)
class WorkerGrid:
    """Worker cores per row of the table (NaN = unknown) and the ids of the sources used, most used first."""

    cores: FloatArray
    sources: tuple[str, ...]


def worker_grid(table: OpsTable, board_name: str | None) -> WorkerGrid:
    """AVAILABLE WORKER CORE COUNT where the row has it, else the board's grid, else the largest CORE COUNT of the
    capture when that is a known grid, else unknown."""
    device_rows = table.kind == RowKind.DEVICE
    stated = table.number("available_worker_cores")
    has_stated = device_rows & (stated >= 1) & (stated <= MOST_CORES)
    missing = device_rows & ~has_stated
    fallback, source = _fallback(table.number("core_count")[device_rows], board_name)
    cores = np.where(has_stated, stated, np.where(device_rows, fallback, np.nan))
    counted = [(int(np.count_nonzero(has_stated)), FROM_COLUMN), (int(np.count_nonzero(missing)), source)]
    sources = tuple(name for count, name in sorted(counted, reverse=True) if count)
    return WorkerGrid(cores, sources or (UNKNOWN,))


def _fallback(core_counts: FloatArray, board_name: str | None) -> tuple[float, str]:
    if board_name is not None:
        return float(board(board_name).worker_cores), FROM_BOARD
    largest = float(np.nanmax(core_counts)) if np.isfinite(core_counts).any() else np.nan
    return (largest, FROM_LARGEST) if largest in KNOWN_GRIDS else (np.nan, UNKNOWN)
