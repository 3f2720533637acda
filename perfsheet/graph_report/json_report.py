"""A graph capture as TTNN writes it: `NAME.json`, with the Python calls beside it in `NAME.python_io.json`."""

from __future__ import annotations

import json
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from perfsheet.accuracy import possible
from perfsheet.graph_report.building import Builder, limit
from perfsheet.graph_report.errors import damage, unreadable
from perfsheet.graph_report.model import Accuracy, Call, Chip, GraphReport, Tensor
from perfsheet.graph_report.nodes import (
    Change,
    Node,
    Params,
    PlanNode,
    Scalar,
    Use,
    change,
    described_tensors,
    number,
    walk,
)
from perfsheet.graph_report.stacks import frames_of

T = TypeVar("T")
IO_SUFFIX = ".python_io.json"
COMPARISONS_SUFFIX = ".comparison_records.json"
COMPARISONS = "comparison_records.json"
"""The comparisons where they have no capture of their name."""
_MOST_BYTES = 2 << 30
_OF_OTHERS = 0.1
"""Part of the Python calls that may be unknown to the capture beside them."""
_NOT_BESIDE = "not what TTNN writes beside a graph capture"
_WITHOUT_ROW = ("Tensor::", "tt::tt_metal", "ttnn::convert_python_tensor_to_tt_tensor")
"""Functions on the outermost level that TTNN's own importer makes no operation of."""


class Metadata(msgspec.Struct):
    """Where a capture was made."""

    version: str = ""
    rank: Scalar = 0


class Device(msgspec.Struct):
    """A device, or a mesh of them."""

    device_id: Scalar = 0
    l1_bank_size: Scalar = 0
    num_x_compute_cores: Scalar = 0
    num_y_compute_cores: Scalar = 0


class Capture(msgspec.Struct):
    """The capture itself."""

    graph: list[Node]
    devices: list[Device] = []
    metadata: Metadata = msgspec.field(default_factory=Metadata)


class PythonCall(msgspec.Struct):
    """A call as Python saw it; `python_stack_trace` starts with the innermost frame."""

    name: str
    input_tensor_ids: list[int] = []
    output_tensor_ids: list[int] = []
    python_stack_trace: list[str] = []
    error: dict[str, Any] | None = None


class PlanCall(PythonCall):
    """A call in a plan, which has its arguments as well: texts by name."""

    arguments: dict[str, str] = {}


class PlanCapture(msgspec.Struct):
    """A capture in a plan, with its Python calls."""

    graph: list[PlanNode]
    devices: list[Device] = []
    metadata: Metadata = msgspec.field(default_factory=Metadata)
    python_io: list[PlanCall] = []


class PlanContent(msgspec.Struct):
    """What a plan has of TTNN's: the captures in order, and the texts of source files."""

    captures: list[PlanCapture]
    sources: dict[str, str] = {}


class Comparison(msgspec.Struct):
    """What comparing a tensor with the golden function gave."""

    tensor_id: Scalar = None
    desired_pcc: float | None = None
    actual_pcc: float | None = None


class Comparisons(msgspec.Struct, dict=True):
    """The comparisons of a run: of each op alone, and from the start of the model."""

    local_tensor_comparison_records: list[Comparison] = []
    global_tensor_comparison_records: list[Comparison] = []

    @cached_property
    def tensor_ids(self) -> frozenset[int]:
        """The tensors that were compared."""
        records = (*self.local_tensor_comparison_records, *self.global_tensor_comparison_records)
        return frozenset(found for one in records if (found := number(one.tensor_id)) is not None)


def read_json(paths: Sequence[Path]) -> GraphReport:
    """A report of captures, one of each rank (or several). Raises PerfsheetError (exit status 3) with the file."""
    builder = Builder()
    captures = [(path, _decoded(path, Capture, "not a graph capture of TTNN")) for path in paths]
    for path, capture in sorted(captures, key=lambda one: number(one[1].metadata.rank) or 0):
        with damage(path, "the capture"):
            _add(builder, path, capture)
    version = next((capture.metadata.version for _, capture in captures if capture.metadata.version), "")
    return builder.report(str(paths[0] if len(paths) == 1 else paths[0].parent), version)


def read_plan(path: Path) -> GraphReport:
    """The report in a plan. Raises PerfsheetError (exit status 3) with the file."""
    return report_of(path, _decoded(path, PlanContent, "not a plan of perfsheet"))


def report_of(path: Path, content: PlanContent) -> GraphReport:
    """The report of these captures of one process, in the order they were made."""
    builder = Builder()
    builder.sources = dict(content.sources)
    with damage(path, "the plan"):
        for capture in content.captures:
            _add_capture(builder, capture, capture.python_io, Comparisons())
    version = next((capture.metadata.version for capture in content.captures if capture.metadata.version), "")
    return builder.report(str(path), version)


def _add(builder: Builder, path: Path, capture: Capture) -> None:
    calls = _beside(path, IO_SUFFIX, list[PythonCall]) or []
    _refuse_other_calls(path, capture.graph, calls)
    _add_capture(builder, capture, calls, _comparisons(path))


def _add_capture(
    builder: Builder, capture: Capture | PlanCapture, calls: Sequence[PythonCall], comparisons: Comparisons
) -> None:
    rank = number(capture.metadata.rank) or 0
    for device in capture.devices:
        cores = (number(device.num_x_compute_cores) or 0) * (number(device.num_y_compute_cores) or 0)
        builder.chips.append(Chip(rank, number(device.device_id) or 0, number(device.l1_bank_size) or 0, cores))
    described = described_tensors(capture.graph, rank, builder.tensors)
    records: dict[str, deque[PythonCall]] = defaultdict(deque)
    for record in calls:
        records[record.name].append(record)
        _describe_compared(builder, rank, record, comparisons)
    uses: dict[int, Use] = {}
    for before in _there_before(capture.graph):
        uses.setdefault(before.device, Use()).change(1, before.memory, before.bank, before.size)
        builder.buffer_changed(rank, before)
    inside: list[Node] = []
    depth = 0
    for node in capture.graph:
        kind = node.node_type
        if kind == "function_start":
            depth += 1
            if depth > 1 and (waiting := records.get((node.params or Params()).name)):
                waiting.popleft()
        if depth:
            inside.append(node)
        elif kind in ("buffer_allocate", "buffer_deallocate"):
            _apply(builder, rank, node, uses)
        if kind == "function_end" and depth:
            depth -= 1
            if not depth:
                _add_call(builder, rank, inside, described, records, uses)
                inside = []
    if inside:  # it died in this call
        _add_call(builder, rank, inside, described, records, uses)
    builder.end_rank()
    _add_accuracy(builder, rank, comparisons)


def _there_before(graph: Sequence[Node]) -> Iterator[Change]:
    """What is freed without having been allocated was there before the capture began."""
    live: set[tuple[int, ...]] = set()
    for node in graph:
        if node.node_type == "buffer_allocate":
            live.add(change(node).key)
        elif node.node_type == "buffer_deallocate":
            this = change(node)
            if this.key in live:
                live.discard(this.key)
            elif this.address:  # without dispatch an address says nothing
                yield this._replace(sign=1)


def _refuse_other_calls(path: Path, graph: Sequence[Node], calls: Sequence[PythonCall]) -> None:
    """Raises PerfsheetError where the Python calls are not those of the capture: what Python calls, it has, too."""
    names = Counter(node.params.name for node in graph if node.node_type == "function_start" and node.params)
    unknown = (Counter(call.name for call in calls) - names).total()
    if unknown > _OF_OTHERS * len(calls):
        found = path.with_suffix(IO_SUFFIX).name
        raise unreadable(path, f"{found} is not of this capture: {unknown:,} of its {len(calls):,} calls are not in it")


def _apply(builder: Builder, rank: int, node: Node, uses: dict[int, Use]) -> None:
    this = change(node)
    uses.setdefault(this.device, Use()).change(this.sign, this.memory, this.bank, this.size)
    builder.buffer_changed(rank, this)


def _add_call(
    builder: Builder,
    rank: int,
    nodes: list[Node],
    described: dict[int, int],
    records: dict[str, deque[PythonCall]],
    uses: dict[int, Use],
) -> None:
    """Add the call of these nodes; what only frees tensors is no call."""
    name = (nodes[0].params or Params()).name
    if name.startswith(_WITHOUT_ROW):
        for node in nodes:
            if node.node_type in ("buffer_allocate", "buffer_deallocate"):
                _apply(builder, rank, node, uses)
        return
    content = walk(nodes, len(builder.calls), described, uses)
    record = records[name].popleft() if records.get(name) else None
    first = len(builder.device_ops)
    builder.add_ops(content)
    ids = (record.input_tensor_ids, record.output_tensor_ids) if record else ([], [])
    found = [tuple(i for one in some if (i := builder.tensors.find(rank, one)) is not None) for some in ids]
    duration = nodes[-1].duration_ns
    builder.add_call(
        Call(
            len(builder.calls) + 1,
            rank,
            name,
            frames_of("\n".join(record.python_stack_trace)) if record else (),
            found[0] or content.inputs,
            found[1] or content.outputs,
            range(first, len(builder.device_ops)),
            float(duration) if isinstance(duration, (int, float)) else None,
            str((record.error or {}).get("message", "")) if record and record.error else "",
            tuple(getattr(record, "arguments", {}).items()),
        ),
        content,
    )
    for this in content.changes:
        builder.buffer_changed(rank, this)


def _comparisons(path: Path) -> Comparisons:
    """The comparisons beside a capture; none where TTNN did not compare."""
    beside = (path.with_suffix(COMPARISONS_SUFFIX), path.with_name(COMPARISONS))
    there = next((one for one in beside if one.is_file()), None)
    return Comparisons() if there is None else _decoded(there, Comparisons, _NOT_BESIDE, _with_nan)


def _describe_compared(builder: Builder, rank: int, record: PythonCall, comparisons: Comparisons) -> None:
    """Add the tensors that only Python saw and that were compared.

    An op that writes to a given tensor, or makes several, hands out tensors with ids that the capture itself lacks.
    """
    for tensor_id in record.output_tensor_ids:
        if tensor_id in comparisons.tensor_ids and builder.tensors.find(rank, tensor_id) is None:
            builder.tensors.add(rank, Tensor(tensor_id, (), "", "", "", "", None))


def _add_accuracy(builder: Builder, rank: int, comparisons: Comparisons) -> None:
    alone = {number(one.tensor_id): one for one in comparisons.local_tensor_comparison_records}
    accumulated = {number(one.tensor_id): one for one in comparisons.global_tensor_comparison_records}
    for tensor_id in comparisons.tensor_ids:
        index = builder.tensors.find(rank, tensor_id)
        if index is not None:
            one, other = alone.get(tensor_id), accumulated.get(tensor_id)
            desired = limit(next((record.desired_pcc for record in (one, other) if record), None))
            builder.accuracy[index] = Accuracy(
                possible(one.actual_pcc) if one else None, possible(other.actual_pcc) if other else None, desired
            )


def _beside(path: Path, suffix: str, kind: type[T]) -> T | None:
    beside = path.with_suffix(suffix)
    return _decoded(beside, kind, _NOT_BESIDE) if beside.is_file() else None


def _plain(content: bytes, kind: type[T]) -> T:
    return msgspec.json.decode(content, type=kind)


def _with_nan(content: bytes, kind: type[T]) -> T:
    """JSON as Python writes it: with NaN and infinities, which msgspec refuses."""
    return msgspec.convert(json.loads(content), kind)


def _decoded(path: Path, kind: type[T], reason: str, decode: Callable[[bytes, type[T]], T] = _plain) -> T:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise unreadable(path, "larger than 2 GiB")
        return decode(path.read_bytes(), kind)
    except OSError as error:
        raise unreadable(path, error.strerror or str(error)) from None
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise unreadable(path, f"{reason} ({error})") from None
