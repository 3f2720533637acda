"""The charts of the page, drawn as SVG from marks at values on two axes; the style sheet has the colours."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import field

from perfsheet.analysis import Analysis
from perfsheet.analysis.charts import EIGHTY, Point, placed_names
from perfsheet.analysis.charts import REST as ALL_ELSE
from perfsheet.analysis.results import OpType
from perfsheet.analysis.time_split import TimeSplit
from perfsheet.light_dataclass import dataclass
from perfsheet.outputs import chart_style as style
from perfsheet.outputs.chart_style import REST
from perfsheet.text import formats
from perfsheet.text.safe import escaped

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
            f'<tr><th scope="row">{escaped(name)}</th><td><svg class="bar" viewBox="0 0 100 10" '
            f'preserveAspectRatio="none" aria-hidden="true"><rect width="{width:.2f}" height="10" fill="{colour}"/>'
            f"</svg></td><td>{formats.percent(entry.share)}</td></tr>"
        )
    return f'<table class="bars">{"".join(lines)}</table>'


def time_split(split: TimeSplit) -> str:
    """One bar of the elapsed time, cut into its parts."""
    at, pieces = 0.0, []
    for part in split.shown:
        width = 100 * (part.share or 0.0)
        tip = f"{part.group}, {part.part}: {formats.span_of_time(part.ns)}, {formats.percent(part.share)}"
        pieces.append(
            f'<rect x="{at:.3f}" width="{width:.3f}" height="10" fill="{style.PARTS[part.part]}">'
            f"<title>{escaped(tip)}</title></rect>"
        )
        at += width
    names = [(f"{part.part} {formats.percent(part.share)}", style.PARTS[part.part], "square") for part in split.shown]
    bar = f'<svg class="split" viewBox="0 0 100 10" preserveAspectRatio="none" role="img">{"".join(pieces)}</svg>'
    return bar + legend(names)


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
    names = legend([(name, palette.get(name, REST), "square") for name in data.categories])
    return drawing.text("op in run order", style.timeline_axis(data)) + names


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
    names = _points(drawing, data.points, palette, "FLOP/byte", "GFLOP/s")
    return drawing.text("FLOP per DRAM byte", "GFLOP/s") + names


def core_use(analysis: Analysis, palette: dict[str, str]) -> str:
    """Median duration of groups over the cores that they run on."""
    data = analysis.core_use
    if not data.points:
        return ""
    right = max(data.grid or 0, *(point.x for point in data.points))
    bottom, top = data.height
    drawing = Drawing(horizontal(0, right), vertical(bottom, top, log=True), style.core_use(data))
    names = _points(drawing, data.points, palette, "cores", "ns")
    return drawing.text("cores", "median kernel duration of one op [ns]") + names


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
    return legend([(name, colour, shape) for name, (colour, shape) in shown.items()])


def legend(entries: Sequence[tuple[str, str, str]]) -> str:
    """Names, each with its colour and shape."""
    items = "".join(
        f'<li><svg viewBox="0 0 12 12" aria-hidden="true">{_SYMBOLS[shape].format(colour=colour)}</svg>'
        f"{escaped(name)}</li>"
        for name, colour, shape in entries
    )
    return f'<ul class="legend">{items}</ul>'


_SYMBOLS = {
    "circle": '<circle cx="6" cy="6" r="4.5" fill="{colour}"/>',
    "square": '<path d="M2 2h8v8h-8z" fill="{colour}"/>',
    "diamond": '<path d="M6 .5l5.5 5.5l-5.5 5.5l-5.5-5.5z" fill="{colour}"/>',
    "triangle": '<path d="M6 1l5 9h-10z" fill="{colour}"/>',
}


WIDTH, HEIGHT = 760, 320
_LEFT, _RIGHT, _TOP, _BOTTOM = 78, 14, 12, 46
_STEPS = (1, 2, 2.5, 5, 10)
_SI = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def short(value: float) -> str:
    """`1.5M`, for the ticks of an axis."""
    for size, letter in _SI:
        if abs(value) >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"


@dataclass(frozen=True)
class Scale:
    """One axis: from `low` to `high` over the pixels `start` to `end`; `log` by decades.

    Ticks are round numbers of `unit`: 1024, where values are bytes and the axis is in KiB.
    """

    low: float
    high: float
    start: float
    end: float
    log: bool = False
    unit: float = 1.0

    def __call__(self, value: float) -> float:
        """Where a value lies, in pixels."""
        low, high, at = map(self._bend, (self.low, self.high, value))
        part = (at - low) / (high - low) if high > low else 0.0
        return self.start + part * (self.end - self.start)

    def ticks(self, wanted: int = 6) -> list[float]:
        """Round values along it."""
        if self.log:
            first, last = round(math.log10(self.low)), round(math.log10(self.high))
            step = max(1, math.ceil((last - first) / wanted))
            return [10.0**power for power in range(first, last + 1, step)]
        low, high = self.low / self.unit, self.high / self.unit
        if high <= low:
            return [self.low]
        rough = (high - low) / wanted
        power = 10 ** math.floor(math.log10(rough))
        step = next(power * factor for factor in _STEPS if power * factor >= rough)
        return [self.unit * step * number for number in range(math.ceil(low / step), int(high / step + 1e-9) + 1)]

    def _bend(self, value: float) -> float:
        return math.log10(max(value, 1e-300)) if self.log else value


def horizontal(low: float, high: float, log: bool = False) -> Scale:
    """An x axis over the drawing area."""
    return Scale(low, high, _LEFT, WIDTH - _RIGHT, log)


def vertical(low: float, high: float, log: bool = False, unit: float = 1.0) -> Scale:
    """A y axis over the drawing area, upwards."""
    return Scale(low, high, HEIGHT - _BOTTOM, _TOP, log, unit)


@dataclass
class Drawing:
    """Collects marks over two axes."""

    x: Scale
    y: Scale
    title: str
    marks: list[str] = field(default_factory=list)

    def bar(self, left: float, right: float, low: float, high: float, colour: str, tip: str = "") -> None:
        """A rectangle between values."""
        x, width = self.x(left), self.x(right) - self.x(left)
        top, height = self.y(high), self.y(low) - self.y(high)
        self._add(
            f'<rect x="{x:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{colour}"', tip, "rect"
        )

    def area(
        self, left: Sequence[float], step: float, low: Sequence[float], high: Sequence[float], colour: str
    ) -> None:
        """Between two heights, in steps of one width that follow each other."""
        spans = [(f"{self.x(at):.1f}", f"{self.x(at + step):.1f}") for at in left]
        above = [f"{at} {self.y(up):.1f}L{end} {self.y(up):.1f}" for (at, end), up in zip(spans, high, strict=True)]
        below = [f"{end} {self.y(up):.1f}L{at} {self.y(up):.1f}" for (at, end), up in zip(spans, low, strict=True)]
        self.marks.append(f'<path d="M{"L".join([*above, *reversed(below)])}Z" fill="{colour}"/>')

    def hover(self, left: float, right: float, tip: str) -> None:
        """A tip for all that is drawn between two values of the x axis."""
        x, width = self.x(left), self.x(right) - self.x(left)
        tag = (
            f'<rect class="hover" x="{x:.1f}" y="{self.y.end}" width="{width:.1f}" height="{self.y.start - self.y.end}"'
        )
        self._add(tag, tip, "rect")

    def line(self, points: Sequence[tuple[float, float]], name: str, dashes: str = "") -> None:
        """A polyline; `name` is a class of the style sheet."""
        path = " ".join(f"{self.x(x):.1f},{self.y(y):.1f}" for x, y in points)
        dash = f' stroke-dasharray="{dashes}"' if dashes else ""
        self.marks.append(f'<polyline class="{name}" points="{path}"{dash}/>')

    def dot(self, x: float, y: float, colour: str, shape: str, tip: str) -> None:
        """A mark of one of the shapes `circle`, `square`, `diamond`, `triangle`."""
        at, up = self.x(x), self.y(y)
        path = {
            "square": f"M{at - 4:.1f} {up - 4:.1f}h8v8h-8z",
            "diamond": f"M{at:.1f} {up - 5.5:.1f}l5.5 5.5l-5.5 5.5l-5.5-5.5z",
            "triangle": f"M{at:.1f} {up - 5:.1f}l5 9h-10z",
        }.get(shape, f"M{at - 4.5:.1f} {up:.1f}a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0-9 0z")
        self._add(f'<path class="dot" d="{path}" fill="{colour}"', tip, "path")

    def label(self, x: float, y: float, text: str, anchor: str = "start", shift: tuple[float, float] = (0, 0)) -> None:
        """A text at a point, shifted by some pixels."""
        at, up = self.x(x) + shift[0], self.y(y) + shift[1]
        self.marks.append(f'<text x="{at:.1f}" y="{up:.1f}" text-anchor="{anchor}">{escaped(text)}</text>')

    def text(self, x_name: str, y_name: str) -> str:
        """The finished SVG, with axes named."""
        middle_x, middle_y = (_LEFT + WIDTH - _RIGHT) / 2, (_TOP + HEIGHT - _BOTTOM) / 2
        names = (
            f'<text class="axis" x="{middle_x:.0f}" y="{HEIGHT - 6}" text-anchor="middle">'
            f"{escaped(x_name)}</text>"
            f'<text class="axis" transform="translate(13 {middle_y:.0f}) rotate(-90)" text-anchor="middle">'
            f"{escaped(y_name)}</text>"
        )
        return (
            f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escaped(self.title)}">'
            f"{self._grid()}{''.join(self.marks)}{names}</svg>"
        )

    def _grid(self) -> str:
        left, right, bottom, top = self.x.start, self.x.end, self.y.start, self.y.end
        lines = [
            f'<line class="grid" x1="{left}" x2="{right}" y1="{self.y(tick):.1f}" y2="{self.y(tick):.1f}"/>'
            f'<text x="{left - 6}" y="{self.y(tick) + 3.5:.1f}" text-anchor="end">{short(tick / self.y.unit)}</text>'
            for tick in self.y.ticks()
        ]
        lines += [
            f'<line class="grid" x1="{self.x(tick):.1f}" x2="{self.x(tick):.1f}" y1="{bottom}" y2="{bottom + 4}"/>'
            f'<text x="{self.x(tick):.1f}" y="{bottom + 16}" text-anchor="middle">{short(tick / self.x.unit)}</text>'
            for tick in self.x.ticks(8)
        ]
        return f'{"".join(lines)}<path class="frame" d="M{left} {top}V{bottom}H{right}"/>'

    def _add(self, opened: str, tip: str, tag: str) -> None:
        self.marks.append(f"{opened}><title>{escaped(tip)}</title></{tag}>" if tip else f"{opened}/>")
