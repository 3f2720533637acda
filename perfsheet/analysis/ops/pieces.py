"""Into how many pieces the work of an op can be cut: more cores than that cannot share it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from perfsheet.analysis.ops.categories import category
from perfsheet.analysis.ops.device_ops import Ops, once
from perfsheet.analysis.ops.tensors import Tensor
from perfsheet.analysis.ops.variants import TensorSet
from perfsheet.capture.table import FloatArray
from perfsheet.hardware.data_types import TILE_ELEMENTS, TILE_SIDE


@once
def pieces(ops: Ops) -> FloatArray:
    """For each op the tiles of its largest output, of height-sharded tensors the rows of tiles (in decode, of users).

    Reductions may share out what they read, too. NaN = unknown.
    """
    of_outputs = ops.variants.by_tensors(lambda tensors: _pieces(tensors, tensors.outputs))
    of_all = ops.variants.by_tensors(lambda tensors: _pieces(tensors, tensors.all))
    reduces = [category(variant.op_code) == "reduction" for variant in ops.variants.all]
    counts = [all_ if reduction else out for reduction, all_, out in zip(reduces, of_all, of_outputs, strict=True)]
    return np.array([np.nan if count is None else count for count in counts], dtype=np.float64)[ops.variants.of]


def _pieces(tensors: TensorSet, shared: Sequence[Tensor]) -> int | None:
    tiles = [tensor.stored_elements or 0 for tensor in shared if tensor.layout == "TILE"]
    if not any(tiles):
        return None
    by_height = [
        max(tensor.padded[0] * tensor.padded[1] * tensor.padded[2] // TILE_SIDE, 1)
        for tensor in tensors.all
        if tensor.memory == "L1_HEIGHT_SHARDED" and tensor.padded
    ]
    return min([*by_height, max(tiles) // TILE_ELEMENTS])
