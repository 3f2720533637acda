"""Steps in which some devices take longer than the others."""

from __future__ import annotations

import numpy as np

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.categories import COLLECTIVE
from perfsheet.analysis.rules.base import Evidence, Group, Hits, Rule
from perfsheet.analysis.speed_of_light.attention import is_uneven_ring
from perfsheet.capture.table import FloatArray

_SHARE = 0.1
_LEAST_NS = 1000


def means(facts: Facts) -> FloatArray:
    """For each op the mean kernel duration of its step over the devices; NaN without steps of several devices."""
    ops, found = facts.ops, facts.devices
    if len(found.totals) < 2 or not found.aligned:
        return np.full(len(ops), np.nan)
    size = int(found.step.max(initial=-1)) + 1
    count = np.bincount(found.step[ops.timed], minlength=size)
    total = np.bincount(found.step[ops.timed], weights=ops.kernel_ns[ops.timed], minlength=size)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(count > 1, total / count, np.nan)
    return np.asarray(mean[found.step])


def find(facts: Facts) -> Hits:
    """10 % and 1 µs above the mean of its step; collectives wait for each other and are left out."""
    ops, mean = facts.ops, means(facts)
    over = ops.kernel_ns - mean
    slow = (over >= _SHARE * mean) & (over >= _LEAST_NS) & ~facts.in_category(COLLECTIVE)
    positions = np.flatnonzero(slow)
    return Hits(positions, over[positions])


def advice(facts: Facts, group: Group) -> str:
    """Even shares; a causal ring has a switch for that."""
    slow = sorted(set(facts.ops.device[group.positions].tolist()))
    devices = f"{'Devices' if len(slow) > 1 else 'Device'} {', '.join(map(str, slow))}"
    if is_uneven_ring(facts.variant(int(group.positions[0]))):
        return (
            f"{devices}: the end of a causal sequence, with most of the work. Try is_balanced=True with the zig-zag "
            "order of ttnn.transformer.ring_joint_scaled_dot_product_attention."
        )
    return (
        f"{devices}: longer than the mean of all. Try to give every device the same share (sequence, heads, experts), "
        "and look at their clocks and links."
    )


def evidence(facts: Facts, group: Group) -> Evidence:
    """The fastest and the slowest device in these steps, and over the whole window."""
    ops, found = facts.ops, facts.devices
    here = np.flatnonzero(np.isin(found.step, found.step[group.positions]) & ops.timed)
    ids = np.unique(ops.device[here])
    times = [float(ops.kernel_ns[here[ops.device[here] == one]].sum()) for one in ids]
    fastest, slowest = int(np.argmin(times)), int(np.argmax(times))
    totals = [one.kernel_ns for one in found.totals]
    return {
        "fastest_device": int(ids[fastest]),
        "fastest_ns": times[fastest],
        "slowest_device": int(ids[slowest]),
        "slowest_ns": times[slowest],
        "mean_ns": float(np.mean(times)),
        "fastest_device_total_ns": min(totals),
        "slowest_device_total_ns": max(totals),
    }


RULE = Rule(
    id="device-skew",
    letter="V",
    title="Uneven devices",
    saving_formula="Σ (kernel duration − mean of its step over the devices) of the slower devices",
    find=find,
    advice=advice,
    caveat="The saving is of the slower devices; the others get as much more to do.",
    evidence=evidence,
)
