"""Ops that some devices take longer over than the others."""

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
    ops, devices = facts.ops, facts.devices
    if len(devices.totals) < 2 or not devices.aligned:
        return np.full(len(ops), np.nan)
    size = int(devices.step.max(initial=-1)) + 1
    count = np.bincount(devices.step[ops.timed], minlength=size)
    total = np.bincount(devices.step[ops.timed], weights=ops.kernel_ns[ops.timed], minlength=size)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(count > 1, total / count, np.nan)
    return np.asarray(mean[devices.step])


def find(facts: Facts) -> Hits:
    """At least 10 % and 1 µs above the mean of the step; collectives are left out, since they wait for each other."""
    ops, mean = facts.ops, means(facts)
    over = ops.kernel_ns - mean
    slow = (over >= _SHARE * mean) & (over >= _LEAST_NS) & ~facts.in_category(COLLECTIVE)
    positions = np.flatnonzero(slow)
    return Hits(positions, over[positions])


def advice(facts: Facts, group: Group) -> str:
    """Give every device the same share; a causal ring attention has an argument for that."""
    slow = sorted(set(facts.ops.device[group.positions].tolist()))
    several = len(slow) > 1
    devices = f"{'Devices' if several else 'Device'} {', '.join(map(str, slow))}"
    if is_uneven_ring(facts.variant(int(group.positions[0]))):
        return (
            f"{devices} {'hold' if several else 'holds'} the end of a causal sequence, which is most of the work: try "
            "is_balanced=True with the "
            "zig-zag order of ttnn.transformer.ring_joint_scaled_dot_product_attention."
        )
    return (
        f"{devices} {'are' if several else 'is'} slower than the mean of all devices: try to give every device the "
        "same share (sequence, heads, "
        "experts), and check the clocks and links."
    )


def evidence(facts: Facts, group: Group) -> Evidence:
    """The fastest and the slowest device in these steps, and over the whole window."""
    ops, devices = facts.ops, facts.devices
    here = np.flatnonzero(np.isin(devices.step, devices.step[group.positions]) & ops.timed)
    ids = np.unique(ops.device[here])
    times = [float(ops.kernel_ns[here[ops.device[here] == device]].sum()) for device in ids]
    fastest, slowest = int(np.argmin(times)), int(np.argmax(times))
    totals = [total.kernel_ns for total in devices.totals]
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
    title="Device skew",
    order=190,
    detects="ops at least 10 % and 1 µs slower than the mean of their step over the devices; not collectives",
    saving_formula="Σ (kernel duration − mean of its step over the devices) of the slower devices",
    find=find,
    advice=advice,
    caveat="The saving is that of the slower devices; the others take over the work that these lose.",
    evidence=evidence,
)
