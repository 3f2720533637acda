"""The charts of the page."""

from __future__ import annotations

from collections.abc import Sequence

from perfsheet.analysis import Analysis
from perfsheet.analysis.charts import EIGHTY, Point, placed_names
from perfsheet.analysis.charts import REST as ALL_ELSE
from perfsheet.analysis.results import OpType
from perfsheet.outputs import chart_style as style
from perfsheet.outputs.chart_style import REST, colours
from perfsheet.outputs.html.drawing import Drawing, horizontal, vertical
from perfsheet.text import formats

_SHAPES = ("circle", "square", "diamond", "triangle")
_ROOF_DASHES = ("", "8 4", "2 4", "8 4 2 4")
_TYPES = 10
_BAR = "var(--bar)"


def shares(entries: Sequence[OpType], by_type: bool, palette: dict[str, str]) -> str:
    """Bars of the share of kernel time, in a table that screen readers can read."""
    lines = []
    most = max((entry.share for entry in entries), default=1.0) or 1.0
    for entry in entries[:_TYPES]:
        name = entry.op_code if by_type else entry.category
        colour = _BAR if by_type else palette.get(name, REST)
        width = 100 * entry.share / most if entry.share == entry.share else 0
        lines.append(
            f'<tr><th scope="row">{formats.escaped(name)}</th><td><svg class="bar" viewBox="0 0 100 10" '
            f'preserveAspectRatio="none" aria-hidden="true"><rect width="{width:.2f}" height="10" fill="{colour}"/>'
            f"</svg></td><td>{formats.percent(entry.share)}</td></tr>"
        )
    return f'<table class="bars">{"".join(lines)}</table>'


def timeline(analysis: Analysis, palette: dict[str, str]) -> str:
    """Kernel time over the run, stacked by category."""
    data = analysis.timeline
    last = int(data.first[-1]) + data.ops_per_bin
    drawing = Drawing(horizontal(1, last), vertical(0, float(data.kernel_ns.sum(axis=1).max()) or 1.0), style.TIMELINE)
    for first, line in zip(data.first.tolist(), data.kernel_ns.tolist(), strict=True):
        below = 0.0
        for name, kernel in zip(data.categories, line, strict=True):
            if kernel > 0:
                tip = f"op {first:,}: {name} {formats.whole(kernel)} ns"
                drawing.bar(first, first + data.ops_per_bin, below, below + kernel, palette.get(name, REST), tip)
                below += kernel
    legend = _legend([(name, palette.get(name, REST), "square") for name in data.categories])
    return drawing.text("op in run order", style.timeline_axis(data)) + legend


def pareto(analysis: Analysis) -> str:
    """Kernel time of the largest groups, and their cumulative share."""
    data = analysis.pareto
    if not data.bars:
        return ""
    top = max(bar.kernel_ns for bar in data.bars) or 1.0
    drawing = Drawing(horizontal(0.5, len(data.bars) + 0.5), vertical(0, top), style.pareto(data))
    for number, bar in enumerate(data.bars, 1):
        figures = f"{formats.whole(bar.kernel_ns)} ns, {formats.percent(bar.cumulative)} so far"
        tip = f"{bar.label} (× {bar.count:,}): {figures}"
        drawing.bar(number - 0.4, number + 0.4, 0, bar.kernel_ns, _BAR, tip)
    drawing.line([(number, bar.cumulative * top) for number, bar in enumerate(data.bars, 1)], "cumulative")
    for share in (0.5, EIGHTY, 1.0):
        drawing.label(len(data.bars) + 0.5, share * top, f"{share:.0%}", "end", (0, -3))
    return drawing.text("group of identical ops, most kernel time first", "kernel time [ns]; line: cumulative share")


def roofline(analysis: Analysis, palette: dict[str, str]) -> str:
    """What ops do per ns over what they do per DRAM byte, under the chip's roofs."""
    data = analysis.roofline
    if not data.points:
        return ""
    drawing = Drawing(horizontal(*data.span, log=True), vertical(*data.height, log=True), style.roofline(data))
    for place, roof in enumerate(data.roofs):
        line = data.line(roof)
        drawing.line(line, "roof", _ROOF_DASHES[place % len(_ROOF_DASHES)])
        drawing.label(*line[-1], style.roof(roof), "end", (0, -4))
    legend = _points(drawing, data.points, palette, "FLOP/byte", "GFLOP/s")
    return drawing.text("FLOP per DRAM byte", "GFLOP/s") + legend


def core_use(analysis: Analysis, palette: dict[str, str]) -> str:
    """Median duration of groups over the cores that they run on."""
    data = analysis.core_use
    if not data.points:
        return ""
    right = max(data.grid or 0, *(point.x for point in data.points))
    bottom, top = data.height
    drawing = Drawing(horizontal(0, right), vertical(bottom, top, log=True), style.core_use(data))
    legend = _points(drawing, data.points, palette, "cores", "ns")
    return drawing.text("cores", "median kernel duration of one op [ns]") + legend


def palette_of(analysis: Analysis) -> dict[str, str]:
    """The colour of each category."""
    return colours(analysis.timeline.categories, ALL_ELSE)


def _points(drawing: Drawing, points: Sequence[Point], palette: dict[str, str], x_unit: str, y_unit: str) -> str:
    """Draw the points, least kernel time first; return their legend."""
    shown: dict[str, tuple[str, str]] = {}
    for point in sorted(points, key=lambda point: point.kernel_ns):
        name = point.category if point.category in palette else ALL_ELSE
        colour, shape = shown.setdefault(name, (palette.get(name, REST), _SHAPES[len(shown) % len(_SHAPES)]))
        place = f"{point.x:,.4g} {x_unit}, {point.y:,.4g} {y_unit}"
        tip = f"{point.label} (× {point.count:,}): {place}; {formats.percent(point.share)} of kernel time"
        drawing.dot(point.x, point.y, colour, shape, tip)
    for point, side in placed_names(points):
        anchor, shift = ("end", -8.0) if side == "left" else ("start", 8.0)
        drawing.label(point.x, point.y, style.short_name(point.label), anchor, (shift, 3.5))
    return _legend([(name, colour, shape) for name, (colour, shape) in shown.items()])


def _legend(entries: Sequence[tuple[str, str, str]]) -> str:
    items = "".join(
        f'<li><svg viewBox="0 0 12 12" aria-hidden="true">{_SYMBOLS[shape].format(colour=colour)}</svg>'
        f"{formats.escaped(name)}</li>"
        for name, colour, shape in entries
    )
    return f'<ul class="legend">{items}</ul>'


_SYMBOLS = {
    "circle": '<circle cx="6" cy="6" r="4.5" fill="{colour}"/>',
    "square": '<path d="M2 2h8v8h-8z" fill="{colour}"/>',
    "diamond": '<path d="M6 .5l5.5 5.5l-5.5 5.5l-5.5-5.5z" fill="{colour}"/>',
    "triangle": '<path d="M6 1l5 9h-10z" fill="{colour}"/>',
}
