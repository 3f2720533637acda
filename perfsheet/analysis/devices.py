"""Several devices: what each took, their ops step by step, and the slowest of each step."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher

import numpy as np

from perfsheet.analysis.numbers import ratio
from perfsheet.analysis.ops import Ops
from perfsheet.analysis.signature import numbers
from perfsheet.capture.table import FloatArray, IntArray

_COMPARED = 4000
_ALIGNED = 0.7


@dataclass(frozen=True)
class DeviceTotal:
    """Kernel time of one device, in ns."""

    device: int
    ops: int
    kernel_ns: float


@dataclass(frozen=True, eq=False)
class Devices:
    """`totals` by device id. `step`: for each op the number of its step; ops of one step are the same op on several
    devices. -1 everywhere when the devices' ops could not be aligned, and then `problem` says so.

    `unmatched`: ops that another device has no counterpart of; each is a step of its own.
    """

    totals: tuple[DeviceTotal, ...]
    step: IntArray
    unmatched: int
    problem: str

    @property
    def aligned(self) -> bool:
        """Whether there are steps."""
        return not self.problem


def devices(ops: Ops) -> Devices:
    """Align the op sequences of all devices to the longest of them."""
    ids = np.unique(ops.device)
    totals = tuple(
        DeviceTotal(int(one), int(here.sum()), float(np.nansum(ops.kernel_ns[here])))
        for one in ids
        for here in [ops.device == one]
    )
    members = {int(one): np.flatnonzero(ops.device == one) for one in ids}
    step = np.full(len(ops), -1, dtype=np.int64)
    if not members:
        return Devices(totals, step, 0, "")
    longest = max(members, key=lambda one: len(members[one]))
    reference = numbers(ops)[members[longest]]
    step[members[longest]] = np.arange(len(reference))
    following, unmatched = len(reference), 0
    for device, here in members.items():
        if device == longest:
            continue
        matched = _matched(reference, numbers(ops)[here])
        alone = matched < 0
        if 1 - ratio(float(alone.sum()), len(here)) < _ALIGNED:
            problem = f"the ops of device {device} differ too much from those of device {longest} to be aligned"
            return Devices(totals, np.full(len(ops), -1, dtype=np.int64), 0, problem)
        unmatched += int(alone.sum()) + len(reference) - int((~alone).sum())
        matched[alone] = following + np.arange(int(alone.sum()))
        following += int(alone.sum())
        step[here] = matched
    return Devices(totals, step, unmatched, "")


def _matched(reference: IntArray, own: IntArray) -> IntArray:
    """For each op of a device its place in the reference, -1 where it has none; both keep their order."""
    if len(reference) == len(own) and (reference == own).all():
        return np.arange(len(own))
    places = np.full(len(own), -1, dtype=np.int64)
    shorter = min(len(reference), len(own))
    differs = np.flatnonzero(reference[:shorter] != own[:shorter])
    head = int(differs[0]) if differs.size else shorter
    differs = np.flatnonzero(reference[::-1][: shorter - head] != own[::-1][: shorter - head])
    tail = int(differs[0]) if differs.size else shorter - head
    places[:head] = np.arange(head)
    if tail:
        places[len(own) - tail :] = np.arange(len(reference) - tail, len(reference))
    middle, own_middle = reference[head : len(reference) - tail], own[head : len(own) - tail]
    if len(middle) and len(own_middle) and max(len(middle), len(own_middle)) <= _COMPARED:
        matcher = SequenceMatcher(None, middle.tolist(), own_middle.tolist(), autojunk=False)
        for block in matcher.get_matching_blocks():
            places[head + block.b : head + block.b + block.size] = head + np.arange(block.a, block.a + block.size)
    return places


def slowest_ns(ops: Ops, found: Devices) -> FloatArray:
    """The longest kernel duration of each step, 0 for steps without a known one."""
    longest = np.zeros(int(found.step.max(initial=-1)) + 1)
    np.maximum.at(longest, found.step, np.nan_to_num(ops.kernel_ns))
    return longest


def critical_path_ns(ops: Ops, found: Devices) -> float | None:
    """Σ over the steps of the slowest device's kernel duration; None when the devices could not be aligned."""
    return float(slowest_ns(ops, found).sum()) if found.aligned else None
