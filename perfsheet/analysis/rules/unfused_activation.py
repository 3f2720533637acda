"""GELU as separate elementwise ops: x / √2, erf, + 1, and products."""

from __future__ import annotations

import numpy as np

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.rules.base import Evidence, Group, Hits, Rule, Stage, one_root
from perfsheet.analysis.rules.chains import FusableChains, computing

_SCALES = ("MUL", "DIV")


def find(facts: Facts) -> Hits:
    """The erf, the product before it, the sum after it, and the products after that, directly one after another."""
    ops = facts.ops
    erf = facts.of_variants([name == "ERF" for name in facts.functions])
    found = FusableChains(facts)
    for here in facts.sequences if erf.any() else ():
        names = [facts.functions[index] for index in ops.variants.of[here].tolist()]
        for at in np.flatnonzero(erf[here]).tolist():
            if _is_gelu(names, at):
                found.add(here[at - 1 : at + 2 + _products(names[at + 2 : at + 4])].tolist())
    return found.hits()


def _is_gelu(names: list[str], at: int) -> bool:
    around = names[at - 1 : at] + names[at + 1 : at + 3] if at else []
    return len(around) == 3 and around[0] in _SCALES and around[1] == "ADD" and around[2] == "MUL"


def _products(after: list[str]) -> int:
    """How many of the ops after the sum are products."""
    return next((count for count, name in enumerate(after) if name not in _SCALES), len(after))


def advice(facts: Facts, group: Group) -> str:
    """One op, or none."""
    return (
        "GELU runs as separate elementwise ops around an erf: try ttnn.gelu, or "
        'activation="gelu" of the ttnn.linear before it.'
    )


def evidence(facts: Facts, group: Group) -> Evidence:
    """How many."""
    return {"times": computing(facts, group, "ERF")}


RULE = Rule(
    id="unfused-activation",
    title="Unfused activation",
    order=224,
    mark="UAC",
    detects="product or quotient, erf, sum, product (and another one), directly one after another: GELU in pieces",
    saving_formula="Σ kernel duration, the last op down to its time at the speed of light",
    find=find,
    advice=advice,
    caveat="The approximate mode of the fused op is less exact than the erf.",
    evidence=evidence,
    root=one_root,
    keeps_work=False,
    stage=Stage.MODULE,
)
