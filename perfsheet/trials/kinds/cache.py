"""Updates of paged caches of K and V."""

from __future__ import annotations

from dataclasses import replace

from perfsheet.trials.code import Code
from perfsheet.trials.kinds.base import Kind, nothing
from perfsheet.trials.recorded import Recorded


def build(op: Recorded) -> Code | None:
    """ttnn.experimental.paged_update_cache at the positions of a tensor."""
    if len(op.inputs) < 4:
        return None
    cache, new, index, table = op.inputs[:4]
    tensors = {
        "cache": cache,
        "x": new,
        "index": replace(index, shape=index.shape[-1:]),
        "table": replace(table, shape=table.shape[-2:]),
    }
    options = {"update_idxs_tensor": "index", "page_table": "table"}
    return Code(tensors, "ttnn.experimental.paged_update_cache", ("cache", "x"), options)


KIND = Kind(
    "cache update",
    r"PagedUpdateCache(?:DeviceOperation)?",
    build,
    variants=nothing,
    not_tried="both caches in one op: try the cause of the pair",
)
