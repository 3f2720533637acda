"""Torch ops before and remaining, from the torch module of a target and its capture, where the test reports none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.util import find_spec

from perfsheet.errors import PerfsheetError
from perfsheet.models.suite.figures import analyze_captures
from perfsheet.models.suite.model import ModelResult, Suite, Target, with_problem
from perfsheet.models.torch_graph import Coverage, Graph, find_coverage, registry
from perfsheet.models.torch_graph.building import is_file
from perfsheet.models.torch_graph.coverage import by_type

_REMAIN = ("missing", "no TTNN op")


def with_torch_ops(suite: Suite, target: Target, result: ModelResult) -> ModelResult:
    """The result with the ops of the target's torch module, and those of them that its capture does not show.

    What the test reported stays. Without torch, or a `graph` in the suite, nothing is known.
    """
    known = result.torch_ops_before is not None and result.torch_ops_remain is not None
    if known or not target.graph or not result.run_success or find_spec("torch") is None:
        return result
    try:
        graph = graph_of(suite, target)
        analysis = analyze_captures(target, result.captures, result.batch) if result.captures else None
    except PerfsheetError as error:
        return with_problem(result, f"no torch ops: {error.message}")
    coverage = find_coverage(graph.forward, analysis, registry(None))
    names = {kind: {op.op for op in ops} for kind, ops in by_type(graph.forward).items()}
    remain = None if analysis is None else _counted([kind for kind in coverage if kind.status in _REMAIN], names)
    return replace(
        result,
        torch_ops_before=result.torch_ops_before
        or _counted([kind for kind in coverage if kind.status != "no op"], names),
        torch_ops_remain=result.torch_ops_remain or remain,
    )


def graph_of(suite: Suite, target: Target) -> Graph:
    """The ops of the torch module of a target. Raises PerfsheetError if there is no torch, or the module fails."""
    from perfsheet.models.torch_graph.building import build
    from perfsheet.models.torch_graph.tracing import trace

    path, _, name = target.graph.rpartition(":")
    module, inputs, named = build(f"{suite.path.parent / path if is_file(target.graph) else path}:{name}", ())
    return trace(target.graph, module, inputs, named)


def _counted(kinds: Sequence[Coverage], names: Mapping[str, set[str]]) -> str:
    """`70 (9)`: ops, and how many different ones, by name and overload; `names` has those of each kind."""
    different = set[str]().union(*(names[kind.op] for kind in kinds))
    return f"{sum(kind.count for kind in kinds)} ({len(different)})"
