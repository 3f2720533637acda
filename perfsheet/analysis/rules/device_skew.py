"""Ops that some devices take longer over than the others."""

from __future__ import annotations

import numpy as np

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.categories import COLLECTIVE
from perfsheet.analysis.rules.base import Evidence, Group, Hits, Rule, Stage
from perfsheet.analysis.speed_of_light.attention import is_uneven_ring
from perfsheet.capture.arrays import distinct
from perfsheet.capture.table import IntArray

_SHARE = 0.1
_LEAST_NS = 1000


def find(facts: Facts) -> Hits:
    """At least 10 % and 1 µs above the mean of the step; collectives are left out, since they wait for each other."""
    ops, mean = facts.ops, facts.steps.mean_ns
    over = ops.kernel_ns - mean
    slow = (over >= _SHARE * mean) & (over >= _LEAST_NS) & ~facts.in_category(COLLECTIVE)
    positions = np.flatnonzero(slow & (facts.steps.devices > 1))
    return Hits(positions, over[positions])


def advice(facts: Facts, group: Group) -> str:
    """Give every device the same share; a causal ring attention has an argument for that."""
    slow = _slow_devices(facts, group)
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


def _in_same_steps(facts: Facts, group: Group) -> IntArray:
    """The timed ops of all devices in the steps of these ops, by their place among the window's."""
    scope, devices = facts.scope, facts.devices
    steps = devices.step[np.isin(scope.within, scope.of[group.positions])]
    return np.flatnonzero(np.isin(devices.step, steps) & scope.every.timed[scope.within])


def _slow_devices(facts: Facts, group: Group) -> list[int]:
    """The devices that are slower than the mean of a step by what the rule asks for."""
    scope, here = facts.scope, _in_same_steps(facts, group)
    kernel = scope.every.kernel_ns[scope.within]
    mean = facts.steps_within.mean_ns[here]
    slow = here[kernel[here] - mean >= np.maximum(_SHARE * mean, _LEAST_NS)]
    return sorted(set(scope.every.device[scope.within[slow]].tolist()))


def evidence(facts: Facts, group: Group) -> Evidence:
    """The fastest and the slowest device in these steps, and over the whole window."""
    ops, devices = facts.scope.every, facts.devices
    here = facts.scope.within[_in_same_steps(facts, group)]
    ids = distinct(ops.device[here])
    times = [float(ops.kernel_ns[here[ops.device[here] == device]].sum()) for device in ids]
    fastest, slowest = int(np.argmin(times)), int(np.argmax(times))
    totals = [total.kernel_ns for total in devices.totals if np.isfinite(total.kernel_ns)]
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
    needs_times=True,
    find=find,
    advice=advice,
    caveat="The saving is that of the slower devices; the others take over the work that these lose.",
    evidence=evidence,
    settings=(),
    stage=Stage.MODEL,
)
