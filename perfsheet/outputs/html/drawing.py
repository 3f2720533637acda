"""Draws charts as SVG, from marks at values on two axes; the page's style sheet has the colours."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from perfsheet.text.formats import escaped

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
    """One axis: from `low` to `high` over the pixels `start` to `end`; `log` by decades."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

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
        span = self.high - self.low
        if span <= 0:
            return [self.low]
        rough = span / wanted
        power = 10 ** math.floor(math.log10(rough))
        step = next(power * factor for factor in _STEPS if power * factor >= rough)
        first = math.ceil(self.low / step)
        return [step * number for number in range(first, int(self.high / step + 1e-9) + 1)]

    def _bend(self, value: float) -> float:
        return math.log10(max(value, 1e-300)) if self.log else value


def horizontal(low: float, high: float, log: bool = False) -> Scale:
    """An x axis over the drawing area."""
    return Scale(low, high, _LEFT, WIDTH - _RIGHT, log)


def vertical(low: float, high: float, log: bool = False) -> Scale:
    """A y axis over the drawing area, upwards."""
    return Scale(low, high, HEIGHT - _BOTTOM, _TOP, log)


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
            f'<text class="axis" x="{middle_x:.0f}" y="{HEIGHT - 6}" text-anchor="middle">{escaped(x_name)}</text>'
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
            f'<text x="{left - 6}" y="{self.y(tick) + 3.5:.1f}" text-anchor="end">{short(tick)}</text>'
            for tick in self.y.ticks()
        ]
        lines += [
            f'<line class="grid" x1="{self.x(tick):.1f}" x2="{self.x(tick):.1f}" y1="{bottom}" y2="{bottom + 4}"/>'
            f'<text x="{self.x(tick):.1f}" y="{bottom + 16}" text-anchor="middle">{short(tick)}</text>'
            for tick in self.x.ticks(8)
        ]
        return f'{"".join(lines)}<path class="frame" d="M{left} {top}V{bottom}H{right}"/>'

    def _add(self, opened: str, tip: str, tag: str) -> None:
        self.marks.append(f"{opened}><title>{escaped(tip)}</title></{tag}>" if tip else f"{opened}/>")
