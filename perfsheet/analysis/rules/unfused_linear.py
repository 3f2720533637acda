"""A bias or an activation as an op of its own after a matmul, which could do both itself."""

from __future__ import annotations

import numpy as np

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.elementwise import function, fused_activation
from perfsheet.analysis.ops.kinds import kind
from perfsheet.analysis.ops.variants import Variant
from perfsheet.analysis.rules import fusable_pair
from perfsheet.analysis.rules.base import Evidence, Group, Hits, Rule, Stage, hits_of, one_root
from perfsheet.analysis.rules.chains import chain, depends

_ACTIVATIONS = {"RELU", "GELU", "SILU", "SIGMOID", "TANH"}


def find(facts: Facts) -> Hits:
    """Matmuls, each directly followed by the sum with a row, by an activation, or by both; these could go."""
    ops = facts.ops
    plain = facts.of_variants([_is_plain(variant) for variant in ops.variants.all])
    may_follow = facts.of_variants([name in {"ADD", *_ACTIVATIONS} for name in facts.functions])
    may_follow[hits_of(facts, fusable_pair.RULE).positions] = False  # fused with what comes after them
    positions: list[int] = []
    matmuls: list[int] = []
    subjects = []
    for here in facts.sequences if plain.any() else ():
        for at in np.flatnonzero(plain[here[:-1]] & may_follow[here[1:]]).tolist():
            members = _epilogue(facts, [p for p in here[at : at + 3].tolist() if p == here[at] or may_follow[p]])
            timed = [position for position in members[1:] if ops.timed[position]]
            positions += timed
            matmuls += [members[0]] * len(timed)
            subjects += [chain(facts, members)] * len(timed)
    hits = np.array(positions, dtype=np.int64)
    return Hits(hits, ops.kernel_ns[hits], subjects, chains=np.array(matmuls, dtype=np.int64))


def _is_plain(variant: Variant) -> bool:
    is_matmul = kind(variant.op_code) in ("matmul", "minimalmatmul") and bool(variant.outputs)
    return is_matmul and not fused_activation(variant)


def _epilogue(facts: Facts, here: list[int]) -> list[int]:
    """The matmul, and what follows it that it could do itself."""
    matmul, *after = here
    has_bias = len(facts.variant(matmul).inputs) > 2
    taken = [matmul]
    if after and not has_bias and _adds_row(facts.variant(matmul), facts.variant(after[0])):
        taken.append(after.pop(0))
    if after and _activates(facts.variant(matmul), facts.variant(after[0])):
        taken.append(after[0])
    return taken if depends(facts, taken) else [matmul]


def _adds_row(matmul: Variant, after: Variant) -> bool:
    if function(after) != "ADD" or len(after.inputs) < 2 or not after.outputs:
        return False
    left, right, made = after.inputs[0].logical, after.inputs[1].logical, matmul.outputs[0].logical
    # Of one row any other sum looks the same.
    return made is not None and made[2] > 1 and left == made and right == (1, 1, 1, made[3])


def _activates(matmul: Variant, after: Variant) -> bool:
    made = matmul.outputs[0].logical
    same = made is not None and bool(after.inputs) and after.inputs[0].logical == made
    return same and function(after) in _ACTIVATIONS


def advice(facts: Facts, group: Group) -> str:
    """The arguments of ttnn.linear."""
    found = {function(facts.variant(position)) for position in group.positions.tolist()}
    activation = next((name.lower() for name in sorted(found) if name in _ACTIVATIONS), "")
    arguments = " and ".join(
        filter(None, ("bias" if "ADD" in found else "", activation and f'activation="{activation}"'))
    )
    return f"A matmul, and what it could do itself in ops of their own: try ttnn.linear with {arguments}."


def evidence(facts: Facts, group: Group) -> Evidence:
    """How many ops could go."""
    return {"ops": len(group.positions)}


RULE = Rule(
    id="unfused-linear",
    title="Unfused linear",
    order=223,
    detects=(
        "matmul without a fused activation, directly followed by the sum with a row (where it has no bias), by ReLU, "
        "GELU, SiLU, sigmoid or tanh on its output, or by both"
    ),
    saving_formula="Σ kernel duration of the ops after the matmul",
    find=find,
    advice=advice,
    caveat="The matmul then does their math, and takes somewhat longer.",
    evidence=evidence,
    root=one_root,
    keeps_work=False,
    stage=Stage.MODULE,
)
