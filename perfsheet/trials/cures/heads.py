"""Heads split and joined in one op."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from perfsheet.trials.chain import Proposal
from perfsheet.trials.code import Code
from perfsheet.trials.cures.base import Chain, whole
from perfsheet.trials.recorded import Recorded

_SPLIT, _JOINED = r"N[Ll][Pp]Create\w*", r"N[Ll][Pp]ConcatHeads\w*"


def proposals(chain: Chain) -> Iterator[Proposal]:
    """ttnn.experimental.nlp_concat_heads for what joins heads, nlp_create_qkv_heads for what splits them."""
    swap = next((op for op in chain.ops if _swaps(op)), None)
    if swap is None:
        return
    given, made = swap.inputs[0].shape, swap.output.shape
    fewer = len(chain.ops) - 1
    if given[1] < given[2]:
        heads = replace(whole(swap.inputs[0]), layout="TILE", shape=given)
        code = Code({"x": heads}, "ttnn.experimental.nlp_concat_heads", ("x",), {})
        yield Proposal(code.function, code, (_JOINED,), fewer)
        return
    batch, count, rows, size = made
    name = "ttnn.experimental.nlp_create_qkv_heads"
    joined = replace(whole(swap.inputs[0]), layout="TILE", shape=(batch, 1, rows, 3 * count * size))
    options = {"num_heads": str(count), "num_kv_heads": str(count), "transpose_k_heads": "False"}
    code = Code({"qkv": joined}, name, ("qkv",), options)
    yield Proposal(f"{name}, on Q, K and V as one tensor", code, (_SPLIT,), fewer)
    alone = code.reading(qkv=replace(joined, shape=(batch, 1, rows, count * size))).given(
        num_heads="", num_kv_heads="", transpose_k_heads=""
    )
    label = f"{name}_segformer, on a tensor of its own"
    yield Proposal(label, replace(alone, function=f"{name}_segformer"), (_SPLIT,), fewer)


def _swaps(op: Recorded) -> bool:
    """Whether it exchanges heads and rows."""
    if (
        not op.inputs
        or not op.outputs
        or len(op.inputs[0].shape) != 4
        or op.inputs[0].shape[1] == op.inputs[0].shape[2]
    ):
        return False
    batch, second, third, size = op.inputs[0].shape
    return op.output.shape == (batch, third, second, size)
