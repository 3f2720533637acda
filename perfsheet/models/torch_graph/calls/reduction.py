"""Reductions, and what ranks along a dimension."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from perfsheet.models.torch_graph.calls.base import Build, listed, numbers, one, only
from perfsheet.models.torch_graph.model import GraphOp
from perfsheet.trials.code import Code


def reduced(function: str, op: GraphOp) -> Code | None:
    """A reduction along dimensions, or of everything."""
    dim = op.argument("dim")
    if not only(op, "self", "dim", "keepdim"):
        return None
    along = numbers(dim)
    options = {"keepdim": "True" if op.argument("keepdim") is True else ""}
    if isinstance(dim, int) and not isinstance(dim, bool):
        options["dim"] = str(dim)
    elif along:
        options["dim"] = str(along[0]) if len(along) == 1 else listed(along)
    return one(function, op, **options)


def along(function: str, op: GraphOp) -> Code | None:
    """A function along one dimension."""
    dim = op.argument("dim")
    return one(function, op, dim=str(dim)) if isinstance(dim, int) and only(op, "self", "dim") else None


def topk(op: GraphOp) -> Code | None:
    """ttnn.topk."""
    count, dim = op.argument("k"), op.argument("dim")
    if not isinstance(count, int) or not only(op, "self", "k", "dim", largest=True, sorted=True):
        return None
    return one("topk", op, str(count), dim=str(dim) if isinstance(dim, int) else "")


CALLS: Mapping[str, Build] = {
    "mean": partial(reduced, "mean"),
    "sum": partial(reduced, "sum"),
    "amax": partial(reduced, "max"),
    "amin": partial(reduced, "min"),
    "argmax": partial(reduced, "argmax"),
    "cumsum": partial(along, "cumsum"),
    "topk": topk,
}
