"""The device ops of a capture as nodes."""

from __future__ import annotations

import numpy as np

from perfsheet.analysis import Analysis
from perfsheet.analysis.tensors import Tensor
from perfsheet.analysis.transfers import transfers
from perfsheet.opstats.model import Node, Operand, Source


def of_analysis(name: str, analysis: Analysis) -> Source:
    """Every device op of the analysed window, those without a duration included."""
    variants = analysis.ops.variants
    counts = np.bincount(variants.of, minlength=len(variants.all)).tolist()
    nodes = tuple(
        Node(one.op_code, count, tuple(map(_operand, one.inputs)), tuple(map(_operand, one.outputs)))
        for one, count in zip(variants.all, counts, strict=True)
    )
    return Source(name, nodes, transfers(analysis.ops.table, analysis.window))


def _operand(tensor: Tensor) -> Operand:
    size = tensor.size
    return Operand(None if size is None else round(size), tensor.layout, tensor.datatype, tensor.memory)
