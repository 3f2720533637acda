"""What part of a capture a user asks for."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Literal

from perfsheet.errors import usage
from perfsheet.hardware.boards import DOCUMENTED_REF_CORES, board


@dataclass(frozen=True)
class Selection:
    """What part of a capture is wanted; the default is all of it.

    `start_signpost`, `end_signpost`: only what lies after the first such signpost, and before the first such one that
    follows; `NAME#2` is the second of that name. `id_range`: `5-10`, `31-` or `-12`, numbers of records in their file
    (the header is row 1). `devices`: device ids, as the outputs show them; empty = all. `host_ops`: whether host rows
    count. `which_pass`: `first`, `last`, a number from 1, or `all`.
    Raises PerfsheetError (exit status 2) for values that make no sense.
    """

    start_signpost: str | None = None
    end_signpost: str | None = None
    id_range: str | None = None
    devices: tuple[int, ...] = ()
    host_ops: bool = True
    which_pass: str | int = "all"

    def __post_init__(self) -> None:
        if self.id_range is not None:
            parse_id_range(self.id_range)
        word = str(self.which_pass).strip().lower()
        object.__setattr__(self, "which_pass", word)
        if word not in ("all", "first", "last") and not re.fullmatch("[1-9][0-9]{0,8}", word):
            raise usage(f"--pass {self.which_pass}: no such pass", "give first, last, all, or a number from 1")


def parse_id_range(text: str) -> tuple[int, float]:
    """First and last row of `5-10`, `31-`, `-12` or `7`. Raises PerfsheetError (exit status 2) for anything else."""
    match = re.fullmatch(r"\s*(?:(\d{1,18})|(\d{0,18})\s*-\s*(\d{0,18}))\s*", text)
    if match is None or not any(match.groups()):
        raise usage(f"--id-range {text}: not a range of rows", "give 5-10, 31- or -12")
    if match[1]:
        return int(match[1]), float(match[1])
    first = int(match[2]) if match[2] else 0
    last = float(match[3]) if match[3] else math.inf
    if last < first:
        raise usage(f"--id-range {text}: its end lies before its start", "give 5-10, 31- or -12")
    return first, last


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
        valid = not isinstance(self.ref_cores, str) and math.isfinite(self.ref_cores) and self.ref_cores > 0
        if self.ref_cores != "grid" and not valid:
            raise usage(f"--ref-cores {self.ref_cores}: not a core count", "give a number above 0, or `grid`")
        if not 0 <= self.low_cores_pct <= 100:
            raise usage(f"--low-cores {self.low_cores_pct}: not a percentage", "give 0 to 100")
        if not (math.isfinite(self.batch) and self.batch > 0):
            raise usage(f"--batch {self.batch}: not a batch size", "give a number above 0")
        if self.board is not None:
            board(self.board)
