"""Ops that only change how a tensor is stored: tilize, untilize, typecast, move, copy, pad, halo; by chain."""

from __future__ import annotations

import re

import numpy as np

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.rules import unfused_heads
from perfsheet.analysis.rules.base import Evidence, Group, Hits, Rule, Stage, hits_of
from perfsheet.analysis.rules.chains import chain, linked, runs
from perfsheet.analysis.statistics import ratio

_PATTERN = re.compile(r"(?i)tilize|typecast|^move|^copy|^clone|^pad|halo")

# The first entry that occurs in the chain gives the advice.
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
    ("halo", "choose another shard_layout or more rows per core in ttnn.Conv2dConfig, so that cores exchange less"),
    (
        "move",
        "free its input after its last use (ttnn.deallocate, deallocate_activation of ttnn.Conv2dConfig), and "
        "leave out ttnn.move and reallocate_halo_output unless the memory is needed",
    ),
    ("typecast", "let the op before write that data type itself (its dtype)"),
    ("pad", "pad once on the host, or use shapes that are multiples of 32"),
)
_TRY_ANYTHING = "let the op after read the tensor as it is"


def is_layout_conversion(op_code: str) -> bool:
    """Whether an op only changes how a tensor is stored."""
    return _PATTERN.search(op_code) is not None


def find(facts: Facts) -> Hits:
    """Runs of such ops on one device, not around heads; at most all of their time could be saved."""
    ops = facts.ops
    mask = ops.where_code(is_layout_conversion) & ops.timed
    mask[hits_of(facts, unfused_heads.RULE).positions] = False
    positions: list[int] = []
    subjects = []
    for here in facts.sequences:
        for members in (part for run in runs(mask, here) for part in linked(facts, run)):
            subject = chain(facts, members)
            positions += members
            subjects += [subject] * len(members)
    hits = np.array(positions, dtype=np.int64)
    return Hits(hits, ops.kernel_ns[hits], subjects)


def advice(facts: Facts, group: Group) -> str:
    """By op, naming the op that takes most of the chain, and its cores if they are few."""
    code = group.signature.op_code.lower()
    todo = next((text for word, text in _TRY if word in code), _TRY_ANYTHING)
    longest, share, cores, grid = _longest(facts, group)
    of_chain = f"{longest} takes {100 * share:.1f} % of it" if " → " in group.signature.op_code else ""
    few = ""
    if cores and grid and cores <= grid / 4:
        on = f"on {'one core' if cores == 1 else f'{cores} cores'} of {grid}"
        few = f"{of_chain} {on}" if of_chain else f"runs {on}"
    detail = f" ({few or of_chain})" if few or of_chain else ""
    spread = ", or at least spread it over more cores" if few else ""
    return f"Only changes how a tensor is stored{detail}: try to {todo}{spread}."


def _longest(facts: Facts, group: Group) -> tuple[str, float, int, int]:
    """The op code with most of the group's time, its share, its most cores and the grid (0 = unknown)."""
    ops = facts.ops
    time: dict[str, float] = {}
    for position in group.positions.tolist():
        time[ops.codes[position]] = time.get(ops.codes[position], 0.0) + float(ops.kernel_ns[position])
    longest = max(time, key=lambda code: time[code])
    cores = [ops.cores[position] for position in group.positions.tolist() if ops.codes[position] == longest]
    return longest, ratio(time[longest], sum(time.values())), int(np.nanmax([0, *cores])), group.worker_cores or 0


def root(facts: Facts, group: Group) -> str:
    """The conversion that its advice is about."""
    code = group.signature.op_code.lower()
    word = next((word for word, _ in _TRY if word in code), "")
    return "tilize" if word == "untilize" else word


def evidence(facts: Facts, group: Group) -> Evidence:
    """The op that takes most of the chain, its cores, and the bytes that the chain moves, where known."""
    longest, share, cores, _ = _longest(facts, group)
    moved = facts.speed_of_light.dram_bytes[group.positions]
    figures: Evidence = {"longest_op": longest, "longest_op_share_pct": 100 * share, "longest_op_cores": cores}
    return {**figures, "dram_bytes": float(np.nansum(moved))} if np.isfinite(moved).any() else figures


_CAVEATS = {
    "halo": "Convolutions and pools over several rows need the rows of other cores: it can get shorter, not go.",
    "move": "Without it a large tensor later on may find no gap in L1 that is large enough.",
    "typecast": "Not every op can write another data type than it reads.",
    "pad": "An op may need the padding, and padding changes what is computed next.",
}


def caveat(facts: Facts, group: Group) -> str:
    """By the conversion."""
    return _CAVEATS.get(
        root(facts, group),
        "Some conversions are needed: an op may accept one layout only, or the model's input may have another.",
    )


RULE = Rule(
    id="layout-conversion",
    former_id="layout-glue",
    title="Layout conversion",
    order=60,
    detects="runs of tilize, untilize, typecast, move, copy, pad, halo that are not unfused heads",
    saving_formula="Σ kernel duration of the chain",
    find=find,
    advice=advice,
    caveat=caveat,
    evidence=evidence,
    root=root,
    keeps_work=False,
    stage=Stage.MODULE,
)
