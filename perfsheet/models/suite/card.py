"""The model card of a target (bring-up guide, section 2.2): what is known of it, from all that was collected."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from perfsheet.analysis import Analysis
from perfsheet.analysis.results import OpType
from perfsheet.errors import PerfsheetError
from perfsheet.models.suite.device import analysed
from perfsheet.models.suite.model import ModelResult, Suite, Target
from perfsheet.models.torch_graph import Coverage, Graph, coverage


@dataclass(frozen=True)
class Card:
    """One target. `graph` and `covered` where it names a torch module; `no_graph` is why there are none.

    `device_ops` is the kernel time by op code, `no_device` why there is none.
    """

    target: Target
    result: ModelResult
    graph: Graph | None
    covered: tuple[Coverage, ...]
    no_graph: str
    device_ops: tuple[OpType, ...]
    no_device: str

    @property
    def missing(self) -> tuple[Coverage, ...]:
        """What the port still lacks, as far as is known."""
        return tuple(one for one in self.covered if one.status in ("missing", "no TTNN op known"))


def card(suite: Suite, target: Target, result: ModelResult) -> Card:
    """The card of a target with what it came to; what cannot be had is said, never raised."""
    analysis, no_device = _analysis(suite, target, result)
    graph: Graph | None = None
    no_graph = "" if target.graph else "no `graph` in the suite"
    if target.graph:
        try:
            graph = _graph(suite, target)
        except PerfsheetError as error:
            no_graph = str(error)
    return Card(
        target,
        result,
        graph,
        coverage(graph.forward, analysis) if graph else (),
        no_graph,
        tuple(analysis.op_types) if analysis else (),
        no_device,
    )


def _analysis(suite: Suite, target: Target, result: ModelResult) -> tuple[Analysis | None, str]:
    captures = [str(suite.output / one) for one in result.captures]
    captures = captures or [str(path) for path in target.replay]
    if not captures:
        return None, "no capture yet: `perfsheet suite run` makes one"
    try:
        return analysed(target, captures, result.batch), ""
    except PerfsheetError as error:
        return None, str(error)


def _graph(suite: Suite, target: Target) -> Graph:
    from perfsheet.models.torch_graph.building import built
    from perfsheet.models.torch_graph.tracing import traced

    path, _, name = target.graph.rpartition(":")
    here = suite.path.absolute().parent
    module, inputs, named = built(f"{here / Path(path)}:{name}", ())
    return traced(target.graph, module, inputs, named)
