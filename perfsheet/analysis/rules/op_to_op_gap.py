"""Gaps between ops on warm passes: the host does not keep up with the device."""

from __future__ import annotations

import numpy as np

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.signature import Signature
from perfsheet.analysis.rules.base import Evidence, Group, Hits, Rule, Stage, one_root
from perfsheet.analysis.windows.idle import HOST_GAP_NS
from perfsheet.capture.arrays import median
from perfsheet.capture.table import BoolArray

_SUBJECT = Signature("all ops of warm passes", (), (), "", "")


def gaps(facts: Facts) -> BoolArray:
    """Warm ops after a long gap, except the first op of a device or pass, which waited for something else."""
    return np.asarray(facts.warm & ~facts.first_of_passes & (facts.ops.gap_ns > HOST_GAP_NS))


def find(facts: Facts) -> Hits:
    """All of them are one finding, since one fix (a trace) removes all."""
    positions = np.flatnonzero(gaps(facts))
    gap = facts.ops.gap_ns[positions]
    return Hits(positions, gap, [_SUBJECT] * len(positions))


def advice(facts: Facts, group: Group) -> str:
    """Use a trace, which takes the host out of the loop."""
    if np.isfinite(facts.ops.number("replay_session")[group.positions]).any():
        return (
            "Gaps inside a replayed trace: look at dispatch (command queues, sub-devices), and try to reorder ops "
            "that wait "
            "for others."
        )
    return (
        "The device waits for the host between ops: try a trace (ttnn.begin_trace_capture, ttnn.end_trace_capture, "
        "ttnn.execute_trace), which replays them without the host."
    )


def evidence(facts: Facts, group: Group) -> Evidence:
    """The median gap, their sum, and the kernel time of the warm ops."""
    gap = facts.ops.gap_ns[group.positions]
    return {
        "median_gap_ns": median(gap),
        "gaps_ns": float(gap.sum()),
        "warm_kernel_ns": float(np.nansum(facts.ops.kernel_ns[facts.warm])),
    }


RULE = Rule(
    id="op-to-op-gap",
    title="Op-to-op gap",
    order=170,
    detects="OP TO OP LATENCY above 6.5 µs on warm passes; one finding for all of them",
    saving_formula="Σ OP TO OP LATENCY of warm ops where it is above 6.5 µs",
    needs_times=True,
    find=find,
    advice=advice,
    caveat=(
        "The profiler adds to every gap (about 0.8 µs, tt-metal#26436); gaps are not kernel time. A first pass, which "
        "compiles, is left out."
    ),
    evidence=evidence,
    root=one_root,
    keeps_work=False,
    saves_gaps=True,
    columns=frozenset({"op_to_op_latency_ns"}),
    stage=Stage.MODEL,
)
