"""Ops limited by one of the reader (NCRISC), the compute kernel (TRISC) and the writer (BRISC)."""

from __future__ import annotations

import numpy as np

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.categories import ATTENTION, COLLECTIVE, CONV, MATMUL, RESHARD
from perfsheet.analysis.ops.tensors import Tensor
from perfsheet.analysis.rules.base import Evidence, Group, Hits, Rule, pcc_today
from perfsheet.capture.arrays import median
from perfsheet.capture.table import BoolArray, FloatArray
from perfsheet.hardware.boards import L1_BYTES

_BUSY = 0.9
_OTHERS = 0.6
_LONG_NS = 2000
_EMPTY_NS = 500
"""A kernel that returns at once takes 150 to 300 ns in captures; one this short has no work."""

_ROOM = 0.5
"""Part of the grid's L1 that an output may take."""

RISCS = ("reader", "compute", "writer")
_READER, _COMPUTE, _WRITER = range(3)
COLUMNS = frozenset({"ncrisc_ns", "brisc_ns", "trisc0_ns", "trisc1_ns", "trisc2_ns"})
_COMPUTE_BY_CATEGORY = {
    MATMUL: "a lower math fidelity or a larger output subblock",
    CONV: "a lower math fidelity or a larger output subblock",
    ATTENTION: "a lower math fidelity, exp_approx_mode, or larger q_chunk_size and k_chunk_size",
    "normalisation": "a lower math fidelity, or fp32_dest_acc_en=False where the accuracy allows it",
    "softmax": "math_approx_mode in its compute_kernel_config",
}
_COMPUTE_OF_OTHERS = "a narrower data type, or its fast approximate mode if it has one"


def risc_spans(facts: Facts) -> FloatArray:
    """Kernel times in ns of NCRISC (reader), the longest TRISC (compute) and BRISC (writer), a row each."""
    ops = facts.ops
    compute = np.fmax(np.fmax(ops.number("trisc0_ns"), ops.number("trisc1_ns")), ops.number("trisc2_ns"))
    return np.array([ops.number("ncrisc_ns"), compute, ops.number("brisc_ns")])


def _has_work(facts: Facts) -> BoolArray:
    """Which of the three have work of their own, a row each: a shard in the core's own L1 needs no reader or writer."""
    each = [(_travels(variant.inputs), True, _travels(variant.outputs)) for variant in facts.ops.variants.all]
    return np.asarray(np.array(each, dtype=np.bool_).reshape(-1, 3).T[:, facts.ops.variants.of])


def _travels(tensors: tuple[Tensor, ...]) -> bool:
    return not tensors or not all(tensor.in_l1 and tensor.sharded for tensor in tensors)


def find(facts: Facts) -> Hits:
    """One of the three runs for 90 % of the kernel duration or more, the others for at most 60 % of that.

    Without it the op would still take as long as the next longest that has work, and no less than the time at the speed
    of light. An op of which only one of the three has work is as it should be. BRISC of matmuls and convolutions reads
    the weights and waits for the multicast, so it runs all the time by design.
    """
    ops, span = facts.ops, np.nan_to_num(risc_spans(facts))
    works = _has_work(facts)
    which = np.argmax(span, axis=0)
    longest, second = np.sort(span, axis=0)[:0:-1]
    others = np.where(works & (np.arange(len(RISCS))[:, None] != which), span, 0).max(axis=0, initial=0)
    by_design = (which == _WRITER) & facts.in_category(MATMUL, CONV)
    with np.errstate(invalid="ignore"):
        limited = (longest >= _BUSY * ops.kernel_ns) & (longest <= ops.kernel_ns) & (second <= _OTHERS * longest)
    limited &= (others > _EMPTY_NS) & np.take_along_axis(works, which[None], axis=0)[0] & ~by_design
    positions = np.flatnonzero(limited & (ops.kernel_ns >= _LONG_NS) & ~facts.in_category(COLLECTIVE, RESHARD))
    least = np.fmax(others, np.nan_to_num(facts.speed_of_light.min_kernel_ns))
    return Hits(positions, np.clip((ops.kernel_ns - least)[positions], 0, None))


def _limiting_risc(facts: Facts, group: Group) -> int:
    return int(np.argmax(np.nansum(risc_spans(facts)[:, group.positions], axis=1)))


def advice(facts: Facts, group: Group) -> str:
    """By the RISC that limits the op, and the category or the tensors of the op."""
    risc, variant = _limiting_risc(facts, group), facts.variant(int(group.positions[0]))
    if risc == _COMPUTE:
        todo = _COMPUTE_BY_CATEGORY.get(group.category, _COMPUTE_OF_OTHERS)
    elif risc == _READER:
        todo = "its inputs sharded in L1" + (", or a larger in0_block_w" if group.category == MATMUL else "")
    elif sum(tensor.size or 0 for tensor in variant.outputs) > _ROOM * L1_BYTES * (group.worker_cores or np.inf):
        todo = "a narrower data type for its output, which is too large for L1, or the work in smaller parts"
    else:
        in_dram = any(tensor.in_dram for tensor in variant.outputs)
        todo = "a sharded output in L1" + (" instead of DRAM" if in_dram else "")
    moved = {_READER: variant.inputs, _WRITER: variant.outputs}.get(risc, ())
    rows = any(tensor.layout == "ROW_MAJOR" for tensor in moved)
    pieces = "; short ROW_MAJOR rows move one by one, so longer rows or ttnn.TILE_LAYOUT may help, too" if rows else ""
    return f"Its {RISCS[risc]} kernel runs nearly all the time while the others finish early: try {todo}{pieces}."


def evidence(facts: Facts, group: Group) -> Evidence:
    """The kernel times of the three, medians over the ops."""
    medians = {f"{risc}_ns": spans[group.positions] for risc, spans in zip(RISCS, risc_spans(facts), strict=True)}
    figures = {name: median(spans[np.isfinite(spans)]) for name, spans in medians.items() if np.isfinite(spans).any()}
    return {"held_up_by": RISCS[_limiting_risc(facts, group)], **figures}


_CAVEATS = {
    _READER: "NCRISC is the reader of most kernels, not of all; its time includes waiting for other cores.",
    _COMPUTE: "The time of its compute kernel includes waiting for tiles that come late.",
    _WRITER: "BRISC is the writer of most kernels, not of all; its time includes waiting for the compute kernel.",
}


def caveat(facts: Facts, group: Group) -> str:
    """By the RISC that limits the op; what speeds math up costs accuracy."""
    risc = _limiting_risc(facts, group)
    return _CAVEATS[risc] + (pcc_today(facts, group) if risc == _COMPUTE else "")


RULE = Rule(
    id="risc-bound",
    title="RISC bound",
    order=160,
    detects=(
        "one of reader (NCRISC), compute (longest TRISC) and writer (BRISC) runs for 90 % of the kernel duration or "
        "more, the others for at most 60 % of that, and one of these has work (more than 500 ns, and not only shards "
        "in its core's own L1); not reshards, collectives, or the BRISC of matmuls and convolutions"
    ),
    saving_formula=(
        "Σ (kernel duration − the next longest of reader, compute and writer that has work, or the time at the speed "
        "of light if that is longer)"
    ),
    needs_times=True,
    find=find,
    advice=advice,
    caveat=caveat,
    evidence=evidence,
    columns=COLUMNS,
    settings=("input 0", "output 0", "math fidelity", "compute_kernel_config"),
)
