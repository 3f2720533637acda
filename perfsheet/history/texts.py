"""What a history says in words, and series as sparklines."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from perfsheet.capture.notes import rows
from perfsheet.capture.table import FloatArray
from perfsheet.history.metrics import Metric
from perfsheet.history.series import Series
from perfsheet.history.trend import Change, Moved, Trend
from perfsheet.tables import kinds
from perfsheet.text import formats

_BARS = "▁▂▃▄▅▆▇█"
_LEAST_SPAN = 0.1
"""Of the middle: what moves by less looks flat."""


_LARGEST = 1e300


def sparkline(values: FloatArray | Sequence[float], width: int = 40) -> str:
    """A line of bars, the median of neighbouring runs each; as high as a tenth of the middle value at the least."""
    known = np.asarray(values, dtype=np.float64)
    known = known[np.abs(known) < _LARGEST]
    if not len(known):
        return ""
    parts = [float(np.median(part)) for part in np.array_split(known, min(width, len(known)))]
    middle = (min(parts) + max(parts)) / 2
    span = max(max(parts) - min(parts), _LEAST_SPAN * abs(middle)) or 1.0
    lowest = middle - span / 2
    return "".join(_BARS[min(len(_BARS) - 1, int(len(_BARS) * (part - lowest) / span + 1e-9))] for part in parts)


def figure(metric: Metric, value: float | None) -> str:
    """A value with its unit: `1.897 ms`, `62.3`; unknown is `–`."""
    if value is None or not math.isfinite(value):
        return "–"
    if metric.kind is kinds.NS:
        return formats.span_of_time(value)
    if metric.kind is kinds.DECIMAL:
        return f"{value:,.6g}"
    return metric.kind.text(value)


def change_title(metric: Metric, change: Change) -> str:
    """`+4.8 %: 1.897 ms → 1.988 ms`."""
    step = change.step
    size = "from 0" if math.isinf(step.size) else formats.signed_percent(step.size)
    return f"{size}: {figure(metric, step.before)} → {figure(metric, step.after)}"


def commit_range(change: Change) -> str:
    """`after a12bf35ac (2026-03-31), by 3329b672d (2026-04-01)`."""
    return f"after {change.last_before.label}, by {change.first_after.label}"


def confidence_pct(change: Change) -> float:
    """99.97, in percent, rounded down."""
    return math.floor(1e4 * change.step.confidence) / 100


def moved(one: Moved) -> str:
    """`LayerNorm 384×768: 276.854 µs → 370.316 µs (+33.8 %), at block.py:22`."""
    at = f", at {one.op.source}" if one.op.source else ""
    if not one.before_ns:
        return f"{one.op.name}: new, {formats.span_of_time(one.after_ns)}{at}"
    if not one.after_ns:
        return f"{one.op.name}: gone, {formats.span_of_time(one.before_ns)} before{at}"
    share = formats.signed_percent(one.after_ns / one.before_ns - 1)
    return f"{one.op.name}: {formats.span_of_time(one.before_ns)} → {formats.span_of_time(one.after_ns)} ({share}){at}"


def runs_of(series: Series) -> str:
    """`300 runs, 2026-01-01 to 2026-10-27`."""
    first, last = series.runs[0].time, series.runs[-1].time
    span = f"{first:%Y-%m-%d}" if first.date() == last.date() else f"{first:%Y-%m-%d} to {last:%Y-%m-%d}"
    return f"{rows(len(series), 'run')}, {span}"


def nature(of: Trend) -> list[str]:
    """What to know of a series before its figures are trusted."""
    said = []
    if levels := of.steps.bimodal:
        lower, upper = (figure(of.metric, value) for value in (levels.lower, levels.upper))
        share = formats.percent(levels.upper_share)
        said.append(
            f"two levels by nature: {lower} and {upper} ({share} of the runs), {formats.percent(levels.apart)} apart"
        )
    if not of.steps.enough:
        said.append("too few runs to tell a change from noise (six at the least)")
    if of.steps.outliers:
        said.append(f"{rows(of.steps.outliers, 'outlier')}, held nearer to the runs around")
    if of.unknown:
        said.append(f"{rows(of.unknown, 'run')} left out: incomplete, or without this figure")
    if len(of.series) > 1 and of.series.by_file_times:
        said.append("in the order of the times of their files; add them with --names or --started to say it better")
    if len(of.series.branches) > 1:
        said.append(f"{len(of.series.branches)} branches together; --branch chooses one")
    return said


def noise(cv: float | None) -> str:
    """`noise 1.3 %`."""
    return "noise unknown" if cv is None else f"noise {formats.percent(cv)}"


def unit_of(metric: Metric, high: float) -> tuple[float, str]:
    """What to divide values up to `high` by for a chart, and the unit then: blank if the metric is no time."""
    if metric.kind is not kinds.NS:
        return 1.0, metric.kind.unit
    return (1e6, "ms") if high >= 1e6 else (1e3, "µs") if high >= 1e3 else (1.0, "ns")


def levels(values: FloatArray, changes: Sequence[Change]) -> Iterator[tuple[int, int, float]]:
    """The levels between changes: the places of their first run and of that after the last one, and their medians."""
    for start, end in pairwise([0, *(change.step.at for change in changes), len(values)]):
        yield start, end, float(np.median(values[start:end]))
