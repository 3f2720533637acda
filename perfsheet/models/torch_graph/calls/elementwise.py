"""Elementwise ops of one and of two tensors."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from perfsheet.models.torch_graph.calls.base import Build, one, only, scalar, tensor
from perfsheet.models.torch_graph.model import GraphOp, TensorShape
from perfsheet.trials.code import Code

_UNARY = (
    "relu relu6 silu sigmoid tanh exp log sqrt rsqrt abs neg reciprocal sin cos tan erf floor ceil sign softplus mish "
    "hardsigmoid hardswish isnan isinf log1p expm1 log2 log10 square round trunc atan asin acos sinh cosh erfc erfinv "
    "selu logical_not"
)
_BINARY = {
    "add": "add",
    "sub": "subtract",
    "mul": "multiply",
    "div": "divide",
    "maximum": "maximum",
    "minimum": "minimum",
    "eq": "eq",
    "ne": "ne",
    "gt": "gt",
    "lt": "lt",
    "ge": "ge",
    "le": "le",
    "logical_and": "logical_and",
    "logical_or": "logical_or",
    "remainder": "remainder",
    "floor_divide": "floor_div",
    "pow": "pow",
    "rsub": "rsub",
}


def unary(function: str, op: GraphOp) -> Code | None:
    """A function of one tensor without arguments, or with those that torch has by default."""
    return one(function, op) if only(op, "self") else None


def binary(function: str, op: GraphOp) -> Code | None:
    """A function of two tensors, or of a tensor and a number."""
    if not only(op, "self", "other", "exponent", alpha=1):
        return None
    first, second = op.argument("self"), op.argument("other") if op.name != "pow" else op.argument("exponent")
    a, b = tensor(first), tensor(second)
    if a is None:
        return None
    if b is not None:
        return Code({"a": a, "b": b}, f"ttnn.{function}", ("a", "b"), {})
    # A tensor without dimensions is a number, whose value is not known: any will do.
    number = "2.0" if isinstance(second, TensorShape) else scalar(second)
    return None if number is None else Code({"a": a}, f"ttnn.{function}", ("a", number), {})


def gelu(op: GraphOp) -> Code | None:
    """ttnn.gelu, in its approximate mode where torch's is."""
    mode = "True" if op.argument("approximate") == "tanh" else "False"
    return one("gelu", op, fast_and_approximate_mode=mode)


def leaky_relu(op: GraphOp) -> Code | None:
    """ttnn.leaky_relu."""
    return one("leaky_relu", op, scalar(op.argument("negative_slope")) or "0.01")


def elu(op: GraphOp) -> Code | None:
    """ttnn.elu; SELU is an ELU with a scale, which that has not."""
    if not only(op, "self", "alpha", scale=1, input_scale=1):
        return None
    return one("elu", op, alpha=scalar(op.argument("alpha")) or "1.0")


def clamp(op: GraphOp) -> Code | None:
    """ttnn.clamp, whose limits may be left out."""
    names = ("min_val", "max_val") if op.name == "hardtanh" else ("min", "max")
    limits = [scalar(op.argument(name)) for name in names]
    if op.name == "hardtanh":
        limits = [limit or default for limit, default in zip(limits, ("-1.0", "1.0"), strict=True)]
    given = {name: limit for name, limit in zip(("min", "max"), limits, strict=True) if limit is not None}
    return one("clamp", op, **given) if given else None


def where(op: GraphOp) -> Code | None:
    """ttnn.where of a mask and two tensors or numbers."""
    mask = tensor(op.argument("condition"))
    if mask is None:
        return None
    tensors, operands = {"mask": mask}, ["mask"]
    for name, value in (("a", op.argument("self")), ("b", op.argument("other"))):
        if (found := tensor(value)) is not None:
            tensors[name] = found
            operands.append(name)
        else:
            operands.append(scalar(value) or "0.0")
    return Code(tensors, "ttnn.where", tuple(operands), {})


def typecast(op: GraphOp) -> Code | None:
    """ttnn.typecast between integers and floats; between floats nothing is left to do in bfloat16."""
    value = op.argument("self")
    wanted = getattr(op.argument("dtype"), "python", "")
    x = tensor(value)
    if x is None or not wanted:
        return None
    to_integer = "int" in wanted
    if to_integer == (x.dtype == "INT32"):
        return None
    return Code({"x": x}, "ttnn.typecast", ("x", "ttnn.int32" if to_integer else "ttnn.bfloat16"), {})


CALLS: Mapping[str, Build] = {
    **{name: partial(unary, name) for name in _UNARY.split()},
    **{name: partial(binary, function) for name, function in _BINARY.items()},
    "gelu": gelu,
    "leaky_relu": leaky_relu,
    "elu": elu,
    "clamp": clamp,
    "hardtanh": clamp,
    "where": where,
    "_to_copy": typecast,
    "clone": partial(one, "clone"),
}
