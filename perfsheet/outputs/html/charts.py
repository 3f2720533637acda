"""The charts of the page."""

from __future__ import annotations

from collections.abc import Sequence

from perfsheet.analysis import Analysis
from perfsheet.analysis.charts import EIGHTY, Point, placed_names
from perfsheet.analysis.charts import REST as ALL_ELSE
from perfsheet.analysis.results import OpType
from perfsheet.outputs.html.drawing import Drawing, horizontal, safe, vertical
from perfsheet.outputs.palette import REST, colours
from perfsheet.text import captions, formats

_SHAPES = ("circle", "square", "diamond", "triangle")
_ROOF_DASHES = ("", "8 4", "2 4", "8 4 2 4")
_TYPES = 10
_BAR = "var(--bar)"


def shares(entries: Sequence[OpType], by_type: bool, palette: dict[str, str]) -> str:
    """Bars of the share of kernel time, as a table that reads without eyes, too."""
    lines = []
    most = max((entry.share for entry in entries), default=1.0) or 1.0
    for entry in entries[:_TYPES]:
        name = entry.op_code if by_type else entry.category
        colour = _BAR if by_type else palette.get(name, REST)
        width = 100 * entry.share / most if entry.share == entry.share else 0
        lines.append(
            f'<tr><th scope="row">{safe(name)}</th><td><svg class="bar" viewBox="0 0 100 10" '
            f'preserveAspectRatio="none" aria-hidden="true"><rect width="{width:.2f}" height="10" fill="{colour}"/>'
            f"</svg></td><td>{formats.percent(entry.share)}</td></tr>"
        )
    return f'<table class="bars">{"".join(lines)}</table>'


def timeline(analysis: Analysis, palette: dict[str, str]) -> str:
    """Kernel time over the run, stacked by category."""
    found = analysis.timeline
    last = int(found.first[-1]) + found.ops_per_bin
    drawing = Drawing(
        horizontal(1, last), vertical(0, float(found.kernel_ns.sum(axis=1).max()) or 1.0), captions.TIMELINE
    )
    for first, line in zip(found.first.tolist(), found.kernel_ns.tolist(), strict=True):
        below = 0.0
        for name, kernel in zip(found.categories, line, strict=True):
            if kernel > 0:
                tip = f"op {first:,}: {name} {formats.whole(kernel)} ns"
                drawing.bar(first, first + found.ops_per_bin, below, below + kernel, palette.get(name, REST), tip)
                below += kernel
    legend = _legend([(name, palette.get(name, REST), "square") for name in found.categories])
    return drawing.text("op in run order", captions.timeline_axis(found)) + legend


def pareto(analysis: Analysis) -> str:
    """Kernel time of the largest groups, and their cumulative share."""
    found = analysis.pareto
    if not found.bars:
        return ""
    top = max(bar.kernel_ns for bar in found.bars) or 1.0
    drawing = Drawing(horizontal(0.5, len(found.bars) + 0.5), vertical(0, top), captions.pareto(found))
    for number, bar in enumerate(found.bars, 1):
        tip = f"{bar.label} (× {bar.count:,}): {formats.whole(bar.kernel_ns)} ns, {formats.percent(bar.cumulative)} so far"
        drawing.bar(number - 0.4, number + 0.4, 0, bar.kernel_ns, _BAR, tip)
    drawing.line([(number, bar.cumulative * top) for number, bar in enumerate(found.bars, 1)], "cumulative")
    for share in (0.5, EIGHTY, 1.0):
        drawing.words(len(found.bars) + 0.5, share * top, f"{share:.0%}", "end", (0, -3))
    return drawing.text("group of identical ops, most kernel time first", "kernel time [ns]; line: cumulative share")


def roofline(analysis: Analysis, palette: dict[str, str]) -> str:
    """What ops do per ns over what they do per DRAM byte, under the chip's roofs."""
    found = analysis.roofline
    if not found.points:
        return ""
    drawing = Drawing(horizontal(*found.span, log=True), vertical(*found.height, log=True), captions.roofline(found))
    for place, roof in enumerate(found.roofs):
        line = found.line(roof)
        drawing.line(line, "roof", _ROOF_DASHES[place % len(_ROOF_DASHES)])
        drawing.words(*line[-1], captions.roof(roof), "end", (0, -4))
    legend = _points(drawing, found.points, palette, "FLOP/byte", "GFLOP/s")
    return drawing.text("FLOP per DRAM byte", "GFLOP/s") + legend


def core_use(analysis: Analysis, palette: dict[str, str]) -> str:
    """Median duration of groups over the cores that they run on."""
    found = analysis.core_use
    if not found.points:
        return ""
    right = max(found.grid or 0, *(one.x for one in found.points))
    bottom, top = found.height
    drawing = Drawing(horizontal(0, right), vertical(bottom, top, log=True), captions.core_use(found))
    legend = _points(drawing, found.points, palette, "cores", "ns")
    return drawing.text("cores", "median kernel duration of one op [ns]") + legend


def palette_of(analysis: Analysis) -> dict[str, str]:
    """The colour of every category that has one of its own."""
    return colours(analysis.timeline.categories, ALL_ELSE)


def _points(drawing: Drawing, points: Sequence[Point], palette: dict[str, str], x_unit: str, y_unit: str) -> str:
    """Draw them, the ones with least kernel time first; their legend."""
    shown: dict[str, tuple[str, str]] = {}
    for one in sorted(points, key=lambda one: one.kernel_ns):
        name = one.category if one.category in palette else ALL_ELSE
        colour, shape = shown.setdefault(name, (palette.get(name, REST), _SHAPES[len(shown) % len(_SHAPES)]))
        place = f"{one.x:,.4g} {x_unit}, {one.y:,.4g} {y_unit}"
        tip = f"{one.label} (× {one.count:,}): {place}; {formats.percent(one.share)} of kernel time"
        drawing.dot(one.x, one.y, colour, shape, tip)
    for one, side in placed_names(points):
        anchor, shift = ("end", -8.0) if side == "left" else ("start", 8.0)
        drawing.words(one.x, one.y, captions.name(one.label), anchor, (shift, 3.5))
    return _legend([(name, colour, shape) for name, (colour, shape) in shown.items()])


def _legend(entries: Sequence[tuple[str, str, str]]) -> str:
    items = "".join(
        f'<li><svg viewBox="0 0 12 12" aria-hidden="true">{_SYMBOLS[shape].format(colour=colour)}</svg>'
        f"{safe(name)}</li>"
        for name, colour, shape in entries
    )
    return f'<ul class="legend">{items}</ul>'


_SYMBOLS = {
    "circle": '<circle cx="6" cy="6" r="4.5" fill="{colour}"/>',
    "square": '<path d="M2 2h8v8h-8z" fill="{colour}"/>',
    "diamond": '<path d="M6 .5l5.5 5.5l-5.5 5.5l-5.5-5.5z" fill="{colour}"/>',
    "triangle": '<path d="M6 1l5 9h-10z" fill="{colour}"/>',
}
