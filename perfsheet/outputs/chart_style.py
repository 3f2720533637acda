"""What the charts of workbook and page share: colours, titles, and the question that each answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from perfsheet.analysis.charts import EIGHTY, Bar, CoreUse, Pareto, Roof, Roofline, Timeline
from perfsheet.analysis.charts import REST as ALL_ELSE
from perfsheet.analysis.time_split import PART_NAMES
from perfsheet.text import formats

if TYPE_CHECKING:
    from perfsheet.analysis import Analysis
    from perfsheet.analysis.graph.charts import MemoryChart
    from perfsheet.analysis.graph.memory import Memory

ACCENT, QUIET = "#1F78B4", "#6B7785"

# Okabe and Ito's set (jfly.uni-koeln.de/color) without black and yellow, which vanish on dark or light, and a brown.
_CATEGORIES = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#8C6D31")
REST = "#8A94A0"
"""The rest."""

PARTS = dict(
    zip(
        PART_NAMES,
        (
            "#00466E",
            "#0072B2",
            "#3E97CE",
            "#56B4E9",
            "#B07A00",
            "#E69F00",
            "#F2C75C",
            "#009E73",
            "#7FD1B9",
            "#CC79A7",
            "#C9CED4",
            "#8A94A0",
        ),
        strict=True,
    )
)
"""Colours of the parts of the elapsed time: one hue for each group."""
SPLIT = "Where the elapsed time goes"


def colours(categories: Sequence[str], rest: str) -> dict[str, str]:
    """A colour for each category, in their order; `rest` and whatever is beyond the set share a grey."""
    named = [category for category in categories if category != rest]
    return dict.fromkeys((*named, rest), REST) | dict(zip(named, _CATEGORIES, strict=False))


def palette_of(analysis: Analysis) -> dict[str, str]:
    """The colour of each category of ops, the same in all charts of a report."""
    return colours(analysis.timeline.categories, ALL_ELSE)


def ink_on(colour: str) -> str:
    """Black or white, whichever stands out more from a ground (the relative luminance of WCAG)."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return "#000000" if 0.2126 * red + 0.7152 * green + 0.0722 * blue > _MIDDLE else "#ffffff"


_MIDDLE = 0.179
"""The luminance that black and white stand out from alike."""

_LONGEST = 28

TIMELINE = "Kernel time over the run, by category"
TIMELINE_ASKS = "Where in the run does the time go, and does it repeat?"
PARETO_ASKS = "How few configurations make up the time?"


TENSORS, CIRCULAR, BANK = "tensors", "circular buffers", "L1 bank"
MEMORY_COLOURS = {TENSORS: "#0072B2", CIRCULAR: "#E69F00", BANK: "#D55E00"}


def l1_in_use(memory: Memory) -> str:
    """Title, with what is left out of the chart because it is not known."""
    known, ops = int(np.isfinite(memory.circular).sum()), len(memory.circular)
    some = f" (circular buffers known of {known:,} of {ops:,} ops)" if known else " (circular buffers unknown)"
    return f"L1 in use per bank, op by op{'' if known == ops else some}"


def dram_in_use(memory: Memory) -> str:
    """Title: over all banks, or per bank where no total is known."""
    return f"DRAM in use {'per bank' if memory.dram_per_bank else 'over all banks'}, op by op"


def timeline_axis(chart: Timeline) -> str:
    """`kernel time [ns]`; of a bin, where ops are drawn together."""
    several = f" of {chart.ops_per_bin:,} ops in a row" if chart.ops_per_bin > 1 else ""
    return f"kernel time{several} [ns]"


def pareto(chart: Pareto) -> str:
    """`6 of 22 groups of identical ops make up 80 % of kernel time`."""
    return f"{chart.for_eighty:,} of {chart.groups:,} groups of identical ops make up {EIGHTY:.0%} of kernel time"


def short_name(label: str) -> str:
    """A label, cut to fit beside a point or under a bar."""
    return label if len(label) <= _LONGEST else f"{label[: _LONGEST - 1]}…"


def bar(group: Bar) -> str:
    """`Matmul 384 × 768 × 3072 (× 24)`."""
    return f"{short_name(group.label)} (× {group.count:,})"


def roof(limit: Roof) -> str:
    """`HIFI2: 131.1 TFLOP/s`."""
    return f"{limit.fidelity}: {limit.flops_per_ns / 1e3:,.1f} TFLOP/s"


def roofline(chart: Roofline) -> str:
    """Title, with the DRAM bandwidth behind the slope."""
    slope = "" if chart.dram_bytes_per_ns is None else f" (DRAM {chart.dram_bytes_per_ns:,.0f} GB/s)"
    return f"Roofline: work done over work per DRAM byte{slope}"


def roofline_asks(chart: Roofline) -> str:
    """The question that the chart answers, and how many groups it cannot draw."""
    left = [
        f"{count:,} {what}"
        for count, what in ((chart.in_l1, "work from L1 alone"), (chart.unknown, "have no known FLOPs or DRAM bytes"))
        if count
    ]
    tail = f" A point is a group of identical ops; {' and '.join(left)}." if left else ""
    return f"Does memory or the matrix engine limit an op, and how far is it from that limit?{tail}"


def core_use(chart: CoreUse) -> str:
    """Title, with the worker grid."""
    return "Cores and duration" if chart.grid is None else f"Cores and duration (worker grid of {chart.grid} cores)"


def core_use_asks(chart: CoreUse) -> str:
    """The question that the chart answers, and how many groups are not drawn."""
    tail = f" A point is a group of identical ops; {chart.left_out:,} are not drawn." if chart.left_out else ""
    return f"Which ops take long on few cores? Those in the upper left corner.{tail}"


FLAME = "Kernel time by module"
FLAME_ASKS = (
    "Which module takes the time? A module stands below the one that calls it; its colour is its largest op category."
)


def l1_asks(chart: MemoryChart) -> str:
    """The question that the chart answers, and where the line of the bank is, if the chart does not reach it."""
    bank = ""
    if chart.bank_bytes is not None and not chart.bank_in_reach:
        of_bank = formats.percent(chart.highest / chart.bank_bytes)
        bank = f" The peak is {of_bank} of a bank ({formats.size(chart.bank_bytes)}), so its line is far above."
    return f"Where is L1 nearly full, and where is there room?{bank}"


DRAM_ASKS = "Does DRAM in use grow over the run?"


def memory_axis(chart: MemoryChart) -> str:
    """`op in run order`, and what a point stands for where ops share one."""
    several = f"; a point is the highest of {chart.ops_per_point:,}" if chart.ops_per_point > 1 else ""
    return f"op in run order{several}"
