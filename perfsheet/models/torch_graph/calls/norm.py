"""Norms and softmax."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from perfsheet.models.torch_graph.calls.base import Build, numbers, one, scalar, tensor
from perfsheet.models.torch_graph.model import GraphOp
from perfsheet.trials.code import Code
from perfsheet.trials.tensors import Tensor


def softmax(op: GraphOp) -> Code | None:
    """ttnn.softmax."""
    dim = op.argument("dim")
    return one("softmax", op, dim=str(dim)) if isinstance(dim, int) else None


def layer_norm(op: GraphOp) -> Code | None:
    """ttnn.layer_norm over the last dimension."""
    code = one("layer_norm", op, epsilon=scalar(op.argument("eps")) or "")
    if code is None or len(numbers(op.argument("normalized_shape")) or ()) != 1:
        return None
    rows = {name: _row(op, name) for name in ("weight", "bias")}
    given = {name: row for name, row in rows.items() if row is not None}
    return replace(code, tensors={**code.tensors, **given}).given(**{name: name for name in given})


def _row(op: GraphOp, name: str) -> Tensor | None:
    found = tensor(op.argument(name))
    return None if found is None else replace(found, shape=(1, found.shape[-1]))


def batch_norm(op: GraphOp) -> Code | None:
    """ttnn.batch_norm with the statistics of an evaluation."""
    code = one("batch_norm", op, eps=scalar(op.argument("eps")) or "")
    if code is None or len(code.tensors["x"].shape) != 4 or op.argument("training") is True:
        return None
    found = {name: tensor(op.argument(name)) for name in ("running_mean", "running_var", "weight", "bias")}
    given = {name: replace(one, shape=(1, one.shape[0], 1, 1)) for name, one in found.items() if one is not None}
    return replace(code, tensors={**code.tensors, **given}).given(**{name: name for name in given})


CALLS: Mapping[str, Build] = {
    "_softmax": softmax,
    "softmax": softmax,
    "native_layer_norm": layer_norm,
    "layer_norm": layer_norm,
    "native_batch_norm": batch_norm,
    "_native_batch_norm_legit_no_training": batch_norm,
    "cudnn_batch_norm": batch_norm,
    "batch_norm": batch_norm,
}
