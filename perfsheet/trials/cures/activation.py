"""GELU in one op."""

from __future__ import annotations

from collections.abc import Iterator

from perfsheet.trials.chain import Proposal
from perfsheet.trials.code import Code
from perfsheet.trials.cures.base import Chain
from perfsheet.trials.kinds.elementwise import UNARY


def proposals(chain: Chain) -> Iterator[Proposal]:
    """ttnn.gelu of what the first op reads."""
    if not chain.ops[0].inputs:
        return
    last = chain.ops[-1]
    code = Code({"x": chain.ops[0].inputs[0]}, "ttnn.gelu", ("x",), {"memory_config": last.whole_memory_code})
    for mode, label in (("False", "ttnn.gelu"), ("True", "ttnn.gelu, approximate")):
        yield Proposal(label, code.given(fast_and_approximate_mode=mode), (UNARY.ops,), len(chain.ops) - 1)
