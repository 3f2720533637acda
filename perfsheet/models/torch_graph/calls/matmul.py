"""Products, and attention in one op."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from perfsheet.models.torch_graph.calls.base import Build, only, scalar, tensor
from perfsheet.models.torch_graph.model import GraphOp
from perfsheet.trials.code import Code


def product(op: GraphOp) -> Code | None:
    """ttnn.matmul."""
    a, b = tensor(op.argument("self")), tensor(op.argument("mat2") or op.argument("other"))
    if a is None or b is None or min(len(a.shape), len(b.shape)) < 2:
        return None
    return Code({"a": a, "b": b}, "ttnn.matmul", ("a", "b"), {})


def linear(op: GraphOp) -> Code | None:
    """ttnn.linear of `addmm`: a product with a row added."""
    bias, a, b = (tensor(op.argument(name)) for name in ("self", "mat1", "mat2"))
    if bias is None or a is None or b is None or not only(op, "self", "mat1", "mat2", beta=1, alpha=1):
        return None
    if len(bias.shape) > 1 and bias.shape[:-1] != (1,):
        return None
    row = replace(bias, shape=(1, bias.shape[-1]))
    return Code({"a": a, "b": b, "bias": row}, "ttnn.linear", ("a", "b"), {"bias": "bias"})


def attention(op: GraphOp) -> Code | None:
    """ttnn.transformer.scaled_dot_product_attention."""
    if not only(op, "query", "key", "value", "attn_mask", "attn_bias", "is_causal", "scale", dropout_p=0.0):
        return None
    tensors = {name: tensor(op.argument(argument)) for name, argument in (("q", "query"), ("k", "key"), ("v", "value"))}
    found = {name: one for name, one in tensors.items() if one is not None}
    if len(found) < 3:
        return None
    options = {"is_causal": str(op.argument("is_causal") is True), "scale": scalar(op.argument("scale")) or ""}
    mask = tensor(op.argument("attn_mask") or op.argument("attn_bias"))
    if mask is not None:
        found["mask"] = replace(mask, shape=(1,) * (4 - len(mask.shape)) + mask.shape)
        options["attn_mask"] = "mask"
    return Code(found, "ttnn.transformer.scaled_dot_product_attention", ("q", "k", "v"), options)


CALLS: Mapping[str, Build] = {
    "mm": product,
    "bmm": product,
    "matmul": product,
    "addmm": linear,
    "_scaled_dot_product_flash_attention_for_cpu": attention,
    "_scaled_dot_product_flash_attention": attention,
    "_scaled_dot_product_efficient_attention": attention,
    "scaled_dot_product_attention": attention,
}
