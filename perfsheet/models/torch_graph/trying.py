"""Torch ops tried on a mock board: whether TTNN takes their shapes and arguments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from perfsheet.light_dataclass import dataclass
from perfsheet.models.torch_graph.calls import call_of
from perfsheet.models.torch_graph.coverage import by_type
from perfsheet.models.torch_graph.model import GraphOp, NeededOp, needed_ops
from perfsheet.trials import Session
from perfsheet.trials.code import Code


@dataclass(frozen=True)
class TriedType:
    """A type of torch op: how many of its `configurations` were tried and `accepted`; why others were `refused`.

    `functions` are those of TTNN that were called.
    """

    configurations: int
    tried: int
    accepted: int
    refused: tuple[tuple[NeededOp, str], ...]
    functions: tuple[str, ...] = ()


def try_types(ops: Iterable[GraphOp], board: Session) -> Mapping[str, TriedType]:
    """Build every configuration of the ops for which a call of TTNN is known, by type as in the coverage.

    Raises PerfsheetError when TTNN opens no board.
    """
    types = {name: needed_ops(some) for name, some in by_type(ops).items()}
    calls = {name: [(one, code) for one in some if (code := call_of(one.first))] for name, some in types.items()}
    board.build([code.text for some in calls.values() for _, code in some])
    return {name: _tried(types[name], some, board) for name, some in calls.items()}


def _tried(every: tuple[NeededOp, ...], calls: list[tuple[NeededOp, Code]], board: Session) -> TriedType:
    outcomes = board.build([code.text for _, code in calls])
    refused = tuple((one, outcome.reason) for (one, _), outcome in zip(calls, outcomes, strict=True) if outcome.reason)
    functions = tuple(dict.fromkeys(code.function for _, code in calls))
    return TriedType(len(every), len(calls), len(calls) - len(refused), refused, functions)
