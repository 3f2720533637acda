"""The settings of an analysis: which part of a capture, and how to judge it."""

from __future__ import annotations

import math
import re
from dataclasses import field
from typing import Literal

from perfsheet.errors import usage
from perfsheet.hardware.boards import DOCUMENTED_REF_CORES, board
from perfsheet.light_dataclass import dataclass


@dataclass(frozen=True)
class Selection:
    """Which part of a capture to analyse; by default one warm pass of it, or all of it if nothing repeats.

    `start_signpost`: only rows after the first signpost of that name; `end_signpost`: only rows before the next one of
    that name. `NAME#2` is the second of a name. `id_range`: `5-10`, `31-` or `-12`, record numbers of the file (the
    header is row 1). `devices`: device ids as in the outputs; empty = all. `host_ops`: whether to include host rows.
    `which_pass`: `first`, `last`, `all`, or a number from 1; None = the warm pass of median time. `run`: one of the
    captures of a file that has several, one after the other, from 1; None = all. Raises PerfsheetError (exit status 2)
    for invalid values.
    """

    start_signpost: str | None = None
    end_signpost: str | None = None
    id_range: str | None = None
    devices: tuple[int, ...] = ()
    host_ops: bool = True
    which_pass: str | int | None = None
    run: int | None = None

    def __post_init__(self) -> None:
        if self.id_range is not None:
            parse_id_range(self.id_range)
        if self.run is not None and self.run < 1:
            raise usage(f"`run` {self.run}: no such capture", "give a number from 1")
        if self.which_pass is None:
            return
        word = str(self.which_pass).strip().lower()
        object.__setattr__(self, "which_pass", word)
        if word not in ("all", "first", "last") and not re.fullmatch("[1-9][0-9]{0,8}", word):
            raise usage(f"`which_pass` {self.which_pass}: no such pass", "give first, last, all, or a number from 1")


def parse_id_range(text: str) -> tuple[int, float]:
    """First and last row of `5-10`, `31-`, `-12` or `7`. Raises PerfsheetError (exit status 2) for anything else."""
    match = re.fullmatch(r"\s*(?:(\d{1,18})|(\d{0,18})\s*-\s*(\d{0,18}))\s*", text)
    if match is None or not any(match.groups()):
        raise usage(f"`id_range` {text}: not a range of rows", "give 5-10, 31- or -12")
    if match[1]:
        return int(match[1]), float(match[1])
    first = int(match[2]) if match[2] else 0
    last = float(match[3]) if match[3] else math.inf
    if last < first:
        raise usage(f"`id_range` {text}: it ends before it starts", "give 5-10, 31- or -12")
    return first, last


MOST_REF_CORES = 1_000_000
_LEAST_BATCH = 1e-9

RefCores = float | Literal["grid"]


@dataclass(frozen=True)
class Options:
    """Settings of one analysis; the defaults are the documented ones.

    `ref_cores`: the reference core count of the utilization formula, or "grid" for each op's own worker grid.
    `low_cores_pct`: ops on at most this percentage of their worker grid have a low core count.
    `board`: the board that the capture is from; gives the peaks, and the worker grid of ops that do not state theirs.
    `batch`: samples per inference, for FPS. `selection`: the part of the capture to analyse. `strict`: refuse a capture
    if anything in it had to be repaired or left out. `per_device`: the ops of every device one by one, with sums over
    the devices; by default an op of a mesh is analysed once, on its slowest device.
    Raises PerfsheetError (exit status 2) for invalid values.
    """

    ref_cores: RefCores = DOCUMENTED_REF_CORES
    low_cores_pct: float = 25.0
    board: str | None = None
    batch: float = 1.0
    selection: Selection = field(default_factory=Selection)
    strict: bool = False
    per_device: bool = False

    def __post_init__(self) -> None:
        valid = not isinstance(self.ref_cores, str) and 0 < self.ref_cores <= MOST_REF_CORES
        if self.ref_cores != "grid" and not valid:
            known = f"give a number above 0, at most {MOST_REF_CORES:,}, or 'grid'"
            raise usage(f"`ref_cores` {self.ref_cores}: not a core count", known)
        if not 0 <= self.low_cores_pct <= 100:
            raise usage(f"`low_cores_pct` {self.low_cores_pct}: not a percentage", "give 0 to 100")
        if not _LEAST_BATCH <= self.batch <= 1 / _LEAST_BATCH:
            raise usage(f"`batch` {self.batch}: not a batch size", "give a number above 0, at most 1,000,000,000")
        if self.board is not None:
            board(self.board)
