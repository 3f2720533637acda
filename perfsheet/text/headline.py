"""The headline metrics, each declared once in METRICS, and the run info of workbook, page and Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from perfsheet.analysis import Analysis
from perfsheet.analysis.rules import low_core_count, reshard
from perfsheet.analysis.statistics import known
from perfsheet.analysis.summary import CaptureSummary
from perfsheet.capture.notes import rows
from perfsheet.light_dataclass import dataclass
from perfsheet.text import causes, formats, sentences
from perfsheet.text.words import planned

TIME, RATE, PERCENT = "time", "rate", "percent"
UNITS = {TIME: "ns", RATE: "1/s", PERCENT: "%"}
_FORMULAS, _SPEED_OF_LIGHT, _RULES, _WINDOWS = (
    f"docs/{page}.md" for page in ("formulas", "speed-of-light", "rules", "windows")
)


@dataclass(frozen=True)
class HeadlineMetric:
    """A headline metric: `value` in ns, 1/s or as a fraction, by its `kind` (time, rate, percent); None = unknown.

    `meaning` is its explanation, `page` the document that has the long form. `per_pass`: only for several passes.
    `measured`: only a device tells it, so that a plan lacks it.
    """

    id: str
    label: str
    kind: str
    value: Callable[[Analysis], float | None]
    meaning: str
    page: str
    per_pass: bool = False
    measured: bool = True


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


def _idle(summary: CaptureSummary) -> float | None:
    split = summary.time_split
    return split.idle_ns / split.elapsed_ns if split.elapsed_ns > 0 else None


# fmt: off
METRICS: tuple[HeadlineMetric, ...] = (
    HeadlineMetric("kernel", "kernel time", TIME, lambda analysis: analysis.summary.kernel_ns,
        "Σ kernel duration of one inference, of a mesh on its critical path; gaps between ops are never in it",
        _FORMULAS, measured=False),
    HeadlineMetric("idle", "idle of elapsed time", PERCENT, lambda analysis: _idle(analysis.summary),
        "gaps between ops / (gaps + kernel time); first-run gaps, which contain compiling, are not counted", _WINDOWS),
    HeadlineMetric("kernel_per_pass", "kernel time per pass", TIME, lambda analysis: analysis.summary.passes.mean_ns,
        "mean kernel time of a pass", _WINDOWS, per_pass=True),
    HeadlineMetric("fps", "FPS", RATE, lambda analysis: analysis.summary.fps.all,
        "1e9 × batch / the kernel time of one inference (critical path of the devices); live in the workbook",
        _FORMULAS),
    HeadlineMetric("fps_matmul_conv", "FPS, matmul + conv alone", RATE,
        lambda analysis: analysis.summary.fps.matmul_conv, "FPS if only matmuls and convolutions took time", _FORMULAS),
    HeadlineMetric("fps_other", "FPS, the rest alone", RATE, lambda analysis: analysis.summary.fps.other,
        "FPS if only the other ops took time", _FORMULAS),
    HeadlineMetric("few_cores", "time on few cores", PERCENT, _share_of(low_core_count.RULE.id),
        "kernel time of ops on low_cores_pct of their worker grid or less; live in the workbook", _RULES,
        measured=False),
    HeadlineMetric("reshards", "time in reshards", PERCENT, _share_of(reshard.RULE.id),
        "kernel time of ops that only change how a tensor is sharded", _RULES, measured=False),
    HeadlineMetric("sol", "of the speed of light", PERCENT, lambda analysis: analysis.summary.speed_of_light.sol,
        "speed of light weighted by kernel time, over the ops where it is known", _SPEED_OF_LIGHT),
    HeadlineMetric("sol_known", "speed of light known for", PERCENT,
        lambda analysis: analysis.summary.speed_of_light.known_share,
        "kernel time of the ops whose speed of light is known", _SPEED_OF_LIGHT),
)
# fmt: on


def headline(analysis: Analysis) -> list[HeadlineValue]:
    """The values of all metrics, in the order in which they are shown."""
    passes = analysis.summary.passes
    several = passes.count > 1 and passes.chosen is None
    shown = (metric for metric in METRICS if analysis.plan is None or not metric.measured)
    values = (_value(metric, metric.value(analysis)) for metric in shown if several or not metric.per_pass)
    return [_of_plan(value) for value in values] if analysis.plan is not None else list(values)


def _of_plan(value: HeadlineValue) -> HeadlineValue:
    return HeadlineValue(value.id, planned(value.label), value.value, value.kind)


def _value(metric: HeadlineMetric, value: float | None) -> HeadlineValue:
    if metric.kind != TIME or value is None:
        return HeadlineValue(metric.id, metric.label, value, metric.kind)
    shown, unit = formats.in_unit(value)
    return HeadlineValue(metric.id, f"{metric.label} [{unit}]", known(shown), metric.kind)


LEAST_TIMES = (
    "of each op the longer of FLOPs / peak of its cores and DRAM bytes / peak bandwidth; no prediction, and no gaps"
)
Fact = tuple[str, str]
_DEVICES_NAMED = 16


def run_source(analysis: Analysis) -> list[Fact]:
    """The capture, its target, window, board and devices."""
    return [(key, value) for key, value in _source(analysis.summary) if value]


def run_outcome(analysis: Analysis) -> list[Fact]:
    """Whether there is one pass, speed of light, and the formulas behind the figures."""
    return [(key, value) for key, value in _outcome(analysis) if value]


def _source(summary: CaptureSummary) -> Iterator[Fact]:
    provenance = summary.provenance
    plan = summary.plan
    yield "Capture" if plan is None else "Plan", ", ".join(summary.paths)
    yield "Target", (provenance.command if plan is None else plan.command) or ""
    yield "Tests", (provenance.tests if plan is None else plan.tests) or ""
    if plan is not None:
        yield "Planned", f"by ttnn {plan.ttnn or '(version unknown)'} on a mock {plan.board}"
    yield "Window", f"{summary.window}: {_rows(summary)}"
    yield "Board", _board(summary)
    yield "Worker grid from", formats.grid_sources(summary)
    yield "Devices", _devices(summary)
    yield "Schema", f"{summary.schema} (docs/{'ops-csv' if plan is None else 'plan'}.md)"


def _outcome(analysis: Analysis) -> Iterator[Fact]:
    summary = analysis.summary
    yield "Passes", "" if sentences.passes(summary) else "one"
    if analysis.plan is not None:
        yield "Times", LEAST_TIMES
        yield "Few cores", formats.unchecked(summary)
        return
    yield "Speed of light", sentences.speed_of_light(summary)
    yield "Model of the profiler", sentences.pm_generation(summary)
    yield "Few cores", formats.unchecked(summary)
    yield "Expected", causes.left(analysis, analysis.first_causes(1))
    yield "Utilization", f"{formats.formula(summary)}; blank = no model"
    yield "FPS", f"1e9 × batch / {_fps_time(summary)}"


def _fps_time(summary: CaptureSummary) -> str:
    if summary.overlapping_ns and len(summary.devices) == 1:
        return "elapsed time [ns] of one inference, since ops overlap"
    return "kernel time [ns] of one inference; gaps are not in it"


def _rows(summary: CaptureSummary) -> str:
    return (
        f"{summary.device_rows:,} device, {summary.host_rows:,} host, {rows(summary.signpost_rows, 'signpost row')}, "
        f"{summary.dropped_rows:,} dropped"
    )


def _board(summary: CaptureSummary) -> str:
    """The arch, and the board: as given with --board, else as inferred for the peaks."""
    stated = f"{summary.board} (--board)" if summary.board else ""
    likely = summary.speed_of_light.peaks_of
    decides = "; --board decides" if " or " in likely else ""
    board = stated or (f"{likely} (by arch, grid and clock{decides})" if likely else "board not in the capture")
    return f"{summary.arch or 'arch not stated'}, {board}"


def _devices(summary: CaptureSummary) -> str:
    """`8 devices: 0, 1, …`; a single one by its id."""
    named = ", ".join(map(str, summary.devices[:_DEVICES_NAMED]))
    more = ", …" if len(summary.devices) > _DEVICES_NAMED else ""
    return f"{rows(len(summary.devices), 'device')}: id {named}{more}"
