"""Titles of the charts and what they leave out, the same in the workbook and on the page."""

from __future__ import annotations

from perfsheet.analysis.charts import EIGHTY, Bar, CoreUse, Pareto, Roof, Roofline, Timeline

_LONGEST = 28

TIMELINE = "Kernel time over the run, by category"
TIMELINE_ASKS = "Where in the run does the time go, and does it repeat?"
PARETO_ASKS = "How few configurations make up the time?"


def timeline_axis(found: Timeline) -> str:
    """`kernel time [ns]`; of a bin, where ops are drawn together."""
    several = f" of {found.ops_per_bin:,} ops in a row" if found.ops_per_bin > 1 else ""
    return f"kernel time{several} [ns]"


def pareto(found: Pareto) -> str:
    """`6 of 22 groups of identical ops make up 80 % of kernel time`."""
    return f"{found.for_eighty:,} of {found.groups:,} groups of identical ops make up {EIGHTY:.0%} of kernel time"


def name(label: str) -> str:
    """A label short enough to stand beside a point or under a bar."""
    return label if len(label) <= _LONGEST else f"{label[: _LONGEST - 1]}…"


def bar(one: Bar) -> str:
    """`Matmul 384 × 768 × 3072 (× 24)`."""
    return f"{name(one.label)} (× {one.count:,})"


def roof(one: Roof) -> str:
    """`HIFI2: 131.1 TFLOP/s`."""
    return f"{one.fidelity}: {one.flops_per_ns / 1e3:,.1f} TFLOP/s"


def roofline(found: Roofline) -> str:
    """Title, with the DRAM bandwidth behind the slope."""
    slope = "" if found.dram_bytes_per_ns is None else f" (DRAM {found.dram_bytes_per_ns:,.0f} GB/s)"
    return f"Roofline: work done over work per DRAM byte{slope}"


def roofline_asks(found: Roofline) -> str:
    """The question, and what no point can show."""
    left = [
        f"{count:,} {what}"
        for count, what in ((found.in_l1, "work from L1 alone"), (found.unknown, "have no known FLOPs or DRAM bytes"))
        if count
    ]
    tail = f" A point is a group of identical ops; {' and '.join(left)}." if left else ""
    return f"Is it the chip's memory or its matrix engine that limits an op, and how far is it from that?{tail}"


def core_use(found: CoreUse) -> str:
    """Title, with the grid."""
    return "Cores and duration" if found.grid is None else f"Cores and duration (worker grid of {found.grid} cores)"


def core_use_asks(found: CoreUse) -> str:
    """The question, and what is not drawn."""
    tail = f" A point is a group of identical ops; {found.left_out:,} are not drawn." if found.left_out else ""
    return f"Which ops take long on few cores? Those in the upper left corner.{tail}"
