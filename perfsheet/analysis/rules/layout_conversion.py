"""Ops that compute nothing: tilize, untilize, typecast, move, copy, pad, halo; by chain."""

from __future__ import annotations

import re

import numpy as np

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.rules.base import Evidence, Group, Hits, Rule
from perfsheet.analysis.rules.chains import chain, linked, runs
from perfsheet.analysis.statistics import ratio

_GLUE = re.compile(r"(?i)tilize|typecast|^move|^copy|^clone|^pad|halo")

# The first that occurs in the chain words the advice.
_TRY = (
    (
        "untilize",
        "keep the tensor in ttnn.TILE_LAYOUT across the ops around it; where one of them needs "
        "ttnn.ROW_MAJOR_LAYOUT, let it untilize its own output",
    ),
    (
        "tilize",
        "keep the tensor in ttnn.TILE_LAYOUT from the op before; tilize constants once on the host (ttnn.as_tensor "
        "with layout=ttnn.TILE_LAYOUT)",
    ),
    ("halo", "choose another shard_layout or more rows per core in ttnn.Conv2dConfig, so that less is exchanged"),
    (
        "move",
        "free its input where it is read last (ttnn.deallocate, deallocate_activation of ttnn.Conv2dConfig), and "
        "leave ttnn.move and reallocate_halo_output out where the memory is not needed",
    ),
    ("typecast", "let the op before write the data type itself (its dtype)"),
    ("pad", "pad once on the host, or use shapes that are multiples of 32"),
)
_TRY_ANYTHING = "let the op after read the tensor as it is"


def is_glue(op_code: str) -> bool:
    """Whether an op only changes how a tensor is stored."""
    return _GLUE.search(op_code) is not None


def find(facts: Facts) -> Hits:
    """Runs of such ops on one device; all of their time could go."""
    ops = facts.ops
    glue = ops.where_code(is_glue) & ops.timed
    positions: list[int] = []
    subjects = []
    for here in facts.by_device:
        for members in (part for run in runs(glue, here) for part in linked(facts, run)):
            subject = chain(facts, members)
            positions += members
            subjects += [subject] * len(members)
    found = np.array(positions, dtype=np.int64)
    return Hits(found, ops.kernel_ns[found], subjects)


def advice(facts: Facts, group: Group) -> str:
    """By kind of op, with the one that takes most of the chain; where that runs on few cores, that too."""
    code = group.signature.op_code.lower()
    todo = next((text for word, text in _TRY if word in code), _TRY_ANYTHING)
    longest, share, cores, grid = _longest(facts, group)
    of_chain = f"{longest} takes {100 * share:.1f} % of it" if " → " in group.signature.op_code else ""
    few = ""
    if cores and grid and cores <= grid / 4:
        on = f"on {'one core' if cores == 1 else f'{cores} cores'} of {grid}"
        few = f"{of_chain} {on}" if of_chain else f"runs {on}"
    said = f" ({few or of_chain})" if few or of_chain else ""
    spread = ", or at least spread it over more cores" if few else ""
    return f"Only changes how a tensor is stored{said}: try to {todo}{spread}."


def _longest(facts: Facts, group: Group) -> tuple[str, float, int, int]:
    """The op code with most of the group's time, its share, its most cores and the grid (0 = unknown)."""
    ops = facts.ops
    time: dict[str, float] = {}
    for position in group.positions.tolist():
        time[ops.codes[position]] = time.get(ops.codes[position], 0.0) + float(ops.kernel_ns[position])
    longest = max(time, key=lambda code: time[code])
    cores = [ops.cores[position] for position in group.positions.tolist() if ops.codes[position] == longest]
    return longest, ratio(time[longest], sum(time.values())), int(np.nanmax([0, *cores])), group.worker_cores or 0


def evidence(facts: Facts, group: Group) -> Evidence:
    """What takes most of the chain, on how many cores, and the bytes that all of it moves, where known."""
    longest, share, cores, _ = _longest(facts, group)
    moved = facts.speed_of_light.dram_bytes[group.positions]
    figures: Evidence = {"longest_op": longest, "longest_op_share_pct": 100 * share, "longest_op_cores": cores}
    return {**figures, "dram_bytes": float(np.nansum(moved))} if np.isfinite(moved).any() else figures


RULE = Rule(
    id="layout-glue",
    letter="G",
    title="Layout glue",
    saving_formula="Σ kernel duration of the chain",
    find=find,
    advice=advice,
    caveat="Some of it must stay: an op that takes one layout only, a model whose input comes in another.",
    evidence=evidence,
    keeps_work=False,
)
