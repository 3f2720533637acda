"""GELU in one op."""

from __future__ import annotations

from collections.abc import Iterator

from perfsheet.trials.chain import Proposal
from perfsheet.trials.code import Code
from perfsheet.trials.cures.base import Chain
from perfsheet.trials.kinds.elementwise import UNARY


def proposals(chain: Chain) -> Iterator[Proposal]:
    """ttnn.gelu of a tensor like that of the erf: the shapes of the products around it may be those of others."""
    place = chain.computing("ERF")
    if place is None or not chain.ops[place].inputs:
        return
    erf, fewer = chain.ops[place], len(chain.ops) - 1
    code = Code({"x": erf.inputs[0]}, "ttnn.gelu", ("x",), {"memory_config": erf.whole_memory_code})
    yield Proposal("ttnn.gelu", code.given(fast_and_approximate_mode="False"), (UNARY.ops,), fewer)
    rough = code.given(fast_and_approximate_mode="True")
    yield Proposal("ttnn.gelu, approximate", rough, (UNARY.ops,), fewer, exact=False)
