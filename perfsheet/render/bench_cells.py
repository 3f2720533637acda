"""How the figures of a bench are worded in every text output."""

from __future__ import annotations

from perfsheet.bench import Bench, Measured

MEGABYTE = 1e6


def latency(row: Measured) -> str:
    """`66.322 ± 0.927`; an unknown deviation is `–`."""
    if row.mean_ms is None:
        return "failed"
    return f"{row.mean_ms:.3f} ± {'–' if row.std_ms is None else f'{row.std_ms:.3f}'}"


def memory(row: Measured) -> str:
    """Megabytes (10⁶ bytes); unknown is `–`."""
    return "–" if row.peak_bytes is None else f"{row.peak_bytes / MEGABYTE:,.1f}"


def speed_up(bench: Bench, row: Measured) -> str:
    """`1.97×`, `baseline`; unknown is `–`."""
    if row is bench.rows[bench.baseline]:
        return "baseline"
    value = bench.speed_up(row)
    return "–" if value is None else f"{value:.2f}×"
