"""Where the time goes: the elapsed device time of the window in parts that add up to it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from perfsheet.analysis.facts import HOST_GAP_NS, Facts
from perfsheet.analysis.ops.categories import (
    ATTENTION,
    CACHE,
    COLLECTIVE,
    CONV,
    DATA_MOVEMENT,
    LAYOUT,
    MATMUL,
    RESHARD,
    category,
)
from perfsheet.analysis.ops.device_ops import Ops
from perfsheet.analysis.speed_of_light.peaks import measured_clock_ghz
from perfsheet.analysis.statistics import ratio
from perfsheet.analysis.windows.devices import step_times
from perfsheet.analysis.windows.passes import elapsed_ns
from perfsheet.capture.table import FloatArray, IntArray

COMPILING_NS = 1e6
"""A gap this long before an op that may run for the first time is taken for compiling: enqueuing takes microseconds."""

COMPUTE, MOVEMENT, COLLECTIVES, IDLE = "compute", "data movement", "collectives", "idle"
_PARTS = (
    ("matmul", COMPUTE),
    ("convolution", COMPUTE),
    ("attention", COMPUTE),
    ("other compute", COMPUTE),
    ("layout", MOVEMENT),
    ("reshard", MOVEMENT),
    ("other data movement", MOVEMENT),
    ("collective transfer", COLLECTIVES),
    ("collective waiting", COLLECTIVES),
    ("dispatch", IDLE),
    ("host", IDLE),
)
PART_NAMES = tuple(name for name, _ in _PARTS)
_OF_CATEGORY = {
    MATMUL: "matmul",
    CONV: "convolution",
    ATTENTION: "attention",
    LAYOUT: "layout",
    RESHARD: "reshard",
    DATA_MOVEMENT: "other data movement",
    CACHE: "other data movement",
    COLLECTIVE: "collective transfer",
}


@dataclass(frozen=True)
class TimePart:
    """A part of the elapsed time: `ns`, and its `share` of it (a fraction; None = nothing elapsed)."""

    part: str
    group: str
    ns: float
    share: float | None


@dataclass(frozen=True)
class TimeSplit:
    """The elapsed device time of the window, from its first op to its last, and its parts.

    `first_run_ns` is not in it: gaps of a millisecond or more before ops that may have run for the first time, which
    contain compiling. `unknown_gaps`: ops whose gap is unknown and counts as 0; None if the capture has no gaps.
    """

    elapsed_ns: float
    parts: tuple[TimePart, ...]
    first_run_ns: float
    unknown_gaps: int | None

    def group(self, name: str) -> float:
        """The time of a group of parts, in ns."""
        return sum(part.ns for part in self.parts if part.group == name)

    @property
    def shown(self) -> list[TimePart]:
        """The parts that take any time."""
        return [part for part in self.parts if part.ns]

    @property
    def idle_ns(self) -> float:
        """The time in which no op runs."""
        return self.group(IDLE)


def time_split(facts: Facts) -> TimeSplit:
    """Split the time of the critical path. Of several devices, an op is preceded by the shortest of its gaps."""
    scope = facts.scope
    every = scope.every
    of = scope.within[scope.devices.critical] if scope.devices.count > 1 else scope.within
    ops = every.take(of)
    busy = np.nan_to_num(ops.visible_ns)
    waiting = np.where(ops.in_category(COLLECTIVE), np.clip(busy - _shortest(facts, ops, of), 0, None), 0.0)
    names = ops.codes.mapped(lambda code: _OF_CATEGORY.get(category(code), "other compute"))
    time = {name: float((busy - waiting)[rows].sum()) for name, rows in names.places()}
    time["collective waiting"] = float(waiting.sum())
    idle = _idle(facts)
    gap, unknown = np.nan_to_num(idle), int(np.isnan(idle).sum())
    first_run = (gap >= COMPILING_NS) & ~facts.every_warm[of]
    host = (gap > HOST_GAP_NS) & ~first_run
    time["host"] = float(gap[host].sum())
    time["dispatch"] = float(gap[~host & ~first_run].sum())
    if every.overlaps[scope.within].any() and scope.devices.count == 1:
        # Firmware cycles have the start of the first and the end of the last op, which kernel durations lack.
        counted = sum(time.values()) + float(gap[first_run].sum())
        time["dispatch"] += max(0.0, elapsed_ns(every, scope.within) - counted)
    total = sum(time.values())
    parts = tuple(
        TimePart(name, group, time.get(name, 0.0), ratio(time.get(name, 0.0), total) if total else None)
        for name, group in _PARTS
    )
    has_gaps = bool(np.isfinite(every.number("op_to_op_latency_ns")).any())
    return TimeSplit(total, parts, float(gap[first_run].sum()), unknown if has_gaps else None)


def _shortest(facts: Facts, ops: Ops, of: IntArray) -> FloatArray:
    """The kernel duration of the fastest device in the step of each op: what a collective takes without waiting."""
    scope = facts.scope
    if scope.devices.count < 2:
        return np.nan_to_num(ops.kernel_ns)
    times = step_times(scope.devices, scope.every.kernel_ns[scope.within])
    return np.nan_to_num(times.shortest_ns[scope.devices.critical])


def _idle(facts: Facts) -> FloatArray:
    """The time before each op of the critical path in which nothing runs; NaN = unknown."""
    scope = facts.scope
    every, within, devices = scope.every, scope.within, scope.devices
    idle = _idle_before(every, within)
    if devices.count < 2 or not devices.aligned:
        return np.asarray(idle[devices.critical]) if devices.count > 1 else idle
    shortest = np.full(int(devices.step.max(initial=-1)) + 1, np.inf)
    finite = np.isfinite(idle)
    np.minimum.at(shortest, devices.step[finite], idle[finite])
    shortest[np.isinf(shortest)] = np.nan
    return np.asarray(shortest[devices.step[devices.critical]])


def _idle_before(every: Ops, within: IntArray) -> FloatArray:
    """For each op the time since its device last ran another one, 0 for the first of a device; NaN = unknown."""
    gaps = every.gap_ns[within].copy()
    captured = bool(np.isfinite(every.number("op_to_op_latency_ns")).any())
    clock = None if captured else measured_clock_ghz(every)[within]
    for device in np.unique(every.device[within]).tolist():
        here = np.flatnonzero(every.device[within] == device)
        at = within[here]
        if clock is not None:
            start, end = every.number("fw_start_cycle")[at], every.number("fw_end_cycle")[at]
            gaps[here] = _since(start, end) / clock[here]
        elif every.overlaps[at].any():
            start = every.start_ns[at]
            gaps[here] = _since(start, start + np.nan_to_num(every.kernel_ns[at]))
        gaps[here[:1]] = 0.0
    return np.asarray(gaps)


def _since(start: FloatArray, end: FloatArray) -> FloatArray:
    """From the latest end before each op to its start, 0 where these overlap."""
    ended = np.concatenate([start[:1], np.fmax.accumulate(end)[:-1]])
    return np.asarray(np.clip(start - ended, 0, None), dtype=np.float64)
