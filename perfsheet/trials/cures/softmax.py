"""Softmax in one op."""

from __future__ import annotations

from collections.abc import Iterator

from perfsheet.trials.chain import Proposal
from perfsheet.trials.code import Code
from perfsheet.trials.cures.base import Chain, whole
from perfsheet.trials.kinds.softmax import KIND


def proposals(chain: Chain) -> Iterator[Proposal]:
    """ttnn.softmax of what the first op reads."""
    if chain.computing("EXP") is None or not chain.ops[0].inputs:
        return
    code = Code({"x": whole(chain.ops[0].inputs[0])}, "ttnn.softmax", ("x",), {"dim": "-1", "numeric_stable": "True"})
    yield Proposal("ttnn.softmax, numerically stable", code, (KIND.ops,), len(chain.ops) - 1)
    yield Proposal("ttnn.softmax", code.given(numeric_stable="False"), (KIND.ops,), len(chain.ops) - 1)
