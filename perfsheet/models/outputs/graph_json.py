"""JSON of a torch graph (docs/json.md)."""

from __future__ import annotations

from collections.abc import Sequence

from perfsheet.models.torch_graph import Coverage, Graph, needed
from perfsheet.outputs.json_output.head import SCHEMA_VERSION
from perfsheet.outputs.json_output.parts import Json


def graph(found: Graph, covered: Sequence[Coverage], files: Sequence[str]) -> Json:
    """`perfsheet graph --json`."""
    return {
        "schema_version": SCHEMA_VERSION,
        "module": found.name,
        "inputs": list(found.inputs),
        "forward_ops": len(found.forward),
        "backward_ops": len(found.backward) if found.backward else None,
        "ops": [
            {
                "op_type": one.op,
                "count": one.count,
                "inputs": list(one.inputs),
                "outputs": list(one.outputs),
                "parameters": one.parameters,
            }
            for one in needed(found.forward)
        ],
        "coverage": [
            {
                "op_type": one.op,
                "count": one.count,
                "ttnn": one.ttnn or None,
                "status": one.status,
                "device_ops": dict(one.device_ops),
            }
            for one in covered
        ],
        "files": list(files),
    }
