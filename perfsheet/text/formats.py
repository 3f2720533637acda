"""Number formats and short texts that all outputs share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from perfsheet.accuracy import text as pcc_text
from perfsheet.analysis.analyze import NO_MODEL
from perfsheet.analysis.ops.grid import SOURCE_TEXT
from perfsheet.analysis.repeats import Repeats
from perfsheet.analysis.results import RowRef
from perfsheet.analysis.rules import RULES
from perfsheet.analysis.statistics import Spread
from perfsheet.analysis.summary import CaptureSummary
from perfsheet.capture.notes import rows


def whole(value: float | None) -> str:
    """`1,234,567`; fractions of a unit keep up to three digits; unknown is `–`."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.3f}".rstrip("0").rstrip(".")


def percent(fraction: float | None) -> str:
    """`12.3 %`; unknown is `–`."""
    return "–" if fraction is None or math.isnan(fraction) else f"{100 * fraction:.1f} %"


def in_percent(fraction: float | None) -> str:
    """`12.3`, for columns whose header has the sign; unknown is `–`."""
    return percent(fraction).removesuffix(" %")


def size(value: float | None) -> str:
    """Bytes as `172.0 KiB` or `1.33 MiB`; unknown is `–`."""
    if value is None or math.isnan(value):
        return "–"
    scale, unit = size_unit(value)
    return f"{value / scale:,.{_SIZE_DECIMALS[unit]}f} {unit}"


_SIZE_DECIMALS = {"GiB": 2, "MiB": 2, "KiB": 1, "B": 0}


def size_unit(value: float) -> tuple[int, str]:
    """The bytes of the largest unit that a size has one of, and its name: 2,000 has `(1024, "KiB")`."""
    return next(
        (
            (scale, unit)
            for unit, scale in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10))
            if abs(value) >= scale
        ),
        (1, "B"),
    )


def pcc(value: float | None) -> str:
    """A correlation: `0.9998`, rounded down in the sixth decimal; unknown is `–`."""
    return "–" if value is None or math.isnan(value) else pcc_text(value)


_SECONDS = 1e10
"""From ten seconds on, milliseconds are unwieldy."""


def in_unit(nanoseconds: float) -> tuple[float, str]:
    """A span in the unit that leaves digits before the point: 63,218,148 ns is 63.218… ms, 21,317 ns is 21.317 µs."""
    if nanoseconds >= _SECONDS:
        return nanoseconds / 1e9, "s"
    return (nanoseconds / 1e6, "ms") if nanoseconds >= 1e6 else (nanoseconds / 1e3, "µs")


def span_of_time(nanoseconds: float) -> str:
    """`63.218 ms`."""
    if math.isnan(nanoseconds):
        return "–"
    value, unit = in_unit(nanoseconds)
    return f"{value:,.3f} {unit}"


def sign(value: float) -> str:
    """`+`, `−`, or nothing for zero."""
    return "+" if value > 0 else "−" if value < 0 else ""


def signed(value: float | None) -> str:
    """A difference: `+1,234`, `−1,234.5`; unknown is `–`."""
    if value is None:
        return "–"
    rounded = round(value, 3)
    return f"{sign(rounded)}{whole(abs(rounded))}"


def signed_percent(fraction: float | None) -> str:
    """A relative difference: `+12.3 %`, `−12.3 %`; unknown is `–`."""
    return "–" if fraction is None else f"{sign(fraction)}{percent(abs(fraction))}"


def saving(nanoseconds: float | None) -> str:
    """`1,234 ns`, or `an unknown time`."""
    return "an unknown time" if nanoseconds is None else f"{whole(round(nanoseconds))} ns"


def saving_figure(nanoseconds: float | None) -> str:
    """`1,234`, for columns whose header has the unit; unknown is `–`."""
    return whole(None if nanoseconds is None else round(nanoseconds))


def rate(value: float | None) -> str:
    """Frames a second: `15.82`; unknown is `–`."""
    if value is None:
        return "–"
    decimals = 0 if value >= 1000 else 1 if value >= 100 else 2 if value >= 1 else 4
    return f"{value:,.{decimals}f}"


def cores_of_grid(cores: int | None, grid: int | None) -> str:
    """`40/64`; unknown parts are `?`."""
    return f"{'?' if cores is None else cores}/{'?' if grid is None else grid}"


def span(cores: tuple[int, ...]) -> str:
    """`18–20` for the core counts of a group; `?` when none is known."""
    if not cores:
        return "?"
    return str(cores[0]) if len(cores) == 1 else f"{cores[0]}–{cores[-1]}"


def span_cell(cores: tuple[int, ...]) -> str | int | None:
    """The same for a cell of the workbook: a single count is a number, an unknown one is empty."""
    return span(cores) if len(cores) > 1 else next(iter(cores), None)


def span_of_grid(cores: tuple[int, ...], grid: int | None) -> str:
    """`18–20/110`."""
    return f"{span(cores)}/{'?' if grid is None else grid}"


def worker_cores(summary: CaptureSummary) -> str:
    """`64 worker cores`, for unequal devices or sub-devices `12, 108 and 120 worker cores`."""
    if not summary.worker_grids:
        return "worker grid unknown"
    *others, largest = map(str, summary.worker_grids)
    return f"{', '.join(others)}{' and ' if others else ''}{largest} worker cores"


def no_finding(summary: CaptureSummary) -> str:
    """The message when there is no finding: all clear only if every op was checked."""
    if not summary.timed_ops:
        return "Nothing could be checked: no device op has a kernel duration."
    if summary.unchecked_rows:
        return "No hotspot among the ops that could be checked."
    return f"No hotspot: none of the {len(RULES)} rules found anything."


def unchecked(summary: CaptureSummary) -> str:
    """A warning about ops that the low-core-count rule could not check; blank when there are none."""
    if not summary.unchecked_rows:
        return ""
    count, all_of = rows(summary.unchecked_rows, "op"), f"{summary.timed_ops:,}"
    return f"{count} of {all_of} not checked for few cores: worker grid or core count unknown (--board names the grid)"


def place(ref: RowRef, several_files: bool) -> str:
    """`57`, the row of an op in its capture; with several captures `host1.csv:57`."""
    return f"{Path(ref.file).name}:{ref.row}" if several_files else str(ref.row)


def ref_cores(summary: CaptureSummary) -> str:
    """The reference core count of the utilization formula: `108` or `worker grid`."""
    return "worker grid" if summary.ref_cores == "grid" else f"{summary.ref_cores:g}"


def formula(summary: CaptureSummary) -> str:
    """The utilization formula as it was applied."""
    return f"(PM IDEAL / DEVICE KERNEL DURATION) × ({ref_cores(summary)} / CORE COUNT)"


def grid_sources(summary: CaptureSummary) -> str:
    """Where the worker core count comes from."""
    return " and ".join(SOURCE_TEXT[source] for source in summary.worker_cores_sources)


def file_names(summary: CaptureSummary) -> str:
    """The captures without their folders."""
    return ", ".join(Path(path).name for path in summary.paths)


def at_a_glance(summary: CaptureSummary) -> str:
    """`blackhole · 64 worker cores · 660 device ops on 1 device · whole capture`."""
    arch = summary.arch or "arch not stated"
    return " · ".join((arch, worker_cores(summary), device_ops(summary), summary.window))


def bound(name: str) -> str:
    """What limits an op; unknown is `–`."""
    return "–" if name == "unknown" else name


def flags(names: Sequence[str]) -> str:
    """The flags of an op in tables that show a missing model as `–` already."""
    return ", ".join(name for name in names if name != NO_MODEL)


def device_ops(summary: CaptureSummary) -> str:
    """`1,872 device ops on 1 device`."""
    devices = len(summary.devices)
    return f"{rows(summary.ops, 'device op')} on {rows(devices, 'device')}"


def short_nodeid(nodeid: str) -> str:
    """`test_block[2-float32]` for `models/tests/test_block.py::test_block[2-float32]`."""
    return nodeid.partition("::")[2] or nodeid


def plus_minus(spread: Spread) -> str:
    """`1,234 ± 12`, in ns; a single run has no deviation."""
    mean = whole(None if spread.mean_ns is None else round(spread.mean_ns))
    return mean if spread.std_ns is None else f"{mean} ± {whole(round(spread.std_ns))}"


def repeated(repeats: Repeats) -> str:
    """`3 of 5 runs aligned · kernel time 1.2 ms, median of …` on one line."""
    total = repeats.total
    span = (
        ""
        if total.min_ns is None or total.max_ns is None
        else (f", {span_of_time(total.min_ns)} to {span_of_time(total.max_ns)}")
    )
    varies = "" if total.cv is None else f", CV {percent(total.cv)}"
    noisy = rows(int(repeats.noisy.sum()), "noisy op") if repeats.aligned > 1 else "noise unknown"
    return (
        f"{repeats.aligned} of {rows(len(repeats.runs), 'run')} aligned{span}{varies} · "
        f"{noisy} (CV above {repeats.noisy_pct:g} %)"
    )


REPLAYED = "replayed: the target ran without a profiler, the figures are those of a recorded capture"
