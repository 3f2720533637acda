"""From the text of a cell to a number or to one of a few names."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

UNKNOWN = {"", "-", "nan", "none", "null", "n/a"}
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_MEMORY_DEVICE = re.compile(r"DEV_\d+_")


def parse_numbers(cells: Sequence[str], grouped: bool = True) -> tuple[npt.NDArray[np.float64], list[int]]:
    """Numbers of a column's cells, NaN where unknown, and the positions of cells that are neither; infinity is no
    number.

    `grouped`: whether `1,234` is a number; it is not where a comma may be a decimal point. Whole columns of plain
    numbers take the fast path; blanks are common, other texts are not.
    """
    try:
        if "_" not in "".join(cells):  # Python's float() reads 1_000, the profiler never writes it
            values = np.array([float(cell) if cell else math.nan for cell in cells], dtype=np.float64)
            if not np.isinf(values).any():
                return values, []
    except ValueError:
        pass
    numbers = [_number(cell.strip(), grouped) for cell in cells]
    unreadable = [position for position, number in enumerate(numbers) if number is None]
    return np.array([math.nan if number is None else number for number in numbers], dtype=np.float64), unreadable


def _number(text: str, grouped: bool) -> float | None:
    """The number, NaN where the text says that it is unknown, None where it is neither."""
    if text.lower() in UNKNOWN:
        return math.nan
    try:
        number = float(text.replace(",", "") if grouped and _GROUPED.fullmatch(text) else text.replace("_", "?"))
    except ValueError:
        return None
    return None if math.isinf(number) else number


def memory_name(cell: str) -> str:
    """`DEV_1_L1_HEIGHT_SHARDED` and `dev_0_l1_height_sharded` are both `L1_HEIGHT_SHARDED`; `HOST` stays.

    The device number is dropped: it need not be the DEVICE ID, and it must not tell equal configurations apart.
    """
    return _MEMORY_DEVICE.sub("", cell.strip().upper(), count=1)


def padded_extent(cell: str) -> str:
    """`32[19]` (padded[logical]) is stored as 32; a bare `32` or `32.0` too."""
    padded = cell.split("[", 1)[0].strip()
    return padded.removesuffix(".0")


def logical_extent(cell: str) -> str:
    """`32[19]` holds 19 elements; a bare `32` holds 32."""
    head, bracket, tail = cell.partition("[")
    return (tail.rstrip("] ") if bracket else head).strip().removesuffix(".0")
