"""Embeddings, and ops that move, join or cut tensors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from perfsheet.models.torch_graph.calls.base import Build, listed, numbers, one, positive, scalar, tensor
from perfsheet.models.torch_graph.model import GraphOp, TensorShape, Value
from perfsheet.trials.code import Code


def embedding(op: GraphOp) -> Code | None:
    """ttnn.embedding of a table of rows."""
    table, ids = tensor(op.argument("weight"), "ROW_MAJOR"), tensor(op.argument("indices"), "ROW_MAJOR")
    if table is None or ids is None or len(ids.shape) != 2:
        return None
    tensors = {"ids": replace(ids, dtype="UINT32"), "table": table}
    return Code(tensors, "ttnn.embedding", ("ids", "table"), {"layout": "ttnn.TILE_LAYOUT"})


def concat(op: GraphOp) -> Code | None:
    """ttnn.concat."""
    given = op.argument("tensors")
    found = [tensor(value) for value in given] if isinstance(given, list) else []
    tensors = {f"x{number}": found_one for number, found_one in enumerate(found, start=1) if found_one is not None}
    if not tensors or len(tensors) < len(found):
        return None
    dim = op.argument("dim")
    return Code(tensors, "ttnn.concat", (f"[{', '.join(tensors)}]",), {"dim": str(dim if isinstance(dim, int) else 0)})


def permute(op: GraphOp) -> Code | None:
    """ttnn.permute."""
    dims = numbers(op.argument("dims"))
    return None if dims is None else one("permute", op, listed(dims))


def transpose(op: GraphOp) -> Code | None:
    """ttnn.transpose, of `t` that of rows and columns."""
    first, second = (0, 1) if op.name == "t" else (op.argument("dim0"), op.argument("dim1"))
    return one("transpose", op, str(first), str(second)) if isinstance(first, int) and isinstance(second, int) else None


def sized(function: str, op: GraphOp) -> Code | None:
    """A function that gives a tensor another shape."""
    size = numbers(op.argument("size") or op.argument("shape"))
    return None if not size else one(function, op, listed(size))


def at_dimension(function: str, op: GraphOp) -> Code | None:
    """A function that adds a dimension, or takes it away."""
    dim = op.argument("dim")
    return one(function, op, str(dim)) if isinstance(dim, int) else None


def cut(op: GraphOp) -> Code | None:
    """ttnn.slice along one dimension."""
    value = op.argument("self")
    dim, start, end, step = (op.argument(name) for name in ("dim", "start", "end", "step"))
    if not isinstance(value, TensorShape) or step not in (None, 1):
        return None
    at = positive(dim if isinstance(dim, int) else 0, len(value.shape))
    extent = value.shape[at]
    starts, ends = [0] * len(value.shape), list(value.shape)
    starts[at], ends[at] = _from_front(start, 0, extent), _from_front(end, extent, extent)
    if starts[at] >= ends[at]:
        return None
    return one("slice", op, listed(starts), listed(ends))


def _from_front(value: Value, default: int, extent: int) -> int:
    """A border of a slice, counted from the front, and within the extent."""
    if not isinstance(value, int):
        return default
    return min(max(value + extent if value < 0 else value, 0), extent)


def split(op: GraphOp) -> Code | None:
    """ttnn.split in parts of a size, or of several."""
    size = op.argument("split_size") or op.argument("split_sizes")
    parts = str(size) if isinstance(size, int) else listed(numbers(size) or [])
    dim = op.argument("dim")
    return one("split", op, parts, dim=str(dim if isinstance(dim, int) else 0)) if parts != "[]" else None


def pad(op: GraphOp) -> Code | None:
    """ttnn.pad; torch names the last dimension first."""
    value, amounts = op.argument("self"), numbers(op.argument("pad"))
    if not isinstance(value, TensorShape) or amounts is None or len(amounts) % 2 or min(amounts, default=0) < 0:
        return None
    pairs = [(amounts[at], amounts[at + 1]) for at in range(0, len(amounts), 2)][::-1]
    whole = [(0, 0)] * (len(value.shape) - len(pairs)) + pairs
    code = one("pad", op, str(whole), scalar(op.argument("value")) or "0.0")
    if code is None or not any(front for front, _ in whole):
        return code
    return code.reading(x=replace(code.tensors["x"], layout="ROW_MAJOR"))  # tiles are padded at their end only


CALLS: Mapping[str, Build] = {
    "embedding": embedding,
    "cat": concat,
    "permute": permute,
    "transpose": transpose,
    "t": transpose,
    "view": partial(sized, "reshape"),
    "reshape": partial(sized, "reshape"),
    "_unsafe_view": partial(sized, "reshape"),
    "expand": partial(sized, "expand"),
    "unsqueeze": partial(at_dimension, "unsqueeze"),
    "squeeze": partial(at_dimension, "squeeze"),
    "slice": cut,
    "split": split,
    "split_with_sizes": split,
    "constant_pad_nd": pad,
}
