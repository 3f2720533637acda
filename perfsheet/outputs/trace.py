"""The ops of every device on a timeline, as a Chrome trace that ui.perfetto.dev opens.

The format is the Trace Event Format: complete events (X) for ops, begin and end events (B, E) for gaps, passes and
modules, instant events (i) for signposts, counters (C) for memory, metadata (M) for names. Times are in µs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np

from perfsheet._version import __version__
from perfsheet.analysis import Analysis
from perfsheet.analysis.ops.categories import category
from perfsheet.analysis.ops.device_ops import Ops
from perfsheet.analysis.ops.shape import shape_of
from perfsheet.analysis.statistics import known_int
from perfsheet.analysis.timing import Timing, moments, timing
from perfsheet.capture.arrays import distinct
from perfsheet.capture.table import IntArray
from perfsheet.outputs.trace_graph import Event, graph_events, source_args
from perfsheet.tables.kinds import number, percent
from perfsheet.tables.op_rows import EveryOp, every_op
from perfsheet.text.safe import clean
from perfsheet.text.words import with_planned_keys

_OPS, _GAPS, _PASSES = 1, 2, 3
_TRACKS = {_OPS: "ops", _GAPS: "gaps", _PASSES: "passes"}


def trace(analysis: Analysis) -> str:
    """The whole trace. Every device starts at 0: device clocks are not comparable."""
    rows = every_op(analysis)
    placed = timing(analysis.every.facts)
    head = {
        "displayTimeUnit": "ns",
        "otherData": {
            "perfsheet": __version__,
            "capture": ", ".join(analysis.summary.paths),
            "window": analysis.every.window.label,
            "planned": analysis.plan is not None,
            "replayed": analysis.summary.provenance.replayed,
            "ops_without_duration": int(np.isnan(rows.ops.kernel_ns).sum()),
            "unknown_gaps": placed.unknown_gaps,
        },
    }
    events = _events(rows, placed)
    if analysis.plan is not None:
        head, events = with_planned_keys(head), map(with_planned_keys, events)
    lines = ",\n".join(map(_text, events))
    return f'{_text(head)[:-1]}, "traceEvents": [\n{lines}\n]}}\n'


def _text(value: Event) -> str:
    return json.dumps(value, ensure_ascii=True, allow_nan=False)


def _events(rows: EveryOp, placed: Timing) -> Iterator[Event]:
    analysis = rows.analysis
    lanes = _lanes(rows.ops, placed)
    modules = _PASSES + 1 + int(lanes.max(initial=0))
    yield from _names(analysis, lanes, modules)
    yield from _ops(rows, placed, lanes)
    yield from _gaps(analysis, placed)
    yield from _passes(analysis, placed)
    yield from _signposts(analysis, placed)
    if analysis.graph is not None:
        yield from graph_events(analysis, analysis.graph, placed, modules)


def _names(analysis: Analysis, lanes: IntArray, modules: int) -> Iterator[Event]:
    named = analysis.graph is not None and analysis.graph.joined.report.has_stacks
    arch = analysis.summary.arch or "arch not stated"
    for device in distinct(analysis.ops.device).tolist():
        planned = "" if analysis.plan is None else ", planned: least times, no op ran"
        yield _meta("process_name", device, 0, f"device {device} ({clean(arch)}){planned}")
        for track, name in _TRACKS.items():
            yield _meta("thread_name", device, track, name)
        for lane in range(1, int(lanes[analysis.ops.device == device].max()) + 1):
            yield _meta("thread_name", device, _PASSES + lane, f"ops beside others, {lane}")
        if named:
            yield _meta("thread_name", device, modules, "modules")


def _meta(name: str, device: int, track: int, value: str) -> Event:
    return {"ph": "M", "name": name, "pid": device, "tid": track, "args": {"name": value}}


def _ops(rows: EveryOp, placed: Timing, lanes: IntArray) -> Iterator[Event]:
    ops, speed_of_light, flags = rows.ops, rows.analysis.facts.speed_of_light, rows.flags
    call = ops.number("global_call_count")
    graph = rows.analysis.graph
    for position in np.flatnonzero(np.isfinite(ops.kernel_ns)).tolist():
        shape = shape_of(ops, position)
        yield {
            "ph": "X",
            "name": clean(ops.codes[position]),
            "cat": category(ops.codes[position]),
            "pid": int(ops.device[position]),
            "tid": _PASSES + int(lanes[position]) if lanes[position] else _OPS,
            "ts": placed.start_ns[position] / 1e3,
            "dur": ops.kernel_ns[position] / 1e3,
            "args": {
                "global_call_count": known_int(call[position]),
                "row": int(ops.table.row[ops.rows[position]]),
                "kernel_duration_ns": number(ops.kernel_ns[position]),
                "core_count": known_int(ops.cores[position]),
                "worker_cores": known_int(ops.worker_cores[position]),
                "utilization_pct": percent(ops.utilization[position]),
                "sol_pct": None if ops.planned else percent(speed_of_light.sol[position]),
                "bound": speed_of_light.bound(position).value,
                "shape": clean(shape.shape),
                "layout": clean(shape.layout),
                "flags": ", ".join(flags[position]),
                **({} if graph is None else source_args(graph.sources[position])),
            },
        }


def _lanes(ops: Ops, placed: Timing) -> IntArray:
    """For each op its track: 0 unless it overlaps ops before it, since the format has no overlaps in a track."""
    lanes = np.zeros(len(ops), dtype=np.int64)
    for device in distinct(ops.device[ops.overlaps]).tolist():
        ends: list[float] = []
        for position in np.flatnonzero((ops.device == device) & np.isfinite(ops.kernel_ns)).tolist():
            start = placed.start_ns[position]
            lane = next((lane for lane, end in enumerate(ends) if end <= start), len(ends))
            ends[lane : lane + 1] = [start + ops.kernel_ns[position]]
            lanes[position] = lane
    return lanes


def _gaps(analysis: Analysis, placed: Timing) -> Iterator[Event]:
    """The wait before an op."""
    ops = analysis.ops
    call = ops.number("global_call_count")
    for position in np.flatnonzero(placed.gap_ns > 0).tolist():
        end = placed.start_ns[position]
        event = {"name": "gap", "cat": "gap", "pid": int(ops.device[position]), "tid": _GAPS}
        args = {"gap_ns": number(placed.gap_ns[position]), "before_global_call_count": known_int(call[position])}
        yield {"ph": "B", **event, "ts": (end - placed.gap_ns[position]) / 1e3, "args": args}
        yield {"ph": "E", **event, "ts": end / 1e3}


def _passes(analysis: Analysis, placed: Timing) -> Iterator[Event]:
    """Begin and end of each pass on each device, if the window has several passes."""
    ops, passes = analysis.ops, analysis.facts.passes
    if passes.count < 2:
        return
    for run in passes.all:
        for device in distinct(ops.device[run.positions]).tolist():
            here = run.positions[ops.device[run.positions] == device]
            event = {"name": f"pass {run.number}", "cat": "pass", "pid": int(device), "tid": _PASSES}
            ends = placed.start_ns[here] + np.nan_to_num(ops.kernel_ns[here])
            yield {"ph": "B", **event, "ts": float(placed.start_ns[here].min()) / 1e3, "args": {"cold": run.cold}}
            yield {"ph": "E", **event, "ts": float(ends.max()) / 1e3}


def _signposts(analysis: Analysis, placed: Timing) -> Iterator[Event]:
    """Each signpost where the next op starts."""
    for moment in moments(analysis.facts, placed):
        event = {"name": clean(moment.name), "cat": "signpost", "pid": moment.device, "tid": _PASSES}
        yield {"ph": "i", **event, "ts": moment.start_ns / 1e3, "s": "p", "args": {"row": moment.row}}
