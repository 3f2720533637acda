"""The ops of a torch graph as test cases of TTNN: each configuration once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from perfsheet.models.torch_graph.calls import call_of
from perfsheet.models.torch_graph.model import GraphOp, needed_ops
from perfsheet.outputs.op_tests.cases import Case


def of_graph(ops: Iterable[GraphOp]) -> tuple[list[Case], Mapping[str, int]]:
    """The cases, and the ops for which no call of TTNN is known, by their names."""
    cases: list[Case] = []
    left_out: dict[str, int] = {}
    for needed in needed_ops(ops):
        code = call_of(needed.first)
        if code is None:
            left_out[needed.first.base] = left_out.get(needed.first.base, 0) + needed.count
            continue
        number = len(cases) + 1
        shapes = "-".join(text.split()[0].replace("×", "x") for text in needed.outputs[:1])
        times = f"{needed.count}x-" if needed.count > 1 else ""
        about = f"{needed.op}, {'once' if needed.count == 1 else f'{needed.count} times'}"
        kind = code.function.removeprefix("ttnn.").rpartition(".")[2]
        cases.append(Case(kind, f"op_{number}", f"{number}-{times}{shapes}", about, code, needed.count))
    return cases, left_out
