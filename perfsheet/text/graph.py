"""Sentences about the graph report beside a capture: how they were joined, memory, accuracy, and lines of source."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from perfsheet.analysis import Analysis
from perfsheet.analysis.ops.categories import short_code
from perfsheet.capture.notes import rows
from perfsheet.capture.table import IntArray
from perfsheet.text import formats

if TYPE_CHECKING:
    from perfsheet.analysis.graph.beside import Graph
    from perfsheet.analysis.graph.charts import MemoryChart
    from perfsheet.analysis.graph.excerpts import Listing
    from perfsheet.analysis.graph.groups import Module
    from perfsheet.analysis.graph.memory import Memory
    from perfsheet.analysis.graph.sources import Source

    Places = Sequence[tuple[Source, int]]

_LINES_NAMED = 3
_PARTS_NAMED = 3


def of_head(analysis: Analysis) -> list[str]:
    """The sentences for the head of a screen: join, memory, accuracy; none without a graph report."""
    graph = analysis.graph
    if graph is None:
        return []
    return [text for text in (joined(graph), memory(analysis), accuracy(analysis)) if text]


def joined(graph: Graph) -> str:
    """`graph report db.sqlite: 162 of 162 ops by GLOBAL CALL COUNT, 145 of cached programs`; blank for a plan."""
    join = graph.joined
    if graph.ops.planned:
        return ""
    path = Path(join.report.path)
    name = f"{path.parent.name}/{path.name}" if path.name == "db.sqlite" else path.name
    parts = [f"graph report {name}: {join.joined:,} of {rows(join.rows, 'op')} by {join.by.value}"]
    counts = (
        (join.replayed, "of trace replays"),
        (join.repeated, "that repeat others"),
        (join.cached, "with a cached program"),
        (join.unlike, "with the count of another op"),
        (join.doubtful, "on an ambiguous line"),
        (join.outside - join.doubtful, "not in the report"),
        (join.unused, "in the report only"),
    )
    parts += [f"{count:,} {what}" for count, what in counts if count]
    if not join.report.has_stacks:
        parts.append(_without_stacks(join.report.path))
    elif without := sum(source is None for source in graph.sources_of_joined):
        parts.append(f"{without:,} without a source line")
    return ", ".join(parts)


def _without_stacks(path: str) -> str:
    """Why there is no source line: the stacks of a capture as JSON lie beside it."""
    if path.endswith(".json"):
        beside = f"{Path(path).stem}.python_io.json"
        return f"no source lines: they are in {beside}, if it lies beside it, captured with Python stack traces"
    return "no source lines: capture with enable_graph_python_stack_traces"


def memory(analysis: Analysis) -> str:
    """`L1: up to 172.0 KiB of 1.33 MiB per bank in use (Matmul at ttnn_block.py:151); DRAM: up to 31.00 MiB`.

    Blank where nothing is known of it.
    """
    graph = analysis.graph
    if graph is not None and graph.joined.report.without_dispatch:
        return "memory unknown: a database of a capture without dispatch lacks it, give the capture's JSON"
    if graph is None or graph.memory.peak is None:
        return ""
    return "; ".join(filter(None, (_l1(analysis, graph), _dram(graph.memory))))


def _l1(analysis: Analysis, graph: Graph) -> str:
    """The peak; where circular buffers are known of some ops only, that of the tensors, and of these ops."""
    found = graph.memory
    with_circular, every = int(found.circular_known.sum()), int(np.isfinite(found.l1_bank).sum())
    values = found.l1_used if with_circular == every or not np.nanmax(found.l1_bank) else found.l1_bank
    peak = int(np.nanargmax(values))
    if not values[peak] and not with_circular:
        return ""
    of_bank = "" if found.bank_bytes is None else f" of {formats.size(found.bank_bytes)}"
    amount = f"up to {formats.size(float(values[peak]))}{of_bank} per bank"
    if with_circular == every:
        parts = [f"L1: {amount} in use ({_op(analysis, graph, peak)})"]
    else:
        parts = [f"L1: tensors take {amount} ({_op(analysis, graph, peak)})" if values[peak] else "L1: no tensors"]
        together = float(np.max(found.l1_used, where=found.circular_known, initial=0.0))
        least = f"at least {formats.size(together)} with circular buffers, which" if together > values[peak] else ""
        known = f"known of {with_circular:,} of {rows(every, 'op')}"
        parts.append(f"{least} are {known}" if least else f"circular buffers {known}")
    if beyond := int(found.beyond_bank.sum()):
        why = "impossible, so the report is wrong there" if analysis.plan is None else "a device refuses them"
        parts.append(f"{rows(beyond, 'op')} with more than a bank holds (!): {why}")
    return "; ".join(parts)


def _dram(found: Memory) -> str:
    most = float(np.nanmax(found.dram)) if np.isfinite(found.dram).any() else 0.0
    per_bank = " per bank" if found.dram_per_bank else ""
    return f"DRAM: up to {formats.size(most)}{per_bank}" if most else ""


def accuracy(analysis: Analysis) -> str:
    """`PCC: lowest 0.9971 of Matmul at ttnn_block.py:151; accumulated PCC first drops at Softmax (0.9950)`."""
    graph = analysis.graph
    if graph is None or not graph.accuracy.known:
        return ""
    found, parts = graph.accuracy, []
    if (lowest := found.lowest) is not None:
        parts.append(f"lowest {formats.pcc(float(found.alone[lowest]))} of {_op(analysis, graph, lowest)}")
        if len(found.below):
            compared = int(np.isfinite(found.alone).sum())
            parts.append(f"{len(found.below):,} of {rows(compared, 'compared op')} below TTNN's limit")
    if (fall := found.first_fall) is not None:
        value = formats.pcc(float(found.accumulated[fall]))
        parts.append(f"accumulated PCC first drops at {_op(analysis, graph, fall)} ({value})")
    return f"PCC: {'; '.join(parts)}"


def _op(analysis: Analysis, graph: Graph, position: int) -> str:
    source = graph.sources[position]
    return short_code(analysis.ops.codes[position]) + ("" if source is None else f" at {source.place}")


def lines(analysis: Analysis, positions: IntArray) -> str:
    """`ttnn_block.py:151 Encoder._linear (ttnn.linear) ×12, ttnn_block.py:101 …, and 2 more lines`; blank = unknown."""
    if analysis.graph is None:
        return ""
    first, more = first_places(analysis.graph.places(positions))
    return ", ".join([*(place(source, count) for source, count in first), *([more] if more else [])])


def first_places(some: Places) -> tuple[Places, str]:
    """Those of these places that are named, and `and 2 more lines`; blank if there are no more."""
    more = len(some) - _LINES_NAMED
    return some[:_LINES_NAMED], f"and {rows(more, 'more line')}" if more > 0 else ""


def place(source: Source, ops: int = 1) -> str:
    """`ttnn_block.py:151 Encoder._linear (ttnn.linear) ×12`."""
    return f"{source.place} {source.function} ({source.call})" + (f" ×{ops:,}" if ops > 1 else "")


def places(some: Places) -> str:
    """`ttnn_block.py:151 ×12, ttnn_block.py:101, and 2 more lines`."""
    first, more = first_places(some)
    texts = [f"{source.place} ×{ops:,}" if ops > 1 else source.place for source, ops in first]
    return ", ".join([*texts, *([more] if more else [])])


def module(node: Module, share: float) -> str:
    """`Encoder._norm: 274,436 ns, 14.5 % of the time; its own ops 274,436 ns; 8 ops`."""
    return (
        f"{'.'.join(node.path)}: {formats.whole(node.total_ns)} ns, {formats.percent(share)} of the time; its own "
        f"ops {formats.whole(node.self_ns)} ns; {rows(node.count, 'op')}"
    )


def listing(of_file: Listing) -> str:
    """`encoder/ttnn_block.py: 11 lines, 100.0 % of the time`, and whether it has changed since the ops ran."""
    file = "/".join(re.split(r"[\\/]", of_file.file)[-_PARTS_NAMED:])
    changed = f"; {rows(of_file.changed, 'line')} changed since the ops ran" if of_file.changed else ""
    return f"{file}: {rows(of_file.with_ops, 'line')}, {formats.percent(of_file.share)} of the time{changed}"


def peak(analysis: Analysis, position: int, used: float) -> str:
    """`96.0 KiB: Unary at ttnn_block.py:81`."""
    assert analysis.graph is not None
    return f"{formats.size(used)}: {_op(analysis, analysis.graph, position)}"


def in_use(analysis: Analysis, chart: MemoryChart, point: int) -> str:
    """`op 15: Unary at ttnn_block.py:81, tensors 96.0 KiB, circular buffers unknown`."""
    assert analysis.graph is not None
    position = int(chart.positions[point])
    circular = float(chart.circular[point])
    return (
        f"op {position + 1:,}: {_op(analysis, analysis.graph, position)}, tensors "
        f"{formats.size(float(chart.tensors[point]))}, circular buffers "
        f"{formats.size(circular) if np.isfinite(circular) else 'unknown'}"
    )
