"""Attention in one op."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from perfsheet.trials.chain import Proposal
from perfsheet.trials.code import Code
from perfsheet.trials.configs import compute_kernel_config
from perfsheet.trials.cures.base import Chain, whole
from perfsheet.trials.kinds.attention import KIND
from perfsheet.trials.tensors import Tensor

_CHUNKS = (256, 128, 64, 32)
_MOST = 3


def proposals(chain: Chain) -> Iterator[Proposal]:
    """ttnn.transformer.scaled_dot_product_attention of the Q and K of the scores and of the V of the last product."""
    scores, values = chain.ops[0], chain.ops[-1]
    if min(len(scores.inputs), len(values.inputs)) < 2:
        return
    q, k, v = (whole(tensor) for tensor in (scores.inputs[0], scores.inputs[1], values.inputs[1]))
    if not scores.has("transpose_b"):
        k = replace(k, shape=(*k.shape[:-2], k.shape[-1], k.shape[-2]))
    tensors = {"q": q, "k": k, "v": v}
    options = {"is_causal": "False", "compute_kernel_config": compute_kernel_config(scores.attributes)}
    if (mask := _mask(chain, q, k)) is not None:
        tensors["mask"] = whole(mask)
        options["attn_mask"] = "mask"
    name = "ttnn.transformer.scaled_dot_product_attention"
    code = Code(tensors, name, ("q", "k", "v"), options)
    fewer = len(chain.ops) - 1
    yield Proposal(name, code, (KIND.ops,), fewer)
    columns, rows = chain.grid
    length = min(q.shape[-2], k.shape[-2])
    for size in [chunk for chunk in _CHUNKS if chunk <= max(length, _CHUNKS[-1])][:_MOST]:
        config = (
            f"ttnn.SDPAProgramConfig(compute_with_storage_grid_size=({columns}, {rows}), q_chunk_size={size}, "
            f"k_chunk_size={size}, exp_approx_mode=False)"
        )
        yield Proposal(f"{name}, chunks of {size}", code.given(program_config=config), (KIND.ops,), fewer)


def _mask(chain: Chain, q: Tensor, k: Tensor) -> Tensor | None:
    """What is added to the scores."""
    place = chain.computing("ADD")
    added = () if place is None else chain.ops[place].inputs[1:2]
    wanted = (q.shape[-2], k.shape[-2])
    return next((replace(one, shape=(*one.shape[:-2], *wanted)) for one in added if one.shape[-1] == wanted[1]), None)
