"""Several devices: kernel time of each, their ops aligned step by step, and the slowest device of each step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from perfsheet.analysis.ops.device_ops import Ops
from perfsheet.analysis.ops.signature import numbers
from perfsheet.analysis.statistics import ratio
from perfsheet.capture.table import FloatArray, IntArray

_REACH = 300
_AGREE = 5
_ALIGNED = 0.7


@dataclass(frozen=True)
class DeviceTotal:
    """Kernel time of one device, in ns."""

    device: int
    ops: int
    kernel_ns: float


@dataclass(frozen=True, eq=False)
class Devices:
    """The devices of a window, sorted by id in `totals`, with their ops aligned.

    `step`: for each op the number of its step; a step is the same op on several devices. -1 everywhere when the ops
    could not be aligned; `problem` says why.

    `unmatched`: ops without a counterpart on another device; each is a step of its own.
    """

    totals: tuple[DeviceTotal, ...]
    step: IntArray
    unmatched: int
    problem: str

    @property
    def aligned(self) -> bool:
        """Whether the ops could be aligned."""
        return not self.problem


def devices(ops: Ops) -> Devices:
    """Align the op sequences of all devices to the longest one."""
    ids = np.unique(ops.device)
    totals = tuple(
        DeviceTotal(int(device), int(here.sum()), float(np.nansum(ops.kernel_ns[here])))
        for device in ids
        for here in [ops.device == device]
    )
    members = {int(device): np.flatnonzero(ops.device == device) for device in ids}
    step = np.full(len(ops), -1, dtype=np.int64)
    if not members:
        return Devices(totals, step, 0, "")
    longest = max(members, key=lambda candidate: len(members[candidate]))
    reference = numbers(ops)[members[longest]]
    step[members[longest]] = np.arange(len(reference))
    following, unmatched = len(reference), 0
    for device, here in members.items():
        if device == longest:
            continue
        matched = _matched(reference, numbers(ops)[here])
        alone = matched < 0
        if 1 - ratio(float(alone.sum()), len(here)) < _ALIGNED:
            problem = f"the ops of device {device} differ too much from those of device {longest} to align them"
            return Devices(totals, np.full(len(ops), -1, dtype=np.int64), 0, problem)
        unmatched += int(alone.sum()) + len(reference) - int((~alone).sum())
        matched[alone] = following + np.arange(int(alone.sum()))
        following += int(alone.sum())
        step[here] = matched
    return Devices(totals, step, unmatched, "")


def _matched(reference: IntArray, own: IntArray) -> IntArray:
    """For each op of a device its index in the reference, -1 without a counterpart; both keep their order.

    Both sequences are walked side by side. Where they differ, as few ops as possible are skipped until several agree
    again. If that does not happen within reach, the rest has no counterpart.
    """
    places = np.full(len(own), -1, dtype=np.int64)
    at, there = 0, 0
    while at < len(own) and there < len(reference):
        left = min(len(own) - at, len(reference) - there)
        differs = np.flatnonzero(own[at : at + left] != reference[there : there + left])
        same = int(differs[0]) if differs.size else left
        places[at : at + same] = np.arange(there, there + same)
        at, there = at + same, there + same
        if same == left:
            break
        skip = _resume(reference[there : there + _REACH], own[at : at + _REACH])
        if skip is None:
            break
        there, at = there + skip[0], at + skip[1]
    return places


def _resume(reference: IntArray, own: IntArray) -> tuple[int, int] | None:
    """The fewest ops to skip on both sides until they agree again; None = not within reach."""
    ours, theirs = own.tolist(), reference.tolist()
    for skipped in range(1, len(ours) + len(theirs)):
        for own_skip in range(max(0, skipped - len(theirs) + 1), min(skipped, len(ours) - 1) + 1):
            other_skip = skipped - own_skip
            agree = min(_AGREE, len(ours) - own_skip, len(theirs) - other_skip)
            if ours[own_skip : own_skip + agree] == theirs[other_skip : other_skip + agree]:
                return other_skip, own_skip
    return None


def slowest_ns(ops: Ops, aligned: Devices) -> FloatArray:
    """The longest kernel duration of each step, 0 when none is known."""
    longest = np.zeros(int(aligned.step.max(initial=-1)) + 1)
    np.maximum.at(longest, aligned.step, np.nan_to_num(ops.kernel_ns))
    return longest


def critical_path_ns(ops: Ops, aligned: Devices) -> float | None:
    """Σ over the steps of the slowest device's kernel duration; None when the devices could not be aligned."""
    return float(slowest_ns(ops, aligned).sum()) if aligned.aligned else None


@dataclass(frozen=True)
class Step:
    """One op on several devices, with its durations in ns; `slowest` is the position of the longest one."""

    slowest: int
    devices: int
    longest_ns: float
    mean_ns: float
    shortest_ns: float


def widest_steps(ops: Ops, aligned: Devices, count: int = 50) -> list[Step]:
    """The steps whose slowest device exceeds the mean of all by most, largest difference first."""
    if not aligned.aligned:
        return []
    timed = np.flatnonzero(ops.timed)
    order = timed[np.lexsort((ops.kernel_ns[timed], aligned.step[timed]))]
    steps, first, sizes = np.unique(aligned.step[order], return_index=True, return_counts=True)
    last = first + sizes - 1
    kernel = ops.kernel_ns[order]
    mean = np.add.reduceat(kernel, first) / sizes if len(steps) else np.empty(0)
    beyond = np.where(sizes > 1, kernel[last] - mean, -1.0)
    widest = [index for index in np.argsort(-beyond, kind="stable")[:count].tolist() if beyond[index] > 0]
    return [
        Step(
            slowest=int(order[last[index]]),
            devices=int(sizes[index]),
            longest_ns=float(kernel[last[index]]),
            mean_ns=float(mean[index]),
            shortest_ns=float(kernel[first[index]]),
        )
        for index in widest
    ]
