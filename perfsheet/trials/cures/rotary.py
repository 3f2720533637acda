"""A rotary embedding in one op."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from perfsheet.trials.chain import Proposal
from perfsheet.trials.code import Code
from perfsheet.trials.cures.base import Chain, whole
from perfsheet.trials.recorded import Recorded
from perfsheet.trials.tensors import Tensor


def proposals(chain: Chain) -> Iterator[Proposal]:
    """ttnn.experimental.rotary_embedding of the tensor, its cosines and its sines."""
    products = [op for op in chain.ops if "MUL" in op.get("binary_op_type") and len(op.inputs) > 1]
    total = chain.ops[-1]
    if len(products) < 2 or not total.outputs:
        return
    x = replace(whole(total.output), layout="TILE")
    tables = [_table(one, x) for one in _read(products)]
    name = "ttnn.experimental.rotary_embedding"
    code = Code({"x": x, "cos": tables[0], "sin": tables[1]}, name, ("x", "cos", "sin"), {})
    moved = sum(one.memory != tensor.memory for one, tensor in zip(tables, _read(products), strict=True))
    yield Proposal(name, code, (r"RotaryEmbedding\w*",), len(chain.ops) - 1, moved + (x.memory != total.output.memory))


def _read(products: list[Recorded]) -> list[Tensor]:
    return [product.inputs[1] for product in products[:2]]


def _table(tensor: Tensor, x: Tensor) -> Tensor:
    """Cosines or sines: a row for each position, the same for all heads."""
    return replace(whole(tensor), layout="TILE", shape=(1, 1, *x.shape[-2:]))
