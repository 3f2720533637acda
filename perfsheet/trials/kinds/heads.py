"""Splitting and joining heads."""

from __future__ import annotations

from perfsheet.trials.code import Code
from perfsheet.trials.kinds.base import Kind
from perfsheet.trials.recorded import Recorded


def create(op: Recorded) -> Code | None:
    """ttnn.experimental.nlp_create_qkv_heads."""
    if not op.inputs:
        return None
    tensors = {"x": op.inputs[0]}
    operands = ["x"]
    if len(op.inputs) > 1:
        tensors["kv"] = op.inputs[1]
        operands.append("kv")
    options = {
        "num_heads": op.get("num_q_heads", "num_heads"),
        "num_kv_heads": op.get("num_kv_heads"),
        "transpose_k_heads": str(op.has("transpose_k_heads")),
        "memory_config": op.whole_memory_code,
    }
    return Code(tensors, "ttnn.experimental.nlp_create_qkv_heads", tuple(operands), options)


def create_decode(op: Recorded) -> Code | None:
    """ttnn.experimental.nlp_create_qkv_heads_decode."""
    if not op.inputs:
        return None
    options = {
        "num_heads": op.get("num_q_heads", "num_heads"),
        "num_kv_heads": op.get("num_kv_heads"),
        "memory_config": "ttnn.L1_HEIGHT_SHARDED_MEMORY_CONFIG",
    }
    name = "ttnn.experimental.nlp_create_qkv_heads_decode"
    return Code({"x": op.inputs[0]}, name, ("x",), options)


def concat(op: Recorded) -> Code | None:
    """ttnn.experimental.nlp_concat_heads."""
    if not op.inputs:
        return None
    name = "ttnn.experimental.nlp_concat_heads"
    return Code({"x": op.inputs[0]}, name, ("x",), {"memory_config": op.whole_memory_code})


def concat_decode(op: Recorded) -> Code | None:
    """ttnn.experimental.nlp_concat_heads_decode."""
    if not op.inputs:
        return None
    name = "ttnn.experimental.nlp_concat_heads_decode"
    return Code({"x": op.inputs[0]}, name, ("x",), {"num_heads": op.get("num_heads")})


KINDS = (
    Kind("heads split", r"N[Ll][Pp]CreateHeads(?:DeviceOperation)?|NlpCreateHeadsDeviceOperation", create),
    Kind("heads split in decode", r"NLPCreateQKVHeadsDecode(?:DeviceOperation)?", create_decode),
    Kind("heads joined", r"NLPConcatHeads(?:DeviceOperation)?", concat),
    Kind("heads joined in decode", r"NLPConcatHeadsDecode(?:DeviceOperation)?", concat_decode),
)
