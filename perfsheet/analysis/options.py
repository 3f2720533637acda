"""What a user can set about an analysis."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

from perfsheet.analysis.windows.wanted import Selection
from perfsheet.errors import usage
from perfsheet.hardware.boards import DOCUMENTED_REF_CORES, board

RefCores = float | Literal["grid"]


@dataclass(frozen=True)
class Options:
    """Settings of one analysis; the defaults are the documented ones.

    `ref_cores`: the reference core count of the utilization formula, or "grid" for each op's own worker grid.
    `low_cores_pct`: an op on this share of its worker grid or less has a low core count, in percent.
    `board`: name of the board that the capture is from: its peaks, and its worker grid for ops that don't state theirs.
    `batch`: samples a window, for FPS. `selection`: the part of the capture to analyse, by default all of it.
    `strict`: refuse a capture of which anything had to be left out or mended.
    Raises PerfsheetError (exit status 2) for values that make no sense.
    """

    ref_cores: RefCores = DOCUMENTED_REF_CORES
    low_cores_pct: float = 25.0
    board: str | None = None
    batch: float = 1.0
    selection: Selection = field(default_factory=Selection)
    strict: bool = False

    def __post_init__(self) -> None:
        known = not isinstance(self.ref_cores, str) and math.isfinite(self.ref_cores) and self.ref_cores > 0
        if self.ref_cores != "grid" and not known:
            raise usage(f"--ref-cores {self.ref_cores}: not a core count", "give a number above 0, or `grid`")
        if not 0 <= self.low_cores_pct <= 100:
            raise usage(f"--low-cores {self.low_cores_pct}: not a percentage", "give 0 to 100")
        if not (math.isfinite(self.batch) and self.batch > 0):
            raise usage(f"--batch {self.batch}: not a batch size", "give a number above 0")
        if self.board is not None:
            board(self.board)
