"""The size distribution of an op as an SVG: a bar a size, or a power of two where there are many."""

from __future__ import annotations

from collections import Counter

from perfsheet.models.op_stats import SizeDistribution
from perfsheet.outputs.html.drawing import safe
from perfsheet.outputs.workbook.theme import BAR, INK, PAPER

_MOST_BARS = 30
_WIDTH, _LEFT, _BAR_ROOM = 760, 150, 520
_TOP, _STEP, _HEIGHT = 54, 22, 15
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")
_FONT = "font-family='Calibri, Carlito, Arial, sans-serif'"


def distribution(found: SizeDistribution, side: str) -> str:
    """An SVG document; every bar has its number of tensors beside it."""
    bars = _bars(found)
    most = max((count for _, count in bars), default=1)
    height = _TOP + _STEP * max(1, len(bars)) + 16
    parts = [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {_WIDTH} {height}' width='{_WIDTH}' height='{height}'>",
        f"<rect width='{_WIDTH}' height='{height}' fill='{PAPER}'/>",
        f"<text x='16' y='24' font-size='16' font-weight='bold' fill='{INK}' {_FONT}>{safe(found.op)}</text>",
        f"<text x='16' y='42' font-size='12' fill='{INK}' {_FONT}>"
        f"bytes of an {side} tensor: number of tensors ({found.tensors:,} in all)</text>",
    ]
    for place, (label, count) in enumerate(bars):
        y = _TOP + _STEP * place
        length = max(1.0, _BAR_ROOM * count / most)
        parts += [
            f"<text x='{_LEFT - 8}' y='{y + 12}' font-size='12' text-anchor='end' fill='{INK}' {_FONT}>{label}</text>",
            f"<rect x='{_LEFT}' y='{y}' width='{length:.1f}' height='{_HEIGHT}' fill='{BAR}'/>",
            f"<text x='{_LEFT + length + 6:.1f}' y='{y + 12}' font-size='12' fill='{INK}' {_FONT}>{count:,}</text>",
        ]
    return "\n".join([*parts, "</svg>", ""])


def _bars(found: SizeDistribution) -> list[tuple[str, int]]:
    sizes = [(one.size, one.count) for one in found.sizes]
    unknown = sum(count for size, count in sizes if size is None)
    known = [(size, count) for size, count in sizes if size is not None]
    if len(known) <= _MOST_BARS:
        bars = [(in_bytes(size), count) for size, count in known]
    else:
        powers: Counter[int] = Counter()
        for size, count in known:
            powers[max(0, size - 1).bit_length()] += count
        bars = [(f"up to {in_bytes(2**power)}", powers[power]) for power in sorted(powers)]
    return [*bars, ("unknown", unknown)] if unknown else bars


def in_bytes(size: int) -> str:
    """`2 MiB`, `1.5 KiB`; sizes that are no round number of a unit keep their first digits."""
    value, unit = float(size), 0
    while value >= 1024 and unit + 1 < len(_UNITS):
        value, unit = value / 1024, unit + 1
    return f"{value:.4g} {_UNITS[unit]}"
