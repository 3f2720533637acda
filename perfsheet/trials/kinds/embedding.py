"""Embeddings."""

from __future__ import annotations

from dataclasses import replace

from perfsheet.trials.code import Code
from perfsheet.trials.kinds.base import Kind
from perfsheet.trials.recorded import Recorded


def build(op: Recorded) -> Code | None:
    """ttnn.embedding."""
    if len(op.inputs) < 2:
        return None
    layout = "ttnn.TILE_LAYOUT" if op.outputs and op.output.layout == "TILE" else "ttnn.ROW_MAJOR_LAYOUT"
    options = {"layout": layout, "memory_config": op.memory_code}
    table = op.inputs[1]
    tensors = {"ids": op.inputs[0], "weight": replace(table, shape=table.shape[-2:])}
    return Code(tensors, "ttnn.embedding", ("ids", "weight"), options)


KIND = Kind("embedding", r"Embeddings?(?:DeviceOperation)?", build)
