"""From the text of a cell to one of a few names, or to the parts of an extent."""

from __future__ import annotations

import re

UNKNOWN = {"", "-", "nan", "none", "null", "n/a"}
_MEMORY_DEVICE = re.compile(r"DEV_\d+_")


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
