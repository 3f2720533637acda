"""Attention in one op."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from perfsheet.trials.chain import Proposal
from perfsheet.trials.code import Code
from perfsheet.trials.configs import compute_kernel_config
from perfsheet.trials.cures.base import Chain, number, whole
from perfsheet.trials.kinds.attention import KIND
from perfsheet.trials.tensors import Tensor

_CHUNKS = (256, 128, 64, 32)
_MOST = 3


def proposals(chain: Chain) -> Iterator[Proposal]:
    """ttnn.transformer.scaled_dot_product_attention of the Q and K of the scores and of the V of the last product.

    It does without the ops on the scores; others may have run in between.
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
        tensors["mask"] = whole(mask)
        options["attn_mask"] = "mask"
    name = "ttnn.transformer.scaled_dot_product_attention"
    code = Code(tensors, name, ("q", "k", "v"), options)
    fewer = sum(op.outputs[:1] != () and op.output.shape == scores.output.shape for op in chain.ops[:-1])
    yield Proposal(name, code, (KIND.ops,), fewer)
    columns, rows = chain.grid
    length = min(q.shape[-2], k.shape[-2])
    for size in [chunk for chunk in _CHUNKS if chunk <= max(length, _CHUNKS[-1])][:_MOST]:
        config = (
            f"ttnn.SDPAProgramConfig(compute_with_storage_grid_size=({columns}, {rows}), q_chunk_size={size}, "
            f"k_chunk_size={size}, exp_approx_mode=False)"
        )
        yield Proposal(f"{name}, chunks of {size}", code.given(program_config=config), (KIND.ops,), fewer)


def _scale(chain: Chain) -> str:
    """By what the scores are multiplied, which TTNN would choose itself; blank = by a tensor of unknown value."""
    shape = chain.ops[0].output.shape
    for op in chain.ops[1:-1]:
        kind = op.get("binary_op_type").rpartition("::")[2]
        if kind not in ("MUL", "DIV") or not op.outputs or op.output.shape != shape:
            continue
        factor = number(op.get("scalar"))
        if factor is None or (kind == "DIV" and not factor):
            return ""
        return repr(factor if kind == "MUL" else 1 / factor)
    return "1.0"


def _mask(chain: Chain, q: Tensor, k: Tensor) -> Tensor | None:
    """What is added to the scores."""
    wanted = (q.shape[-2], k.shape[-2])
    added = (
        op.inputs[1]
        for op in chain.ops[1:-1]
        if "ADD" in op.get("binary_op_type") and len(op.inputs) > 1 and op.inputs[0].shape == chain.ops[0].output.shape
    )
    return next((replace(one, shape=(*one.shape[:-2], *wanted)) for one in added if one.shape[-1] == wanted[1]), None)
