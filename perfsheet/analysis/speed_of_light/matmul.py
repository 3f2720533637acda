"""FLOPs of matrix multiplications: 2 · M · K · N for every matrix of the batch."""

from __future__ import annotations

import math
from dataclasses import dataclass

from perfsheet.analysis.ops.attributes import is_set
from perfsheet.analysis.ops.tensors import Extents, Tensor
from perfsheet.analysis.ops.variants import Variant
from perfsheet.analysis.speed_of_light.work import SPARSE_MATMUL, Work, unknown

_GATHERS = ("AllGather",)


@dataclass(frozen=True)
class Sizes:
    """A batch of matrix products of `rows` × `inner` by `inner` × `columns`: M, K and N."""

    batch: int
    rows: int
    inner: int
    columns: int


def flops(variant: Variant) -> Work:
    """Logical shapes; bias and activation are left out, as in tt-metal's own model."""
    found = sizes(variant)
    if isinstance(found, Work):
        return found
    elements = found.batch * found.rows * found.columns
    produced = variant.outputs[0].elements if variant.outputs else None
    if produced is not None and "attn" in variant.op_code.lower():
        elements = produced  # AttnMatmul keeps the batch in its rows
    return Work(2.0 * found.inner * elements)


def sizes(variant: Variant) -> Sizes | Work:
    """M, K and N by logical shapes, or why they are unknown.

    A matmul that is fused with an all-gather multiplies the gathered input: its K is the weights' height.
    """
    if "sparse" in variant.op_code.lower():
        return SPARSE_MATMUL
    if len(variant.inputs) < 2:
        return unknown("a matmul of fewer than two inputs")
    left, right, *_ = variant.inputs
    if left.logical is None or right.logical is None:
        return unknown("its shapes are not readable")
    rows, inner = _matrix(left.logical, is_set(variant.attributes, "transpose_a"))
    height, columns = _matrix(right.logical, is_set(variant.attributes, "transpose_b"))
    gathers = any(word in variant.op_code for word in _GATHERS)
    if gathers and inner and height % inner == 0:
        inner = height
    if not _fit(left, right, inner, height, variant.attributes):
        return unknown("the shapes of its inputs don't fit a matmul")
    batch = math.prod(max(a, b) for a, b in zip(left.logical[:2], right.logical[:2], strict=True))
    return Sizes(batch, rows, inner, columns)


def _matrix(shape: Extents, transposed: bool) -> tuple[int, int]:
    return (shape[3], shape[2]) if transposed else (shape[2], shape[3])


def _fit(left: Tensor, right: Tensor, inner: int, height: int, attributes: str) -> bool:
    """K of both sides agrees, as logical or (weights that are padded for sharding) as padded extents."""
    if inner == height or left.padded is None or right.padded is None:
        return inner == height
    _, padded_inner = _matrix(left.padded, is_set(attributes, "transpose_a"))
    padded_height, _ = _matrix(right.padded, is_set(attributes, "transpose_b"))
    return padded_inner == padded_height
