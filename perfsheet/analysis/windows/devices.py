"""Several devices: kernel time of each, their ops aligned step by step, and the slowest device of each step."""

from __future__ import annotations

import numpy as np

from perfsheet.analysis.ops.device_ops import Ops
from perfsheet.analysis.ops.signature import numbers
from perfsheet.analysis.statistics import ratio
from perfsheet.capture.arrays import distinct
from perfsheet.capture.table import FloatArray, IntArray
from perfsheet.light_dataclass import dataclass

_REACH = 300
_AGREE = 5
_ALIGNED = 0.7


@dataclass(frozen=True)
class DeviceTotal:
    """Kernel time of one device, in ns (NaN = no op is timed), and the FPS that it would allow alone."""

    device: int
    ops: int
    kernel_ns: float
    fps: float | None


@dataclass(frozen=True, eq=False)
class Devices:
    """The devices of some ops, sorted by id in `totals`, with their ops aligned.

    `step`: for each op the number of its step; a step is the same op on several devices. -1 everywhere when the ops
    could not be aligned; `problem` says why. `unmatched`: steps that some of the devices lack. `critical`: the indices
    of the ops on the critical path in order: of each step the slowest device's; of ops that only some devices run
    between two steps, those of the device that takes longest over them; of devices that cannot be aligned, all of the
    busiest one.
    """

    totals: tuple[DeviceTotal, ...]
    step: IntArray
    unmatched: int
    problem: str
    critical: IntArray

    @property
    def aligned(self) -> bool:
        """Whether the ops could be aligned."""
        return not self.problem

    @property
    def count(self) -> int:
        """The number of devices."""
        return len(self.totals)


def devices(ops: Ops, positions: IntArray) -> Devices:
    """Align the sequences of all devices, among the ops at these positions, to the longest one."""
    device, kernel = ops.device[positions], ops.kernel_ns[positions]
    members = {int(number): np.flatnonzero(device == number) for number in distinct(device)}
    totals = tuple(_total(ops, number, kernel[here]) for number, here in members.items())
    step, problem = _align(members, numbers(ops)[positions])
    if problem:
        busiest = max(totals, key=lambda total: np.nan_to_num(total.kernel_ns))
        return Devices(totals, step, 0, problem, members[busiest.device])
    if len(members) < 2:
        return Devices(totals, step, 0, "", np.arange(len(positions)))
    unmatched = int((np.bincount(step) < len(members)).sum())
    return Devices(totals, step, unmatched, "", _critical(members, step, kernel))


def _total(ops: Ops, device: int, kernel: FloatArray) -> DeviceTotal:
    time = float(np.nansum(kernel)) if np.isfinite(kernel).any() else np.nan
    return DeviceTotal(device, len(kernel), time, ops.fps(time))


def _align(members: dict[int, IntArray], number: IntArray) -> tuple[IntArray, str]:
    """The step of each op, and why the devices cannot be aligned."""
    step = np.full(len(number), -1, dtype=np.int64)
    if not members:
        return step, ""
    longest = max(members, key=lambda candidate: len(members[candidate]))
    reference = number[members[longest]]
    step[members[longest]] = np.arange(len(reference))
    following = len(reference)
    for device, here in members.items():
        if device == longest:
            continue
        matched = _matched(reference, number[here])
        if (matched < 0).any() and (inside := _subsequence(reference, number[here])) is not None:
            matched = inside
        alone = matched < 0
        if 1 - ratio(float(alone.sum()), len(here)) < _ALIGNED:
            problem = f"the ops of device {device} differ too much from those of device {longest} to align them"
            return np.full(len(number), -1, dtype=np.int64), problem
        matched[alone] = following + np.arange(int(alone.sum()))
        following += int(alone.sum())
        step[here] = matched
    return step, ""


def _critical(members: dict[int, IntArray], step: IntArray, kernel: FloatArray) -> IntArray:
    known = np.nan_to_num(kernel, nan=-1.0)
    shared = np.bincount(step)[step] > 1
    order = np.lexsort((-np.arange(len(step)), known, step))
    slowest = order[np.concatenate([step[order][1:] != step[order][:-1], [True]])]
    after = np.empty(len(step), dtype=np.int64)
    for here in members.values():
        after[here] = np.maximum.accumulate(np.where(shared[here], step[here], -1))
    longest: dict[int, tuple[float, IntArray]] = {}
    for here in members.values():
        own = here[~shared[here]]
        for place in distinct(after[own]).tolist():
            group = own[after[own] == place]
            time = float(np.clip(known[group], 0, None).sum())
            if place not in longest or time > longest[place][0]:
                longest[place] = time, group
    picked = np.concatenate([slowest[shared[slowest]], *(group for _, group in longest.values())])
    return np.asarray(picked[np.lexsort((picked, ~shared[picked], after[picked]))])


@dataclass(frozen=True, eq=False)
class StepTimes:
    """For each op the devices of its step, and the mean and shortest of their kernel durations (ns, NaN = unknown)."""

    devices: IntArray
    mean_ns: FloatArray
    shortest_ns: FloatArray


def step_times(aligned: Devices, kernel: FloatArray) -> StepTimes:
    """The times of the steps of aligned devices, for each of their ops; without steps every op stands alone."""
    if aligned.count < 2 or not aligned.aligned:
        return StepTimes(np.ones(len(kernel), dtype=np.int64), kernel, kernel)
    step, timed = aligned.step, np.isfinite(kernel)
    size = int(step.max(initial=-1)) + 1
    count = np.bincount(step[timed], minlength=size)
    shortest = np.full(size, np.inf)
    np.minimum.at(shortest, step[timed], kernel[timed])
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(step[timed], kernel[timed], size) / count
    shortest[count == 0] = np.nan
    return StepTimes(np.bincount(step, minlength=size)[step], mean[step], shortest[step])


def _matched(reference: IntArray, own: IntArray) -> IntArray:
    """For each op of a device its index in the reference, -1 without a counterpart; both keep their order.

    Both sequences are walked side by side. Where they differ, as few ops as possible are skipped until several agree
    again. If that does not happen within reach, or too many were skipped, the rest has no counterpart.
    """
    places = np.full(len(own), -1, dtype=np.int64)
    at, there, alone = 0, 0, 0
    while at < len(own) and there < len(reference) and alone <= (1 - _ALIGNED) * len(own):
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
        _match_skipped(reference[there : there + skip[0]], own[at : at + skip[1]], places[at : at + skip[1]], there)
        alone += int(np.count_nonzero(places[at : at + skip[1]] < 0))
        there, at = there + skip[0], at + skip[1]
    return places


def _subsequence(reference: IntArray, own: IntArray) -> IntArray | None:
    """The places of ops that are all in the reference, in order, with others between them; None if they are not."""
    theirs, places, after = reference.tolist(), np.empty(len(own), dtype=np.int64), 0
    for index, number in enumerate(own.tolist()):
        try:
            places[index] = theirs.index(number, after)
        except ValueError:
            return None
        after = int(places[index]) + 1
    return places


def _match_skipped(reference: IntArray, own: IntArray, places: IntArray, there: int) -> None:
    """Give skipped ops their counterparts among those of the reference, which start at `there`, in order."""
    theirs, after = reference.tolist(), 0
    for index, number in enumerate(own.tolist()):
        if number in theirs[after:]:
            after = theirs.index(number, after) + 1
            places[index] = there + after - 1


def _resume(reference: IntArray, own: IntArray) -> tuple[int, int] | None:
    """The fewest ops to skip on both sides until they agree again; None = not within reach."""
    theirs, ours = len(reference), len(own)
    same = np.ones((theirs + _AGREE, ours + _AGREE), dtype=np.bool_)  # beyond the end of either there is no difference
    same[:theirs, :ours] = reference[:, np.newaxis] == own[np.newaxis, :]
    agree = np.logical_and.reduce([same[ahead : ahead + theirs, ahead : ahead + ours] for ahead in range(_AGREE)])
    agree[:1, :1] = False
    other_skip, own_skip = np.nonzero(agree)
    if not other_skip.size:
        return None
    best = int(np.lexsort((own_skip, other_skip + own_skip))[0])
    return int(other_skip[best]), int(own_skip[best])


def critical_path_ns(ops: Ops, positions: IntArray, aligned: Devices) -> float | None:
    """Kernel time on the critical path; None when the devices could not be aligned, or no op on it is timed."""
    time = ops.exposed_ns[positions[aligned.critical]]
    return float(np.nansum(time)) if aligned.aligned and np.isfinite(time).any() else None


@dataclass(frozen=True)
class Step:
    """One op on several devices, with its durations in ns; `slowest` is the index of the longest one."""

    slowest: int
    devices: int
    longest_ns: float
    mean_ns: float
    shortest_ns: float


def widest_steps(aligned: Devices, kernel_ns: FloatArray, count: int = 50) -> list[Step]:
    """The steps whose slowest device exceeds the mean of all by most, largest difference first."""
    if not aligned.aligned:
        return []
    timed = np.flatnonzero(np.isfinite(kernel_ns))
    order = timed[np.lexsort((kernel_ns[timed], aligned.step[timed]))]
    steps, first, sizes = np.unique(aligned.step[order], return_index=True, return_counts=True)
    last = first + sizes - 1
    kernel = kernel_ns[order]
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
