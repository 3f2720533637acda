"""The charts of the page as Vega-Lite: what they show comes from the analysis, titles and colours from `chart_style`.

A click selects the ops that are identical to the one at position `first`; a drag those from one `op` to another, which
count from 1 as everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from perfsheet.analysis import Analysis
from perfsheet.analysis.charts import Point
from perfsheet.outputs import chart_style as style
from perfsheet.outputs.chart_style import REST
from perfsheet.text.safe import clean

if TYPE_CHECKING:
    from perfsheet.capture.table import FloatArray
    from perfsheet.models.bench.model import TimedRun

Spec = dict[str, Any]
PICK = "pick"
"""The name of the selection of every chart."""
_HEIGHT = 320
_LABEL = 60
_GREY = {"title": None, "orient": "bottom", "symbolFillColor": style.QUIET, "symbolStrokeColor": style.QUIET}


def picked(selected: Mapping[str, Any], count: int) -> tuple[int, int] | None:
    """The places, from 0, of the first and the last of the `count` ops that a selection on the timeline touches.

    An op is drawn from its number, which counts from 1, to the next. None without a selection.
    """
    span = selected.get("op") if isinstance(selected, Mapping) else None
    if not isinstance(span, Sequence) or len(span) != 2:
        return None
    low, high = sorted(map(float, span))
    first, last = math.floor(low) - 1, max(math.ceil(high) - 2, math.floor(low) - 1)
    return min(max(first, 0), count - 1), min(max(last, 0), count - 1)


def _colour(names: Sequence[str], palette: Mapping[str, str], columns: int = 0) -> Spec:
    scale = {"domain": list(names), "range": [palette.get(name, REST) for name in names]}
    legend = {"title": None, "orient": "top", "columns": columns}
    return {"field": "category", "type": "nominal", "scale": scale, "legend": legend}


def _number(field: str, title: str, **more: Any) -> Spec:
    return {"field": field, "type": "quantitative", "title": title, **more}


def _tip(*fields: tuple[str, str, str]) -> list[Spec]:
    return [
        {"field": name, "title": title, "type": "nominal" if not form else "quantitative"}
        | ({"format": form} if form else {})
        for name, title, form in fields
    ]


def time_split(analysis: Analysis) -> Spec:
    """One bar of the elapsed time, cut into its parts."""
    parts = analysis.summary.time_split.shown
    names = [part.part for part in parts]
    values = [
        {"category": part.part, "group": part.group, "ns": part.ns, "share": part.share or 0.0, "order": place}
        for place, part in enumerate(parts)
    ]
    return {
        "data": {"values": values},
        "height": 110,
        "mark": {"type": "bar", "height": 26},
        "encoding": {
            "x": _number("share", "", stack="zero", axis={"format": "%", "grid": False}, scale={"domain": [0, 1]}),
            "color": _colour(names, style.PARTS, columns=5),
            "order": {"field": "order"},
            "tooltip": _tip(
                ("group", "group", ""), ("category", "part", ""), ("ns", "ns", ",.0f"), ("share", "of it", ".1%")
            ),
        },
    }


def timeline(analysis: Analysis) -> Spec:
    """Kernel time over the run, stacked by category; a drag selects ops in a row."""
    data = analysis.timeline
    values = []
    for first, line in zip(data.first.tolist(), data.kernel_ns.tolist(), strict=True):
        below = 0.0
        for name, kernel in zip(data.categories, line, strict=True):
            if kernel > 0:
                place = {"op": first, "until": first + data.ops_per_bin}
                values.append({**place, "below": below, "top": below + kernel, "category": name, "ns": kernel})
                below += kernel
    return {
        "data": {"values": values},
        "height": _HEIGHT,
        "params": [{"name": PICK, "select": {"type": "interval", "encodings": ["x"]}}],
        "mark": {"type": "rect"},
        "encoding": {
            "x": _number("op", "op in run order", axis={"format": "d"}, scale={"nice": False, "zero": False}),
            "x2": {"field": "until"},
            "y": _number("below", style.timeline_axis(data), scale={"domainMin": 0}),
            "y2": {"field": "top"},
            "color": _colour(data.categories, style.palette_of(analysis)),
            "tooltip": _tip(("op", "op", "d"), ("category", "category", ""), ("ns", "ns", ",.0f")),
        },
    }


def pareto(analysis: Analysis) -> Spec:
    """Kernel time of the largest groups of identical ops; a click selects one."""
    values = [
        {"label": f"{place}. {clean(style.bar(bar))}", "ns": bar.kernel_ns, "until": bar.cumulative, "first": bar.first}
        for place, bar in enumerate(analysis.pareto.bars, 1)
    ]
    return {
        "data": {"values": values},
        "height": {"step": 18},
        "params": [{"name": PICK, "select": {"type": "point", "fields": ["first"]}}],
        "mark": {"type": "bar", "color": style.ACCENT, "cursor": "pointer"},
        "encoding": {
            "y": {"field": "label", "type": "nominal", "sort": None, "title": None, "axis": {"labelLimit": 320}},
            "x": _number("ns", "kernel time [ns]"),
            "opacity": {"condition": {"param": PICK, "value": 1}, "value": 0.35},
            "tooltip": _tip(("label", "ops", ""), ("ns", "ns", ",.0f"), ("until", "cumulative", ".1%")),
        },
    }


def _points(analysis: Analysis, points: Sequence[Point], x: str, y: str) -> Spec:
    """Groups of identical ops at two figures; a click selects one."""
    names = list(dict.fromkeys(point.category for point in sorted(points, key=lambda point: -point.kernel_ns)))
    values = [
        {
            "label": clean(point.label, _LABEL),
            "category": point.category,
            "x": point.x,
            "y": point.y,
            "count": point.count,
            "ns": point.kernel_ns,
            "share": point.share,
            "first": point.first,
        }
        for point in points
    ]
    return {
        "data": {"values": values},
        "params": [{"name": PICK, "select": {"type": "point", "fields": ["first"]}}],
        "mark": {"type": "point", "filled": True, "cursor": "pointer", "opacity": 0.85},
        "encoding": {
            "x": _number("x", x),
            "y": _number("y", y, scale={"type": "log"}),
            "size": _number("ns", "kernel time", legend=None, scale={"range": [30, 600]}),
            "color": _colour(names, style.palette_of(analysis)),
            "opacity": {"condition": {"param": PICK, "value": 0.9}, "value": 0.2},
            "tooltip": _tip(
                ("label", "ops", ""), ("count", "count", ",d"), ("ns", "ns", ",.0f"), ("share", "share", ".1%"),
                ("x", x, ",.3~f"), ("y", y, ",.3~f"),
            ),
        },
    }  # fmt: skip


def roofline(analysis: Analysis) -> Spec:
    """Groups of identical ops under the chip's roofs."""
    data = analysis.roofline
    points = _points(analysis, data.points, "FLOP per DRAM byte", "GFLOP/s")
    points["encoding"]["x"]["scale"] = {"type": "log"}
    lines = [{"roof": clean(style.roof(roof)), "x": x, "y": y} for roof in data.roofs for x, y in data.line(roof)]
    roofs = {
        "data": {"values": lines},
        "mark": {"type": "line", "color": style.QUIET, "strokeDash": [6, 4]},
        "encoding": {
            "x": _number("x", ""),
            "y": _number("y", ""),
            "detail": {"field": "roof"},
            "tooltip": _tip(("roof", "roof", "")),
        },
    }
    return {"height": _HEIGHT, "layer": [*([roofs] if lines else []), points]}


def core_use(analysis: Analysis) -> Spec:
    """Groups of identical ops by core count and duration."""
    data = analysis.core_use
    return {"height": _HEIGHT, **_points(analysis, data.points, "cores", "median kernel duration [ns]")}


def memory(analysis: Analysis) -> Spec | None:
    """L1 in use per bank over the run; None without a graph report that says it."""
    if analysis.graph is None:
        return None
    from perfsheet.analysis.graph.charts import memory_chart

    chart = memory_chart(analysis.graph, analysis.ops)
    if chart.peak is None:
        return None
    parts = ((style.TENSORS, chart.tensors), (style.CIRCULAR, chart.circular))
    values = [
        {"op": int(first), "category": name, "kib": float(size) / 1024}
        for name, sizes in parts
        for first, size in zip(chart.first, np.nan_to_num(sizes), strict=True)
    ]
    return {
        "data": {"values": values},
        "height": _HEIGHT,
        "params": [{"name": PICK, "select": {"type": "interval", "encodings": ["x"]}}],
        "mark": {"type": "area", "interpolate": "step-after"},
        "encoding": {
            "x": _number("op", style.memory_axis(chart), axis={"format": "d"}, scale={"nice": False, "zero": False}),
            "y": _number("kib", "L1 per bank [KiB]", stack="zero"),
            "color": _colour([name for name, _ in parts], style.MEMORY_COLOURS),
            "tooltip": _tip(("op", "op", "d"), ("category", "of", ""), ("kib", "KiB", ",.1f")),
        },
    }


def passes(durations: FloatArray) -> Spec:
    """The kernel duration of one op in every pass."""
    values = [{"pass": number, "ns": float(ns)} for number, ns in enumerate(durations, 1) if np.isfinite(ns)]
    return {
        "data": {"values": values},
        "height": 200,
        "mark": {"type": "line", "point": True, "color": style.ACCENT},
        "encoding": {
            "x": _number("pass", "pass", axis={"format": "d", "tickMinStep": 1}),
            "y": _number("ns", "kernel duration [ns]", scale={"zero": False}),
            "tooltip": _tip(("pass", "pass", "d"), ("ns", "ns", ",.0f")),
        },
    }


def runs(timed: Sequence[TimedRun]) -> Spec:
    """The time of each run of a bench, a line per row; warm-up runs are triangles."""
    kind = {True: "warm-up", False: "measured"}
    values = [
        {"row": clean(run.row, _LABEL), "run": run.number, "ms": run.time_ms, "kind": kind[run.warmup]} for run in timed
    ]
    x = _number("run", "run", axis={"format": "d", "tickMinStep": 1})
    y = _number("ms", "time [ms]", scale={"type": "log"}, axis={"gridOpacity": 0.4})
    tip = _tip(("row", "variant", ""), ("run", "run", "d"), ("kind", "kind", ""), ("ms", "ms", ",.3f"))
    names = list(dict.fromkeys(clean(run.row, _LABEL) for run in timed))
    scale = {"domain": names, "range": list(style.colours(names, "").values())}
    legend = {"title": None, "orient": "top", "labelLimit": 400}
    colour = {"field": "row", "type": "nominal", "scale": scale, "legend": legend}
    kinds = {"domain": ["warm-up", "measured"], "range": ["triangle-up", "circle"]}
    shape = {"field": "kind", "type": "nominal", "scale": kinds, "legend": _GREY}
    opacity = {"condition": {"test": "datum.kind === 'warm-up'", "value": 0.5}, "value": 1}
    return {
        "data": {"values": values},
        "height": _HEIGHT,
        "layer": [
            {"mark": {"type": "line", "strokeWidth": 1}, "encoding": {"x": x, "y": y, "color": colour}},
            {
                "mark": {"type": "point", "filled": True, "size": 60},
                "encoding": {"x": x, "y": y, "color": colour, "shape": shape, "opacity": opacity, "tooltip": tip},
            },
        ],
    }


def over_time(values: Sequence[Mapping[str, Any]], title: str) -> Spec:
    """A figure of a model over its runs; `values` have `started` and `value`."""
    return {
        "data": {"values": list(values)},
        "height": 260,
        "mark": {"type": "line", "point": True, "color": style.ACCENT},
        "encoding": {
            "x": {
                "field": "started",
                "type": "ordinal",
                "title": "run",
                "axis": {"labelAngle": 0, "labelOverlap": True},
            },
            "y": _number("value", title, scale={"zero": False}, axis={"format": ",.6~g"}),
            "tooltip": [{"field": "started", "type": "nominal", "title": "run"}, *_tip(("value", title, ",.4~f"))],
        },
    }
