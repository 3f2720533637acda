"""How the figures of a bench are worded in every text output."""

from __future__ import annotations

import math

from perfsheet.models.bench import Bench, Measured

MEGABYTE = 1e6


def latency(row: Measured) -> str:
    """`66.322 ± 0.927`, `0.0006123 ± 0.0000120`; an unknown deviation is `–`."""
    if row.mean_ms is None:
        return "failed"
    digits = 3 if row.mean_ms >= 1 or row.mean_ms <= 0 else 3 - math.floor(math.log10(row.mean_ms))
    return f"{row.mean_ms:.{digits}f} ± {'–' if row.std_ms is None else f'{row.std_ms:.{digits}f}'}"


def memory(row: Measured) -> str:
    """Megabytes (10⁶ bytes); unknown is `–`."""
    return "–" if row.peak_bytes is None else f"{row.peak_bytes / MEGABYTE:,.1f}"


def speed_up(bench: Bench, row: Measured) -> str:
    """`1.97×`, `baseline`; unknown is `–`."""
    if row is bench.rows[bench.baseline]:
        return "baseline"
    value = bench.speed_up(row)
    return "–" if value is None else f"{value:.2f}×" if value >= 0.1 else f"{value:.3g}×"
