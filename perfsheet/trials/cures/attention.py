"""Attention in one op."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from perfsheet.trials.chain import Proposal
from perfsheet.trials.code import Code
from perfsheet.trials.configs import compute_kernel_config
from perfsheet.trials.cures.base import Chain, moves, number, whole
from perfsheet.trials.kinds.attention import CHUNKS, KIND, in_chunks
from perfsheet.trials.memory import DRAM
from perfsheet.trials.tensors import Tensor

_MOST = 3


def proposals(chain: Chain) -> Iterator[Proposal]:
    """ttnn.transformer.scaled_dot_product_attention of the Q and K of the scores and of the V of the last product.

    It does without the ops that make and read the scores. The shapes of sums and products in between may be those of
    others (elementwise ops are recorded by their program), so that they do not count, but any sum is taken for a mask.
    """
    scores, values = chain.ops[0], chain.ops[-1]
    if min(len(scores.inputs), len(values.inputs)) < 2 or not scores.outputs:
        return
    q, k, v = (whole(tensor) for tensor in (scores.inputs[0], scores.inputs[1], values.inputs[1]))
    if not scores.has("transpose_b"):
        k = replace(k, shape=(*k.shape[:-2], k.shape[-1], k.shape[-2]))
    tensors = {"q": q, "k": k, "v": v}
    options = {
        "is_causal": "False",
        "scale": _scale(chain),
        "compute_kernel_config": compute_kernel_config(scores.attributes),
    }
    if (mask := _mask(chain, q, k)) is not None:
        tensors["mask"] = mask
        options["attn_mask"] = "mask"
    name = "ttnn.transformer.scaled_dot_product_attention"
    code = Code(tensors, name, ("q", "k", "v"), options)
    fewer = sum(op.outputs[:1] != () and op.output.shape == scores.output.shape for op in chain.ops[:-1])
    said = name if options["scale"] else f"{name} (the scale is not in the capture)"
    moved = moves(scores, values, q, k) + (v.memory != values.inputs[1].memory)
    yield Proposal(said, code, (KIND.ops,), fewer, moved)
    length = min(q.shape[-2], k.shape[-2])
    for size in [chunk for chunk in CHUNKS if chunk <= max(length, CHUNKS[-1])][:_MOST]:
        config = in_chunks(chain.grid, size, size)
        yield Proposal(f"{said}, chunks of {size}", code.given(program_config=config), (KIND.ops,), fewer, moved)


def _scale(chain: Chain) -> str:
    """By what the scores are multiplied, which TTNN would choose itself; blank = by a tensor of unknown value."""
    for op in chain.ops[1:-1]:
        kind = op.get("binary_op_type").rpartition("::")[2]
        if kind not in ("MUL", "DIV"):
            continue
        factor = number(op.get("scalar"))
        if factor is None or (kind == "DIV" and not factor):
            return ""
        return repr(factor if kind == "MUL" else 1 / factor)
    return "1.0"


def _mask(chain: Chain, q: Tensor, k: Tensor) -> Tensor | None:
    """What a sum adds to the scores: one row of tiles for each query, the same for all heads; None without a sum."""
    sums = (op for op in chain.ops[1:-1] if "ADD" in op.get("binary_op_type") and len(op.inputs) > 1)
    added = next((op.inputs[1] for op in sums), None)
    return added and replace(added, shape=(q.shape[0], 1, q.shape[-2], k.shape[-2]), layout="TILE", memory=DRAM)
