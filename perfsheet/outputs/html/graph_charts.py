"""The charts of a graph report on the page: the module tree as a flame chart, and memory over the run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from perfsheet.analysis import Analysis
from perfsheet.analysis.charts import REST as ALL_ELSE
from perfsheet.analysis.graph.charts import Box, MemoryChart
from perfsheet.capture.table import FloatArray
from perfsheet.outputs import chart_style as style
from perfsheet.outputs.html.charts import Drawing, horizontal, legend, vertical
from perfsheet.text import formats
from perfsheet.text import graph as text
from perfsheet.text.safe import escaped

_ROOM = 1.15
"""The height of an axis over the highest value, so that its name has room."""
_PEAK = "var(--ink)"
_COLOUR = style.MEMORY_COLOURS


def flame(boxes: Sequence[Box], palette: dict[str, str]) -> str:
    """A button for each module, which the script zooms to; its colour is that of the category with most time in it."""
    if not boxes:
        return ""
    rows = 1 + max(box.depth for box in boxes)
    buttons = "".join(_box(box, palette, first=place == 0) for place, box in enumerate(boxes))
    shown = dict.fromkeys(box.category if box.category in palette else ALL_ELSE for box in boxes)
    names = legend([(name, palette.get(name, style.REST), "square") for name in shown])
    return (
        f'<div class="flame"><div class="boxes" role="group" aria-label="{escaped(style.FLAME)}" '
        f'style="--rows:{rows}">{buttons}</div><p class="told"><button type="button" class="whole" hidden>Show all'
        f'</button> <output aria-live="polite"></output></p></div>{names}'
    )


def _box(box: Box, palette: dict[str, str], first: bool) -> str:
    colour = palette.get(box.category, style.REST)
    place = f"--x:{box.left:.6f};--w:{box.width:.6f};--d:{box.depth}"
    return (
        f'<button type="button" data-depth="{box.depth}" tabindex="{0 if first else -1}" '
        f'style="{place};background:{colour};color:{style.ink_on(colour)}" '
        f'title="{escaped(text.module(box.module, box.width))}"><span>{escaped(box.module.name)}</span></button>'
    )


def l1(analysis: Analysis, chart: MemoryChart, title: str) -> str:
    """Tensors and circular buffers on top of them, the size of the bank, and the op at the peak."""
    if chart.peak is None:
        return ""
    bank = chart.bank_bytes if chart.bank_in_reach else None
    drawing, unit = _drawing(chart, max(chart.highest, bank or 0.0), title)
    for here in _known(chart.tensors):
        left = chart.first[here].tolist()
        low, high = (values[here].tolist() for values in (chart.tensors, chart.used))
        drawing.area(left, chart.ops_per_point, [0.0] * len(left), low, _COLOUR[style.TENSORS])
        if np.isfinite(chart.circular[here]).any():
            drawing.area(left, chart.ops_per_point, low, high, _COLOUR[style.CIRCULAR])
    if bank is not None:
        drawing.line([(drawing.x.low, bank), (drawing.x.high, bank)], "bank", "8 4")
        drawing.label(drawing.x.high, bank, f"{style.BANK}: {formats.size(bank)}", "end", (0, -4))
    at = float(chart.first[chart.peak]) + chart.ops_per_point / 2
    drawing.dot(at, chart.highest, _PEAK, "circle", "")
    side = ("end", -8.0) if at > drawing.x.high / 2 else ("start", 8.0)
    position = int(chart.positions[chart.peak])
    drawing.label(at, chart.highest, text.peak(analysis, position, chart.highest), side[0], (side[1], -4))
    _hovers(drawing, chart, [text.in_use(analysis, chart, point) for point in range(len(chart.positions))])
    names = [(style.TENSORS, _COLOUR[style.TENSORS], "square")]
    if chart.circular_known:
        names.append((style.CIRCULAR, _COLOUR[style.CIRCULAR], "square"))
    names.append(("peak", _PEAK, "circle"))
    return drawing.text(style.memory_axis(chart), f"L1 per bank [{unit}]") + legend(names)


def dram(chart: MemoryChart, title: str) -> str:
    """DRAM in use."""
    if not chart.dram_known:
        return ""
    drawing, unit = _drawing(chart, float(np.nanmax(chart.dram)), title)
    for here in _known(chart.dram):
        left = chart.first[here].tolist()
        drawing.area(left, chart.ops_per_point, [0.0] * len(left), chart.dram[here].tolist(), _COLOUR[style.TENSORS])
    tips = [f"op {at:,}: {formats.size(used)}" for at, used in zip(chart.first.tolist(), chart.dram, strict=True)]
    _hovers(drawing, chart, tips)
    return drawing.text(style.memory_axis(chart), f"DRAM in use [{unit}]")


def _drawing(chart: MemoryChart, highest: float, title: str) -> tuple[Drawing, str]:
    """Axes for the run up to the highest value, and the unit of the sizes."""
    last = float(chart.first[-1]) + chart.ops_per_point
    scale, unit = formats.size_unit(highest)
    return Drawing(horizontal(1, last), vertical(0, highest * _ROOM or 1.0, unit=scale), title), unit


def _known(values: FloatArray) -> Iterator[slice]:
    """The runs of known values."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], np.isfinite(values).astype(np.int8), [0]])))
    for start, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        yield slice(start, end)


def _hovers(drawing: Drawing, chart: MemoryChart, tips: Sequence[str]) -> None:
    for left, tip in zip(chart.first.tolist(), tips, strict=True):
        drawing.hover(left, left + chart.ops_per_point, tip)
