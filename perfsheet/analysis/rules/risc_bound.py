"""Ops limited by one of the reader (NCRISC), the compute kernel (TRISC) and the writer (BRISC)."""

from __future__ import annotations

import numpy as np

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.categories import COLLECTIVE
from perfsheet.analysis.rules.base import Evidence, Group, Hits, Rule
from perfsheet.capture.table import FloatArray

_BUSY = 0.9
_OTHERS = 0.6
_LONG_NS = 2000

RISCS = ("reader", "compute", "writer")
COLUMNS = frozenset({"ncrisc_ns", "brisc_ns", "trisc0_ns", "trisc1_ns", "trisc2_ns"})
_TRY = {
    "reader": "read less, or larger pieces at a time (input in L1, larger blocks, a sharded input)",
    "compute": "a lower math fidelity, larger subblocks, or math_approx_mode in its compute_kernel_config",
    "writer": "write to L1 instead of DRAM, or shard its output",
}


def risc_spans(facts: Facts) -> FloatArray:
    """Kernel times in ns of NCRISC (reader), the longest TRISC (compute) and BRISC (writer), a row each."""
    ops = facts.ops
    compute = np.fmax(np.fmax(ops.number("trisc0_ns"), ops.number("trisc1_ns")), ops.number("trisc2_ns"))
    return np.array([ops.number("ncrisc_ns"), compute, ops.number("brisc_ns")])


def find(facts: Facts) -> Hits:
    """One of the three runs for 90 % of the kernel duration or more, the others for at most 60 % of that.

    Without it the op would still take as long as the next longest, and no less than the time at the speed of light.
    """
    ops, span = facts.ops, risc_spans(facts)
    ordered = np.sort(np.nan_to_num(span), axis=0)
    longest, second = ordered[-1], ordered[-2]
    with np.errstate(invalid="ignore"):
        limited = (
            (longest >= _BUSY * ops.kernel_ns)
            & (longest <= ops.kernel_ns)
            & (second > 0)
            & (second <= _OTHERS * longest)
        )
    positions = np.flatnonzero(limited & (ops.kernel_ns >= _LONG_NS) & ~facts.in_category(COLLECTIVE))
    least = np.fmax(second, np.nan_to_num(facts.speed_of_light.min_kernel_ns))
    return Hits(positions, np.clip((ops.kernel_ns - least)[positions], 0, None))


def _limiting_risc(facts: Facts, group: Group) -> str:
    return RISCS[int(np.argmax(np.nansum(risc_spans(facts)[:, group.positions], axis=1)))]


def advice(facts: Facts, group: Group) -> str:
    """By the RISC that limits the op."""
    kind = _limiting_risc(facts, group)
    return (
        f"Its {kind} kernel runs nearly all the time while the others finish early: try to "
        f"{'use ' if kind == 'compute' else ''}{_TRY[kind]}."
    )


def evidence(facts: Facts, group: Group) -> Evidence:
    """The kernel times of the three, medians over the ops."""
    medians = {f"{risc}_ns": spans[group.positions] for risc, spans in zip(RISCS, risc_spans(facts), strict=True)}
    figures = {name: float(np.nanmedian(spans)) for name, spans in medians.items() if np.isfinite(spans).any()}
    return {"held_up_by": _limiting_risc(facts, group), **figures}


RULE = Rule(
    id="risc-bound",
    title="RISC bound",
    order=160,
    detects=(
        "one of reader (NCRISC), compute (longest TRISC) and writer (BRISC) runs for 90 % of the kernel duration or "
        "more, the others for at most 60 % of that"
    ),
    saving_formula=(
        "Σ (kernel duration − the next longest of reader, compute and writer, or the time at the speed of light if "
        "that "
        "is longer)"
    ),
    find=find,
    advice=advice,
    caveat="NCRISC reads and BRISC writes in most kernels, not in all; the times include waiting.",
    evidence=evidence,
    columns=COLUMNS,
)
