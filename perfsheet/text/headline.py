"""The headline figures, the same in the workbook, on the page and in Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from perfsheet.analysis import Analysis
from perfsheet.analysis.summary import CaptureSummary
from perfsheet.analysis.rules import low_core_count, reshard
from perfsheet.analysis.statistics import known
from perfsheet.text import formats

TIME, RATE, PERCENT = "time", "rate", "percent"


@dataclass(frozen=True)
class Tile:
    """One figure: `kind` is time (the label has its unit), rate (a second) or percent (a fraction); None = unknown."""

    id: str
    label: str
    value: float | None
    kind: str

    @property
    def text(self) -> str:
        """The figure in words."""
        if self.value is None:
            return "–"
        if self.kind == PERCENT:
            return formats.percent(self.value)
        return formats.rate(self.value) if self.kind == RATE else f"{self.value:,.3f}"


def tiles(analysis: Analysis) -> list[Tile]:
    """All of them, in the order in which they are shown."""
    summary = analysis.summary
    shares = {total.rule.id: known(total.share) for total in analysis.rule_totals}
    return [
        *_times(summary),
        *_rates(summary),
        Tile("few_cores", "time on few cores", shares[low_core_count.RULE.id], PERCENT),
        Tile("reshards", "time in reshards", shares[reshard.RULE.id], PERCENT),
        Tile("modelled", "time in ops with a model", summary.modelled_share, PERCENT),
        Tile("sol", "of the speed of light", summary.speed_of_light.sol, PERCENT),
    ]


def _times(summary: CaptureSummary) -> Iterator[Tile]:
    total, unit = formats.in_unit(summary.kernel_ns)
    yield Tile("kernel", f"kernel time [{unit}]", known(total), TIME)
    if summary.passes.count > 1:
        mean, unit = formats.in_unit(summary.passes.mean_ns)
        yield Tile("kernel_per_pass", f"kernel time a pass [{unit}]", mean, TIME)


def _rates(summary: CaptureSummary) -> Iterator[Tile]:
    yield Tile("fps", "FPS", summary.fps.all, RATE)
    if summary.passes.count > 1:
        yield Tile("fps_per_pass", "FPS a pass", summary.passes.fps_per_pass, RATE)
    yield Tile("fps_matmul_conv", "FPS, matmul + conv alone", summary.fps.matmul_conv, RATE)
    yield Tile("fps_other", "FPS, the rest alone", summary.fps.other, RATE)
