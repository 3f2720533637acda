"""Sentences about ops."""

from __future__ import annotations

import math
from collections.abc import Sequence

from perfsheet.text.formats import percent, span


def limits(
    cores: Sequence[int], grid: int | None, too_few: bool, compute: float, used_cores: float, dram: float
) -> str:
    """`too few cores: 2 of 64; 3.0 % of their compute peak, 0.8 % of the DRAM peak`: what limits an op, or does not.

    `compute`: fraction of the grid's peak, `used_cores`: of that of its own cores; NaN = unknown.
    """
    on = f"{span(tuple(cores))} of {'?' if grid is None else grid}" if cores else ""
    parts = [f"too few cores: {on}" if too_few else f"{on} cores"] if on else []
    if not math.isnan(used_cores):
        whole = "" if math.isnan(compute) or not too_few else f" ({percent(compute)} of the grid's)"
        parts.append(f"{percent(used_cores)} of {'their' if on else 'the'} compute peak{whole}")
    if not math.isnan(dram):
        parts.append(f"{percent(dram)} of the DRAM peak")
    return "; ".join(parts[:1]) + (f"; {', '.join(parts[1:])}" if parts[1:] else "")
