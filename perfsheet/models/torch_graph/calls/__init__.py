"""From aten ops to the calls of TTNN that do their work, each alone with tensors of its shapes.

Floats become bfloat16 in tiles, as a port begins; pictures and weights of convolutions lie as TTNN wants them.
"""

from __future__ import annotations

from collections.abc import Mapping

from perfsheet.models.torch_graph.calls import convolution, elementwise, layout, matmul, norm, reduction
from perfsheet.models.torch_graph.calls.base import Build
from perfsheet.models.torch_graph.model import GraphOp
from perfsheet.trials.code import Code
from perfsheet.trials.plain import is_plain_code

CALLS: Mapping[str, Build] = {
    **elementwise.CALLS,
    **matmul.CALLS,
    **norm.CALLS,
    **reduction.CALLS,
    **layout.CALLS,
    **convolution.CALLS,
}


def call_of(op: GraphOp) -> Code | None:
    """The call of TTNN for an op; None for one that is not covered, or that has arguments which the call has not."""
    build = CALLS.get(op.name)
    code = None if build is None else build(op)
    return code if code is not None and is_plain_code(code) else None


__all__ = ["CALLS", "call_of"]
