"""Chains of elementwise and data-movement ops that pass their results on through DRAM."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.categories import DATA_MOVEMENT
from perfsheet.analysis.ops.variants import Variant
from perfsheet.analysis.rules import layout_conversion, unfused_heads
from perfsheet.analysis.rules.base import Evidence, Group, Hits, Rule, Stage, free_of_l1, hits_of
from perfsheet.analysis.rules.chains import chain, linked, runs
from perfsheet.capture.table import FloatArray
from perfsheet.hardware.boards import L1_BYTES

_FEWEST = 3
_PAUSE_NS = 1e6
"""After such a gap, other data may have come from the host."""
_ROOM = 0.25
"""Part of the grid's L1 that an intermediate may take, so that two of them and the op's buffers fit."""


def _through_dram(variant: Variant) -> bool:
    return bool(variant.inputs and variant.outputs) and variant.inputs[0].in_dram and variant.outputs[0].in_dram


def find(facts: Facts) -> Hits:
    """Three or more such ops in a row, each reading what the last one wrote, whose results would fit in L1.

    What is saved is the DRAM traffic of the intermediates: of each op its first input's share of the bytes, and the
    output's, but for the first input and the last output of the chain.
    """
    ops = facts.ops
    mask = facts.in_category("elementwise", DATA_MOVEMENT, "softmax", "reduction") & ops.timed
    mask &= facts.of_variants([_through_dram(variant) for variant in ops.variants.all])
    for rule in (layout_conversion.RULE, unfused_heads.RULE):
        mask[hits_of(facts, rule).positions] = False
    positions: list[int] = []
    savings: list[float] = []
    subjects = []
    for here in facts.sequences:
        for members in (part for run in runs(mask, here) for part in _without_pauses(facts, run)):
            if len(members) >= _FEWEST and _fits(facts, members):
                positions += members
                savings += _traffic(facts, members)
                subjects += [chain(facts, members)] * len(members)
    return Hits(np.array(positions, dtype=np.int64), np.array(savings), subjects)


def _without_pauses(facts: Facts, run: list[int]) -> Iterator[list[int]]:
    """Parts of a run whose ops read what the last one wrote, without long gaps: after these, other data may come."""
    for members in linked(facts, run):
        starts = [0, *(at for at in range(1, len(members)) if facts.ops.gap_ns[members[at]] > _PAUSE_NS), len(members)]
        yield from (members[start:end] for start, end in pairwise(starts))


def _fits(facts: Facts, members: list[int]) -> bool:
    """Whether two of the results in between fit at once, by a graph report also in what is free then."""
    cores = float(np.nan_to_num(facts.ops.worker_cores[members[0]]))
    room = _ROOM * L1_BYTES * cores
    if facts.graph is not None and not np.isnan(least := _free(facts, members).min()):
        room = min(room, float(least) / 2 * cores)
    return all((facts.variant(position).outputs[0].size or np.inf) <= room for position in members[:-1])


def _free(facts: Facts, members: Sequence[int]) -> FloatArray:
    unknown = np.full(len(members), np.nan)
    return unknown if facts.graph is None else facts.graph.memory.headroom[list(members)]


def caveat(facts: Facts, group: Group) -> str:
    """How much of L1 is free, where a graph report says it."""
    return free_of_l1(facts, group.positions, _free(facts, group.positions.tolist()))


def _traffic(facts: Facts, members: list[int]) -> list[float]:
    """Of each op the time that its intermediates take, by their part of its bytes."""
    savings = []
    for index, position in enumerate(members):
        variant = facts.variant(position)
        sizes = [tensor.size or 0.0 for tensor in (*variant.inputs, *variant.outputs) if tensor.in_dram]
        given = variant.inputs[0].size or 0.0 if index else 0.0
        put = variant.outputs[0].size or 0.0 if index < len(members) - 1 else 0.0
        part = (given + put) / sum(sizes) if sum(sizes) else np.nan
        savings.append(float(facts.ops.kernel_ns[position]) * min(part, 1.0))
    return savings


def advice(facts: Facts, group: Group) -> str:
    """L1 for what is between the ops, or fewer ops."""
    return (
        "Each of these ops reads from DRAM what the one before it wrote there, though it would fit in L1: try "
        "memory_config=ttnn.L1_MEMORY_CONFIG for the results in between (or one sharded layout for all), or to fuse "
        "elementwise ops (input_tensor_a_activations of ttnn.multiply, ttnn.addcmul)."
    )


def evidence(facts: Facts, group: Group) -> Evidence:
    """The bytes that the chain moves, where known."""
    moved = facts.speed_of_light.dram_bytes[group.positions]
    return {"dram_bytes": float(np.nansum(moved))} if np.isfinite(moved).any() else {}


RULE = Rule(
    id="dram-round-trip",
    title="DRAM round trip",
    order=115,
    detects=(
        "three or more elementwise, data-movement, softmax or reduction ops in a row from DRAM to DRAM, each reading "
        "what the last one wrote, with results of at most a quarter of the grid's L1 (with a graph report also half of "
        "what is free of it); not layout conversions or unfused heads"
    ),
    saving_formula="Σ kernel duration × bytes of the results in between / bytes of the op in DRAM",
    find=find,
    advice=advice,
    caveat=caveat,
    evidence=evidence,
    keeps_work=False,
    stage=Stage.MODULE,
)
