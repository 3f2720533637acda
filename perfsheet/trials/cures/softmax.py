"""Softmax in one op."""

from __future__ import annotations

from collections.abc import Iterator

from perfsheet.trials.chain import Proposal
from perfsheet.trials.code import Code
from perfsheet.trials.cures.base import Chain, moves, whole
from perfsheet.trials.kinds.softmax import KIND
from perfsheet.trials.memory import DRAM


def proposals(chain: Chain) -> Iterator[Proposal]:
    """ttnn.softmax of what the first op reads."""
    if chain.computing("EXP") is None or not chain.ops[0].inputs:
        return
    x, fewer = whole(chain.ops[0].inputs[0]), len(chain.ops) - 1
    code = Code({"x": x}, "ttnn.softmax", ("x",), {"dim": "-1", "numeric_stable": "True", "memory_config": DRAM.code})
    moved = moves(chain.ops[0], chain.ops[-1], x)
    yield Proposal("ttnn.softmax, numerically stable", code, (KIND.ops,), fewer, moved)
    overflowing = code.given(numeric_stable="False")
    yield Proposal("ttnn.softmax", overflowing, (KIND.ops,), fewer, moved, exact=False)
