"""Matmuls and convolutions that read an activation from DRAM although it would fit in L1."""

from __future__ import annotations

import numpy as np

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.categories import CONV, MATMUL
from perfsheet.analysis.ops.kinds import kind
from perfsheet.analysis.rules.base import Evidence, Group, Hits, Rule, Stage, fewer_bytes_hits, free_of_l1
from perfsheet.analysis.rules.risc_bound import COLUMNS, risc_spans
from perfsheet.capture.table import BoolArray, FloatArray
from perfsheet.hardware.boards import L1_BYTES

_ROOM = 0.5
_READS = 0.1
_BUSY = 0.75
"""Part of the kernel duration: what computes for so long, and reads for half of that, does not wait for its input."""


def find(facts: Facts) -> Hits:
    """The first input is in DRAM and takes at most half of the grid's L1, and the op is not compute-bound.

    For nlp_create_qkv_heads_decode, where one core per user reads its row piece by piece, all time may follow.
    """
    ops, speed_of_light = facts.ops, facts.speed_of_light
    sizes = [
        variant.inputs[0].size if variant.inputs and variant.inputs[0].in_dram else None for variant in ops.variants.all
    ]
    size = facts.figures(sizes)
    # As much must be left for the circular buffers of the op as without a report, which may lack them.
    room = _ROOM * L1_BYTES if facts.graph is None else np.fmin(_ROOM * L1_BYTES, facts.graph.flow.input_rooms)
    fits = size <= room * ops.worker_cores
    reads = (speed_of_light.dram >= _READS) & (speed_of_light.dram >= np.nan_to_num(speed_of_light.compute))
    reads &= ~_computes(facts)
    heads = ops.where_code(_splits_heads_in_decode) & ops.timed
    positions = np.flatnonzero((facts.in_category(MATMUL, CONV) & reads | heads) & fits)
    by_bytes = fewer_bytes_hits(facts, positions, size[positions])
    of_heads = heads[positions]
    return Hits(
        positions,
        np.where(of_heads, ops.kernel_ns[positions], by_bytes.saving_ns),
        floor_ns=None if by_bytes.floor_ns is None else np.where(of_heads, 0.0, by_bytes.floor_ns),
        unlike_record=None if by_bytes.unlike_record is None else by_bytes.unlike_record & ~of_heads,
    )


def _splits_heads_in_decode(op_code: str) -> bool:
    return kind(op_code) == "nlpcreateqkvheadsdecode"


def _computes(facts: Facts) -> BoolArray:
    """Whether the compute kernel runs nearly all the time, the reader for less than half of it."""
    reader, compute, _ = risc_spans(facts)
    return np.asarray((compute >= _BUSY * facts.ops.kernel_ns) & (reader <= compute / 2))


def advice(facts: Facts, group: Group) -> str:
    """Keep it in L1."""
    return (
        "Its first input is read from DRAM but would fit in L1: try to let the op before write to L1 "
        "(memory_config=ttnn.L1_MEMORY_CONFIG, or a sharded one)."
    )


def caveat(facts: Facts, group: Group) -> str:
    """How much of L1 is free, where a graph report says it."""
    return free_of_l1(facts, group.positions, _rooms(facts, group))


def _rooms(facts: Facts, group: Group) -> FloatArray:
    unknown = np.full(len(group.positions), np.nan)
    return unknown if facts.graph is None else facts.graph.flow.input_rooms[group.positions]


def evidence(facts: Facts, group: Group) -> Evidence:
    """Bytes of the input, of all DRAM traffic, and what is free of a bank."""
    first, rooms = int(group.positions[0]), _rooms(facts, group)
    return {
        "input_bytes": facts.variant(first).inputs[0].size or 0.0,
        "dram_bytes": float(facts.speed_of_light.dram_bytes[first]),
        **({"l1_free_bytes": float(np.nanmin(rooms))} if np.isfinite(rooms).any() else {}),
    }


RULE = Rule(
    id="input-in-dram",
    title="Input in DRAM",
    order=110,
    detects=(
        "matmul or convolution, at 10 % or more of the DRAM peak and nearer to it than to the compute peak, whose "
        "first input is in DRAM and would take at most half of the grid's L1 (with a graph report also at most what is "
        "free of it from the op that makes it to this one); and "
        "ttnn.experimental.nlp_create_qkv_heads_decode with such an input"
    ),
    saving_formula=(
        "Σ kernel duration × input bytes / DRAM bytes, down to what is left of the speed of light; of heads all of it"
    ),
    find=find,
    advice=advice,
    caveat=caveat,
    evidence=evidence,
    keeps_work=False,
    columns=COLUMNS,
    settings=("input 0",),
    stage=Stage.MODULE,
)
