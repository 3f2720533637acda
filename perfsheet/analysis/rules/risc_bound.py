"""Ops that one kind of RISC holds up: the reader, the compute kernel or the writer."""

from __future__ import annotations

import numpy as np

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.categories import COLLECTIVE
from perfsheet.analysis.rules.base import Evidence, Group, Hits, Rule
from perfsheet.capture.table import FloatArray

_BUSY = 0.9
_OTHERS = 0.6
_LONG_NS = 2000

KINDS = ("reader", "compute", "writer")
COLUMNS = frozenset({"ncrisc_ns", "brisc_ns", "trisc0_ns", "trisc1_ns", "trisc2_ns"})
_TRY = {
    "reader": "read less or in larger pieces (input in L1, larger blocks, a sharded input)",
    "compute": "a lower math fidelity, larger subblocks, or math_approx_mode in its compute_kernel_config",
    "writer": "write to L1 in place of DRAM, or shard its output",
}


def spans(facts: Facts) -> FloatArray:
    """Kernel spans in ns of NCRISC (reader), the longest TRISC (compute) and BRISC (writer): one line for each."""
    ops = facts.ops
    compute = np.fmax(np.fmax(ops.number("trisc0_ns"), ops.number("trisc1_ns")), ops.number("trisc2_ns"))
    return np.array([ops.number("ncrisc_ns"), compute, ops.number("brisc_ns")])


def find(facts: Facts) -> Hits:
    """One of the three runs for 90 % of the kernel duration or more, the others for 60 % of that at most.

    Without it the op would still take as long as the next of them, and no less than the speed of light.
    """
    ops, span = facts.ops, spans(facts)
    ordered = np.sort(np.nan_to_num(span), axis=0)
    longest, second = ordered[-1], ordered[-2]
    with np.errstate(invalid="ignore"):
        held = (
            (longest >= _BUSY * ops.kernel_ns)
            & (longest <= ops.kernel_ns)
            & (second > 0)
            & (second <= _OTHERS * longest)
        )
    positions = np.flatnonzero(held & (ops.kernel_ns >= _LONG_NS) & ~facts.in_category(COLLECTIVE))
    least = np.fmax(second, np.nan_to_num(facts.speed_of_light.min_kernel_ns))
    return Hits(positions, np.clip((ops.kernel_ns - least)[positions], 0, None))


def _kind(facts: Facts, group: Group) -> str:
    return KINDS[int(np.argmax(np.nansum(spans(facts)[:, group.positions], axis=1)))]


def advice(facts: Facts, group: Group) -> str:
    """By what holds it up."""
    kind = _kind(facts, group)
    return (
        f"Its {kind} runs all the time while the rest is done early: try to "
        f"{'use ' if kind == 'compute' else ''}{_TRY[kind]}."
    )


def evidence(facts: Facts, group: Group) -> Evidence:
    """The three spans, medians over the ops."""
    medians = {f"{kind}_ns": one[group.positions] for kind, one in zip(KINDS, spans(facts), strict=True)}
    figures = {name: float(np.nanmedian(one)) for name, one in medians.items() if np.isfinite(one).any()}
    return {"held_up_by": _kind(facts, group), **figures}


RULE = Rule(
    id="risc-bound",
    letter="T",
    title="One RISC holds it up",
    saving_formula=(
        "Σ (kernel duration − the longer of the next longest of reader, compute and writer, and the time at the "
        "speed of light)"
    ),
    find=find,
    advice=advice,
    caveat="NCRISC reads and BRISC writes in most kernels, not in all; spans contain waiting.",
    evidence=evidence,
    columns=COLUMNS,
)
