"""Where the time goes: the elapsed device time of the window in parts that add up to it."""

from __future__ import annotations

import numpy as np

from perfsheet.analysis.facts import Facts
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
from perfsheet.analysis.statistics import ratio
from perfsheet.analysis.windows.idle import HOST_GAP_NS, LONG_WAIT_NS, elapsed_ns, idle_before
from perfsheet.capture.table import FloatArray
from perfsheet.light_dataclass import dataclass

COMPUTE, MOVEMENT, COLLECTIVES, IDLE, UNKNOWN = "compute", "data movement", "collectives", "idle", "unknown"
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
    ("unnamed ops", UNKNOWN),
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


_UNNAMED = ("(unnamed)", "(blank)")


def _part(op_code: str) -> str:
    return "unnamed ops" if op_code in _UNNAMED else _OF_CATEGORY.get(category(op_code), "other compute")


def group_of(op_code: str) -> str:
    """The group of parts that the time of an op belongs to: compute, data movement, collectives or unknown."""
    part = _part(op_code)
    return next(group for name, group in _PARTS if name == part)


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
    contain compiling. `unknown_gaps`: ops whose gap is unknown and counts as 0.
    `by_cycles`: the capture has no gaps, they are worked out from firmware cycles. NaN and no parts where no op is
    timed.
    """

    elapsed_ns: float
    parts: tuple[TimePart, ...]
    first_run_ns: float
    unknown_gaps: int
    by_cycles: bool

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
    """Split the time of the critical path. Of several devices, an op is preceded by the shortest of its gaps, and the
    whole takes as long as the longest of them at least."""
    scope = facts.scope
    every = scope.every
    of = scope.within[scope.devices.critical] if scope.devices.count > 1 else scope.within
    ops = every.take(of)
    if ops.planned or not ops.timed.any():
        return TimeSplit(float("nan"), (), 0.0, len(ops), False)
    busy = np.nan_to_num(ops.exposed_ns)
    waiting = np.where(ops.in_category(COLLECTIVE), np.clip(busy - _shortest(facts, ops), 0, None), 0.0)
    names = ops.codes.mapped(_part)
    time = {name: float((busy - waiting)[rows].sum()) for name, rows in names.places()}
    time["collective waiting"] = float(waiting.sum())
    idle = _idle(facts)
    gap, unknown = np.nan_to_num(idle), int(np.isnan(idle).sum())
    first_run = (gap >= LONG_WAIT_NS) & ~facts.every_warm[of]
    by_host = (gap > HOST_GAP_NS) & ~first_run
    time["host"] = float(gap[by_host].sum())
    time["dispatch"] = float(gap[~by_host & ~first_run].sum())
    if every.overlaps[scope.within].any() and scope.devices.count == 1:
        # Firmware cycles have the start of the first and the end of the last op, which kernel durations lack.
        counted = sum(time.values()) + float(gap[first_run].sum())
        time["dispatch"] += max(0.0, elapsed_ns(every, scope.within) - counted)
    elif scope.devices.count > 1:
        # Where one device waits beyond the others, what elapses is what that device takes.
        dispatch, host = _beyond(facts, sum(time.values()))
        time["dispatch"] += dispatch
        time["host"] += host
    total = sum(time.values())
    parts = tuple(
        TimePart(name, group, time.get(name, 0.0), ratio(time.get(name, 0.0), total) if total else None)
        for name, group in _PARTS
    )
    by_cycles = not np.isfinite(every.number("op_to_op_latency_ns")).any() and unknown < len(ops) - 1
    return TimeSplit(total, parts, float(gap[first_run].sum()), unknown, by_cycles)


def _beyond(facts: Facts, path_ns: float) -> tuple[float, float]:
    """By how much the device that takes longest exceeds the critical path, as dispatch and as host time."""
    scope = facts.scope
    every, within = scope.every, scope.within
    idle = np.nan_to_num(idle_before(every, within))
    idle[(idle >= LONG_WAIT_NS) & ~facts.every_warm[within]] = 0.0
    busy = np.nan_to_num(every.exposed_ns[within])
    _, device = np.unique(every.device[within], return_inverse=True)
    took = np.bincount(device.reshape(-1), busy + idle)
    longest = int(np.argmax(took))
    excess = max(0.0, float(took[longest]) - path_ns)
    host = float(idle[(device.reshape(-1) == longest) & (idle > HOST_GAP_NS)].sum())
    return max(0.0, excess - host), min(excess, host)


def _shortest(facts: Facts, ops: Ops) -> FloatArray:
    """The kernel duration of the fastest device in the step of each op: what a collective takes without waiting."""
    scope = facts.scope
    if scope.devices.count < 2:
        return np.nan_to_num(ops.kernel_ns)
    return np.nan_to_num(facts.steps_within.shortest_ns[scope.devices.critical])


def _idle(facts: Facts) -> FloatArray:
    """The time before each op of the critical path in which nothing runs; NaN = unknown."""
    scope = facts.scope
    every, within, devices = scope.every, scope.within, scope.devices
    idle = idle_before(every, within)
    if devices.count < 2 or not devices.aligned:
        return np.asarray(idle[devices.critical]) if devices.count > 1 else idle
    shortest = np.full(int(devices.step.max(initial=-1)) + 1, np.inf)
    finite = np.isfinite(idle)
    np.minimum.at(shortest, devices.step[finite], idle[finite])
    shortest[np.isinf(shortest)] = np.nan
    return np.asarray(shortest[devices.step[devices.critical]])
