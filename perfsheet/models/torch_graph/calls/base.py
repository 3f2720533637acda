"""What the calls have in common: tensors of TTNN for those of torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from perfsheet.models.torch_graph.model import GraphOp, TensorShape, Value
from perfsheet.trials.code import Code
from perfsheet.trials.memory import DRAM
from perfsheet.trials.tensors import Tensor

Build = Callable[[GraphOp], Code | None]


def tensor(value: Value, layout: str = "TILE") -> Tensor | None:
    """A tensor as TTNN has it; None for a scalar, and for what is no tensor."""
    if not isinstance(value, TensorShape) or not value.shape:
        return None
    return Tensor(value.shape, dtype_of(value), layout, DRAM)


def dtype_of(value: TensorShape) -> str:
    """The data type that TTNN has for it: bfloat16 for floats and masks."""
    return "INT32" if value.dtype.startswith(("int", "uint")) else "BFLOAT16"


def only(op: GraphOp, *names: str, **defaults: Value) -> bool:
    """Whether an op was given nothing but arguments of these names, others only with their defaults (None counts as not
    given)."""
    for argument in op.arguments:
        if argument.name in names or argument.value is None:
            continue
        if argument.name not in defaults or argument.value != defaults[argument.name]:
            return False
    return True


def one(function: str, op: GraphOp, *operands: str, **options: str) -> Code | None:
    """A call of `ttnn.FUNCTION` with the first tensor of an op."""
    x = tensor(op.argument("self") or op.argument("input"))
    return None if x is None else Code({"x": x}, f"ttnn.{function}", ("x", *operands), options)


def numbers(value: Value) -> list[int] | None:
    """A list of whole numbers; None for anything else."""
    if isinstance(value, list) and all(type(item) is int for item in value):
        return [item for item in value if isinstance(item, int)]
    return None


def pair(value: Value, default: int) -> list[int] | None:
    """Two whole numbers: one stands for both, none for the default; None for anything else."""
    found = [default] if value is None or value == [] else numbers(value)
    return None if found is None or len(found) not in (1, 2) else (found * 2)[:2]


def scalar(value: Value) -> str | None:
    """A number as Python; None for anything else, and for one that overflows in what follows."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < _LARGEST:
        return repr(value)
    return None


_LARGEST = 1e30


def positive(dim: int, rank: int) -> int:
    """A dimension counted from the front."""
    return dim % rank if rank else dim


def listed(values: Sequence[int]) -> str:
    """`[1, 2]`."""
    return str(list(values))
