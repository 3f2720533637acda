"""Elementwise ops of one and of two tensors, and changes of the data type."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from perfsheet.hardware.data_types import TILE_SIDE
from perfsheet.trials.code import Code, dtype_code
from perfsheet.trials.kinds.base import Kind, Variant, in_l1
from perfsheet.trials.kinds.grids import grids
from perfsheet.trials.recorded import Recorded
from perfsheet.trials.tensors import Tensor

_BINARY = {
    "ADD": "add", "SUB": "subtract", "MUL": "multiply", "DIV": "divide", "GT": "gt", "LT": "lt", "GTE": "ge",
    "LTE": "le", "EQ": "eq", "NE": "ne", "LOGICAL_AND": "logical_and", "LOGICAL_OR": "logical_or", "POWER": "pow",
    "MAXIMUM": "maximum", "MINIMUM": "minimum", "RSUB": "rsub", "SQUARED_DIFFERENCE": "squared_difference", "GE": "ge",
    "LE": "le",
}  # fmt: skip
"""Functions of ttnn by the BinaryOpType that they become."""
_UNARY = {"RECIP": "reciprocal", "EXP": "exp", "NEG": "neg", "LOGICAL_NOT_UNARY": "logical_not"}
"""Functions of ttnn whose UnaryOpType is called otherwise."""
_OP_TYPE = re.compile(r"UnaryOpType::(\w+)")


def build_binary(op: Recorded) -> Code | None:
    """ttnn.add, ttnn.multiply, …"""
    function = _BINARY.get(op.get("binary_op_type").rpartition("::")[2])
    scalar = op.get("scalar")
    fused = any(re.search(r"\w+Type::\w+", op.get(name)) for name in _FUSED)
    if function is None or not op.inputs or (len(op.inputs) < 2 and not scalar) or fused:
        return None
    tensors = {"a": op.inputs[0]} if scalar else {"a": op.inputs[0], "b": _broadcast(op.inputs[1], op.inputs[0])}
    options = {
        "memory_config": op.memory_code,
        "dtype": dtype_code(op.new_dtype),
    }
    return _into_output(op, Code(tensors, f"ttnn.{function}", ("a", scalar or "b"), options))


def _broadcast(tensor: Tensor, beside: Tensor) -> Tensor:
    """A tensor that is stretched to another: captures without logical extents have a whole tile for one element."""
    pairs = zip(tensor.shape[-2:], beside.shape[-2:], strict=True)
    end = (1 if own == TILE_SIDE and other != TILE_SIDE else own for own, other in pairs)
    return replace(tensor, shape=(*tensor.shape[:-2], *end))


_FUSED = ("lhs_activations", "rhs_activations", "post_activations", "activations", "input_tensor_a_activation")
_PARAMETER = re.compile(r"param=\{([^}]*)\}")


def _without_parameter(chain: str) -> bool:
    """Whether the function has no parameter, or only a switch that is off (as of the approximate mode)."""
    return all(found.strip() in ("", "0", "false") for found in _PARAMETER.findall(chain))


def build_unary(op: Recorded) -> Code | None:
    """ttnn.relu, ttnn.gelu, …; chains of several are not built."""
    types = _OP_TYPE.findall(op.get("op_chain"))
    if len(types) != 1 or not op.inputs or not _without_parameter(op.get("op_chain")):
        return None
    function = _UNARY.get(types[0], types[0].lower())
    options = {"memory_config": op.memory_code}
    return _into_output(op, Code({"x": op.inputs[0]}, f"ttnn.{function}", ("x",), options))


def build_typecast(op: Recorded) -> Code | None:
    """ttnn.typecast."""
    if not op.inputs or not op.outputs:
        return None
    options = {"memory_config": op.memory_code}
    return Code({"x": op.inputs[0]}, "ttnn.typecast", ("x", dtype_code(op.output.dtype)), options)


def _into_output(op: Recorded, code: Code) -> Code:
    """The same op with the output that it was given, if it was: a further input that looks like the output."""
    given = op.inputs[len(code.tensors) : len(code.tensors) + 1]
    if not given or not op.outputs or given[0] != op.output:
        return code
    return code.reading(out=given[0]).given(output_tensor="out", memory_config="")


def _with_new_output(op: Recorded, code: Code) -> Code:
    """The same op without an output that it was given, which could lie nowhere else."""
    if "out" not in code.tensors:
        return code
    tensors = {name: tensor for name, tensor in code.tensors.items() if name != "out"}
    return replace(code, tensors=tensors).given(output_tensor="", memory_config=op.memory_code)


def variants(op: Recorded, code: Code) -> Iterator[Variant]:
    """Sharded on more cores with the same shards for all tensors of this size; else in L1."""
    code = _with_new_output(op, code)
    name, first = next(iter(code.tensors.items()))
    if first.layout == "TILE":
        same = {key: tensor for key, tensor in code.tensors.items() if tensor.shape == first.shape}
        if len(same) == len(code.tensors):
            for grid in grids(first, op.grid, ("HEIGHT_SHARDED", "BLOCK_SHARDED", "WIDTH_SHARDED")):
                tensors = {key: grid.of(tensor) for key, tensor in same.items()}
                sharded = code.reading(**tensors).put(grid.memory)
                yield Variant(grid.label, sharded, "cores")
    yield from in_l1(op, code)
    if first.dtype == "BFLOAT16" and first.layout == "TILE" and "b" in code.tensors:
        narrow = code.reading(**{name: replace(first, dtype="BFLOAT8_B")}).given(dtype=dtype_code(op.output.dtype))
        yield Variant("first input as bfloat8_b", narrow, "data type", exact=False)


_NOT_TRIED = "shards of unequal size, other data types"
BINARY = Kind(
    "elementwise, two tensors",
    r"(?:EltwiseBinary\w*|Binary(?:Ng)?(?:DeviceOperation)?)",
    build_binary,
    variants=variants,
    not_tried=_NOT_TRIED,
    on_shards=True,
)
UNARY = Kind(
    "elementwise, one tensor",
    r"(?:Unary(?:DeviceOperation)?|EltwiseUnary)",
    build_unary,
    variants=variants,
    not_tried=_NOT_TRIED,
    on_shards=True,
)
TYPECAST = Kind("typecast", r"Typecast(?:DeviceOperation)?", build_typecast)
