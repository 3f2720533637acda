"""Tensors of torch in the values that modules and ops are given and return."""

from __future__ import annotations

from typing import Any

from perfsheet.models.torch_graph.model import TensorShape


def tensors_of(torch: Any, value: Any) -> list[Any]:
    """The tensors in nested lists, tuples and dictionaries, and in the output classes of model libraries."""
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    return [tensor for item in value for tensor in tensors_of(torch, item)] if isinstance(value, list | tuple) else []


def shape_of(tensor: Any) -> str:
    """`1×3×224×224 float32`."""
    extents = "×".join(str(int(extent)) for extent in tensor.shape) or "scalar"
    return f"{extents} {dtype_of(tensor)}"


def dtype_of(tensor: Any) -> str:
    """`float32`."""
    return str(tensor.dtype).removeprefix("torch.")


def tensor_shape(tensor: Any) -> TensorShape:
    """Its shape, data type and size."""
    size = int(tensor.numel()) * int(tensor.element_size())
    return TensorShape(tuple(map(int, tensor.shape)), dtype_of(tensor), size)
