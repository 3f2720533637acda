"""The headline metrics of workbook, page and Markdown, each declared once in METRICS."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from perfsheet.analysis import Analysis
from perfsheet.analysis.rules import low_core_count, reshard
from perfsheet.analysis.statistics import known
from perfsheet.text import formats

TIME, RATE, PERCENT = "time", "rate", "percent"
UNITS = {TIME: "ns", RATE: "1/s", PERCENT: "%"}
_FORMULAS, _SPEED_OF_LIGHT, _RULES, _WINDOWS = (
    f"docs/{page}.md" for page in ("formulas", "speed-of-light", "rules", "windows")
)


@dataclass(frozen=True)
class HeadlineMetric:
    """A headline metric: `value` in ns, 1/s or as a fraction, by its `kind` (time, rate, percent); None = unknown.

    `meaning` is its explanation, `page` the document that has the long form. `per_pass`: only for several passes.
    """

    id: str
    label: str
    kind: str
    value: Callable[[Analysis], float | None]
    meaning: str
    page: str
    per_pass: bool = False


@dataclass(frozen=True)
class HeadlineValue:
    """The value of a metric in one report; that of a time is in the unit that its label names (µs or ms)."""

    id: str
    label: str
    value: float | None
    kind: str

    @property
    def text(self) -> str:
        """The value as people read it."""
        if self.value is None:
            return "–"
        if self.kind == PERCENT:
            return formats.percent(self.value)
        return formats.rate(self.value) if self.kind == RATE else f"{self.value:,.3f}"


def _share_of(rule: str) -> Callable[[Analysis], float | None]:
    return lambda analysis: next(known(total.share) for total in analysis.rule_totals if total.rule.id == rule)


# fmt: off
METRICS: tuple[HeadlineMetric, ...] = (
    HeadlineMetric("kernel", "kernel time", TIME, lambda analysis: analysis.summary.kernel_ns,
        "Σ kernel duration of the window; gaps between ops are never in it", _FORMULAS),
    HeadlineMetric("kernel_per_pass", "kernel time per pass", TIME, lambda analysis: analysis.summary.passes.mean_ns,
        "mean kernel time of a pass", _WINDOWS, per_pass=True),
    HeadlineMetric("fps", "FPS", RATE, lambda analysis: analysis.summary.fps.all,
        "1e9 × batch / kernel time of the busiest device; live in the workbook", _FORMULAS),
    HeadlineMetric("fps_per_pass", "FPS per pass", RATE, lambda analysis: analysis.summary.passes.fps_per_pass,
        "1e9 × batch × passes / Σ over the passes of the busiest device's kernel time; live in the workbook", _WINDOWS,
        per_pass=True),
    HeadlineMetric("fps_matmul_conv", "FPS, matmul + conv alone", RATE,
        lambda analysis: analysis.summary.fps.matmul_conv, "FPS if only matmuls and convolutions took time", _FORMULAS),
    HeadlineMetric("fps_other", "FPS, the rest alone", RATE, lambda analysis: analysis.summary.fps.other,
        "FPS if only the other ops took time", _FORMULAS),
    HeadlineMetric("few_cores", "time on few cores", PERCENT, _share_of(low_core_count.RULE.id),
        "kernel time of ops on low_cores_pct of their worker grid or less; live in the workbook", _RULES),
    HeadlineMetric("reshards", "time in reshards", PERCENT, _share_of(reshard.RULE.id),
        "kernel time of ops that only change how a tensor is sharded", _RULES),
    HeadlineMetric("modelled", "time in ops with a model", PERCENT, lambda analysis: analysis.summary.modelled_share,
        "kernel time of ops with a PM IDEAL", _FORMULAS),
    HeadlineMetric("sol", "of the speed of light", PERCENT, lambda analysis: analysis.summary.speed_of_light.sol,
        "speed of light weighted by kernel time, over the ops where it is known", _SPEED_OF_LIGHT),
)
# fmt: on


def headline(analysis: Analysis) -> list[HeadlineValue]:
    """The values of all metrics, in the order in which they are shown."""
    passes = analysis.summary.passes.count
    return [_value(metric, metric.value(analysis)) for metric in METRICS if passes > 1 or not metric.per_pass]


def _value(metric: HeadlineMetric, value: float | None) -> HeadlineValue:
    if metric.kind != TIME or value is None:
        return HeadlineValue(metric.id, metric.label, value, metric.kind)
    shown, unit = formats.in_unit(value)
    return HeadlineValue(metric.id, f"{metric.label} [{unit}]", known(shown), metric.kind)
