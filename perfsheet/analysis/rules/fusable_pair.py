"""Two ops for which TTNN has one."""

from __future__ import annotations

import re

import numpy as np

from perfsheet.analysis.facts import Facts
from perfsheet.analysis.ops.elementwise import function
from perfsheet.analysis.ops.kinds import kind
from perfsheet.analysis.ops.signature import Signature
from perfsheet.analysis.ops.variants import Variant
from perfsheet.analysis.rules.base import Evidence, Group, Hits, Rule, Stage
from perfsheet.analysis.rules.chains import chain, depends

_ACTIVATIONS = {"SILU", "GELU", "RELU", "SIGMOID"}
_ROTARY = re.compile(r"rotaryembedding(?!.*fused)")

ACTIVATION, CACHE, ROTARY = "activation", "cache", "rotary"
_NEAR = {ACTIVATION: 2, CACHE: 6, ROTARY: 2}
"""Other ops between the two at most: the other projection, reshards."""
_TRY = {
    ACTIVATION: (
        "An activation, then a product with its result: try ttnn.multiply with input_tensor_a_activations, which does "
        "both in one op."
    ),
    CACHE: (
        "The K and V caches are updated one after the other: try ttnn.experimental.paged_fused_update_cache for both."
    ),
    ROTARY: (
        "Q and K are rotated one after the other: try ttnn.experimental.rotary_embedding_llama_fused_qk for both (or "
        "to rotate them as one tensor)."
    ),
}


def _first_of(variant: Variant, does: str) -> str:
    """Which pair an op may be the first of; blank for none."""
    name = kind(variant.op_code)
    if does in _ACTIVATIONS:
        return ACTIVATION
    if name == "pagedupdatecache":
        return CACHE
    # The fused rotary embedding is for decode: its inputs are height-sharded.
    decodes = bool(variant.inputs) and variant.inputs[0].memory == "L1_HEIGHT_SHARDED"
    return ROTARY if decodes and _ROTARY.match(name) else ""


def _is_second(pair: str, first: Variant, second: Variant) -> bool:
    if pair != ACTIVATION:
        return kind(second.op_code) == kind(first.op_code)
    made = first.outputs[0].logical
    return (
        made is not None and function(second) == "MUL" and any(tensor.logical == made for tensor in second.inputs[:2])
    )


def find(facts: Facts) -> Hits:
    """Pairs that are near each other; what is saved is the shorter of the two."""
    ops = facts.ops
    firsts = [
        _first_of(variant, name) if variant.outputs else ""
        for variant, name in zip(ops.variants.all, facts.functions, strict=True)
    ]
    of = ops.variants.of
    is_first = facts.of_variants([bool(name) for name in firsts])
    positions: list[int] = []
    savings: list[float] = []
    subjects: list[Signature] = []
    taken: set[int] = set()
    for here in facts.sequences if is_first.any() else ():
        for at in np.flatnonzero(is_first[here]).tolist():
            first = int(here[at])
            pair = firsts[int(of[first])]
            after = [p for p in here[at + 1 : at + 2 + _NEAR[pair]].tolist() if p not in taken]
            second = next((p for p in after if _is_second(pair, facts.variant(first), facts.variant(p))), None)
            if second is not None and pair == ACTIVATION and not depends(facts, (first, second)):
                continue
            if second is None or first in taken or not (ops.timed[first] and ops.timed[second]):
                continue
            taken.update((first, second))
            shorter = min(first, second, key=lambda position: ops.kernel_ns[position])
            positions += [first, second]
            savings += [float(ops.kernel_ns[p]) if p == shorter else 0.0 for p in (first, second)]
            subjects += [chain(facts, [first, second])] * 2
    hits = np.array(positions, dtype=np.int64)
    return Hits(hits, np.array(savings), subjects, chains=np.repeat(hits[::2], 2))


def _pair(facts: Facts, group: Group) -> str:
    variant = facts.variant(int(group.positions[0]))
    return _first_of(variant, function(variant))


def advice(facts: Facts, group: Group) -> str:
    """The op that does both."""
    return _TRY[_pair(facts, group)]


def evidence(facts: Facts, group: Group) -> Evidence:
    """How many pairs."""
    return {"pairs": len(group.positions) // 2}


_CAVEATS = {
    ACTIVATION: "The product then does the math of both, and takes longer than now.",
    CACHE: "The fused op wants K and V sharded on cores of their own.",
    ROTARY: "The fused op wants Q and K sharded on cores of their own, and cos and sin for both.",
}


def caveat(facts: Facts, group: Group) -> str:
    """What the op that does both wants."""
    return _CAVEATS[_pair(facts, group)]


RULE = Rule(
    id="fusable-pair",
    title="Fusable pair",
    order=225,
    detects=(
        "two ops with at most two others between them (six between caches) for which TTNN has one: SiLU, GELU, ReLU or "
        "sigmoid and a product with its result; two updates of a paged cache; two height-sharded rotary embeddings"
    ),
    saving_formula="Σ the shorter kernel duration of each pair",
    find=find,
    advice=advice,
    caveat=caveat,
    evidence=evidence,
    root=_pair,
    keeps_work=False,
    stage=Stage.MODULE,
)
