"""A matmul that does the bias and the activation after it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from perfsheet.trials.chain import Proposal
from perfsheet.trials.code import Code
from perfsheet.trials.cures.base import Chain
from perfsheet.trials.kinds import kind_of
from perfsheet.trials.kinds.matmul import KIND
from perfsheet.trials.kinds.matmul_configs import with_activation
from perfsheet.trials.memory import core_grid
from perfsheet.trials.recorded import recorded

_ACTIVATIONS = ("RELU", "GELU", "SILU", "SIGMOID", "TANH")


def proposals(chain: Chain) -> Iterator[Proposal]:
    """ttnn.linear with the bias and the activation of the ops after it, with its config and on the whole grid."""
    code = _matmul(chain)
    if code is None:
        return
    tensors, options = dict(code.tensors), {**code.options, "config": "", "bias_tensor": ""}
    said = []
    if (sum_ := chain.computing("ADD")) is not None and len(chain.ops[sum_].inputs) > 1:
        row = chain.ops[sum_].inputs[1]
        tensors["bias"] = replace(row, shape=(*row.shape[:-2], 1, row.shape[-1]))
        said.append("bias")
    if "bias" in tensors:
        options["bias"] = "bias"
    linear = Code(tensors, "ttnn.linear", ("a", "b"), options)
    columns, rows = chain.grid
    on_grid = linear.given(program_config="", core_grid=core_grid(columns, rows))
    ways = [linear, on_grid] if code.options.get("program_config") else [on_grid]
    if (place := chain.computing(*_ACTIVATIONS)) is not None:
        name = chain.facts.functions[int(chain.facts.ops.variants.of[chain.positions[place]])]
        ways = [with_activation(one, name, chain.grid) for one in ways]
        said.append(name.lower())
    label = f"ttnn.linear with {' and '.join(said)}"
    for one in ways:
        more = f", core_grid of {columns} × {rows}" if one.options.get("core_grid") else ""
        yield Proposal(f"{label}{more}", one, (KIND.ops,), len(chain.ops))


def _matmul(chain: Chain) -> Code | None:
    """The matmul before the chain."""
    before = int(chain.facts.previous[chain.positions[0]])
    if before < 0:
        return None
    op = recorded(chain.facts, before, chain.grid)
    kind = kind_of(op.op_code)
    return None if kind is None or "matmul" not in kind.title else kind.build(op)
