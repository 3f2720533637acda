"""What a graph report adds to the trace: the modules as nested slices, memory as counters, and the source of an op."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from perfsheet.analysis import Analysis
from perfsheet.analysis.graph.beside import Graph
from perfsheet.analysis.graph.sources import Source
from perfsheet.analysis.timing import Timing
from perfsheet.capture.arrays import distinct
from perfsheet.capture.table import FloatArray, IntArray
from perfsheet.text.safe import clean

Event = dict[str, Any]


def source_args(source: Source | None) -> Event:
    """Where an op comes from; empty where that is unknown."""
    if source is None:
        return {}
    return {"source": clean(source.place), "call": clean(source.call), "module": clean(source.path)}


def graph_events(analysis: Analysis, graph: Graph, placed: Timing, track: int) -> Iterator[Event]:
    """The modules on a track of each device, and L1 and DRAM in use from the start of each op.

    Tensors and circular buffers apart: the latter are known of some ops only, and a sum would show peaks at these.
    """
    ops, found = analysis.ops, graph.memory
    counters = (
        ("L1 tensors per bank", found.l1_bank),
        ("L1 circular buffers per core", found.circular),
        (f"DRAM in use {'per bank' if found.dram_per_bank else 'over all banks'}", found.dram),
    )
    numbers = _passes(analysis)
    for device in distinct(ops.device).tolist():
        here = np.flatnonzero(ops.device == device)
        here = here[np.argsort(placed.start_ns[here], kind="stable")]
        yield from _modules(analysis, graph, placed, here[ops.timed[here]], numbers, track)
        for name, used in counters:
            yield from _counter(name, int(device), placed.start_ns[here], used[here])


def _passes(analysis: Analysis) -> IntArray:
    """The pass of each op, 0 = none."""
    numbers = np.zeros(len(analysis.ops), dtype=np.int64)
    for run in analysis.facts.passes.all:
        numbers[run.positions] = run.number
    return numbers


def _modules(
    analysis: Analysis, graph: Graph, placed: Timing, here: IntArray, passes: IntArray, track: int
) -> Iterator[Event]:
    """Ops of one module that follow each other in a pass are one slice: from the first start to the last end."""
    ops = analysis.ops
    path: tuple[str, ...] = ()
    in_pass, ended = 0, 0.0
    for position in here.tolist():
        source, start = graph.sources[position], float(placed.start_ns[position])
        new = () if source is None else source.module
        kept = _in_common(path, new) if passes[position] == in_pass else 0
        event = {"cat": "module", "pid": int(ops.device[position]), "tid": track}
        # An op that overlaps the next one (of another sub-device) must not hold its slice open beyond that.
        for name in reversed(path[kept:]):
            yield {"ph": "E", "name": clean(name), **event, "ts": min(ended, start) / 1e3}
        for depth in range(kept, len(new)):
            args = {"path": clean(".".join(new[: depth + 1]))}
            yield {"ph": "B", "name": clean(new[depth]), **event, "ts": start / 1e3, "args": args}
        path, in_pass = new, int(passes[position])
        ended = max(ended, start + float(ops.kernel_ns[position]))
    for name in reversed(path):
        event = {"cat": "module", "pid": int(ops.device[here[-1]]), "tid": track}
        yield {"ph": "E", "name": clean(name), **event, "ts": ended / 1e3}


def _in_common(path: tuple[str, ...], other: tuple[str, ...]) -> int:
    """How many parts two paths start with alike."""
    return next(
        (place for place, (a, b) in enumerate(zip(path, other, strict=False)) if a != b), min(len(path), len(other))
    )


def _counter(name: str, device: int, starts: FloatArray, used: FloatArray) -> Iterator[Event]:
    """The value at the start of each op, where it is another one; what is unknown is left out."""
    before = None
    for start, value in zip(starts.tolist(), used.tolist(), strict=True):
        if np.isfinite(value) and value != before:
            yield {"ph": "C", "name": name, "pid": device, "ts": start / 1e3, "args": {"bytes": int(value)}}
            before = value
