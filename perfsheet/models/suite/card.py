"""The model card of a target (section 2.2 of the bring-up guide), from everything that was collected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from perfsheet.analysis import Analysis
from perfsheet.analysis.results import Cause, OpType
from perfsheet.errors import PerfsheetError
from perfsheet.light_dataclass import dataclass
from perfsheet.models.suite.figures import analyze_captures
from perfsheet.models.suite.model import ModelResult, Suite, Target
from perfsheet.models.suite.torch_ops import graph_of
from perfsheet.models.torch_graph import Coverage, Graph, find_coverage, registry
from perfsheet.models.torch_graph.coverage import Status
from perfsheet.provenance import recorded_provenance

_NOT_COMPARED: Mapping[Status, str] = {
    "layout only": "that only view a tensor",
    "unclear": "that may be a part of another op, or that only attributes would tell",
    "no op": "that run nothing",
}
_MOST_CAUSES = 9


@dataclass(frozen=True)
class Card:
    """The card of one target. `graph` and `coverage` if it names a torch module, else `no_graph` says why not.

    `device_ops` is the kernel time by op code; `no_device` says why there is none. `recorded` are the recorded captures
    that `coverage` compares with, if they are not of a run of the suite. `causes` are the first ones of the capture,
    `boards` those that it can be of, `commit` is the one of tt-metal that its run recorded; blank = unknown.
    """

    target: Target
    result: ModelResult
    graph: Graph | None
    coverage: tuple[Coverage, ...]
    no_graph: str
    device_ops: tuple[OpType, ...]
    no_device: str
    recorded: str = ""
    causes: tuple[Cause, ...] = ()
    boards: str = ""
    commit: str = ""

    @property
    def compared(self) -> str:
        """What the torch ops were compared with, how many types of them, and which were not and why; one sentence."""
        counts = Counter(op.status for op in self.coverage)
        if not self.coverage or not (counts["covered"] or counts["missing"] or counts["unclear"]):
            return ""
        compared = counts["covered"] + counts["missing"] + counts["no TTNN op"]
        left = [f"{counts[status]} {why}" for status, why in _NOT_COMPARED.items() if counts[status]]
        return (
            f"{compared} types of torch ops are compared with the device ops of the capture: {counts['covered']} are "
            f"covered, {counts['missing']} missing, and {counts['no TTNN op']} have no op in TTNN. Not compared: "
            f"{', '.join(left) or 'none'}; how often, shapes, data types and values"
        )

    @property
    def missing(self) -> tuple[Coverage, ...]:
        """The ops that TTNN has and the capture does not show."""
        return tuple(op for op in self.coverage if op.status == "missing")

    @property
    def without_ttnn(self) -> tuple[Coverage, ...]:
        """The ops that TTNN lacks."""
        return tuple(op for op in self.coverage if op.status == "no TTNN op")


def make_card(suite: Suite, target: Target, result: ModelResult) -> Card:
    """The card of a target and its result. Never raises: the card says what is unknown, and why."""
    analysis, no_device = _analysis(suite, target, result)
    graph: Graph | None = None
    no_graph = "" if target.graph else "the suite names no torch module (graph)"
    if target.graph:
        try:
            graph = graph_of(suite, target)
        except PerfsheetError as error:
            no_graph = str(error)
    return Card(
        target,
        result,
        graph,
        find_coverage(graph.forward, analysis, registry(None)) if graph else (),
        no_graph,
        tuple(analysis.op_types) if analysis and result.captures else (),
        no_device or ("" if result.captures else "not run yet"),
        ", ".join(analysis.summary.paths) if analysis and (result.replayed or not result.captures) else "",
        tuple(analysis.first_causes(_MOST_CAUSES)) if analysis and result.captures else (),
        _boards(analysis) if analysis else "",
        _commit(suite, result) or "",
    )


def _boards(analysis: Analysis) -> str:
    summary = analysis.summary
    return summary.board or summary.speed_of_light.peaks_of or summary.arch or ""


def _commit(suite: Suite, result: ModelResult) -> str | None:
    for capture in () if result.replayed else result.captures[:1]:
        record = recorded_provenance(suite.output / capture).record
        return record.tt_metal_commit if record else None
    return None


def _no_capture(target: Target, result: ModelResult) -> str:
    if result.run_success is None:
        return "no capture yet: `perfsheet suite run` makes one"
    if "device" not in target.collect:
        return "the target's `collect` has no device figures"
    return f"the run left no capture{f': {result.problem}' if result.problem else ''}"


def _analysis(suite: Suite, target: Target, result: ModelResult) -> tuple[Analysis | None, str]:
    captures = [str(suite.output / capture) for capture in result.captures]
    captures = captures or [str(path) for path in target.replay]
    if not captures:
        return None, _no_capture(target, result)
    try:
        return analyze_captures(target, captures, result.batch), ""
    except PerfsheetError as error:
        return None, str(error)
