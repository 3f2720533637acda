"""Figures that no measurement can give: the conditions, declared once for every output and limit of models.

    find_impossible({"compile_s": -0.65, "pcc": 0.99}.get)
    # {"compile_s": "the first run is shorter than the second"}

Figures that contradict one another: perfsheet.models.e2e.reading.find_disagreements.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable

from perfsheet.accuracy import NOISE, RANGE, why_impossible
from perfsheet.light_dataclass import dataclass


@dataclass(frozen=True)
class Condition:
    """When a figure of one kind is impossible, and why."""

    broken: Callable[[float], bool]
    why: str

    def reason(self, value: float) -> str:
        """Why this value is impossible; blank if it is not."""
        if not math.isfinite(value):
            return "it is not a finite number"
        return self.why if self.broken(value) else ""


TIME = Condition(lambda value: value <= 0, "no run takes 0 or less")
RATE = Condition(lambda value: value <= 0, "a run that took place has a rate above 0")
COMPILE = Condition(lambda value: value < 0, "the first run is shorter than the second")
DEVIATION = Condition(lambda value: value < 0, "a deviation is 0 or more")
PCC = Condition(lambda value: bool(why_impossible(value)), RANGE)
PERCENT = Condition(lambda value: abs(value) > 100 * (1 + NOISE), "an accuracy is at most 100 %")

_TIMES = ("first_run_s", "second_run_s", "inference_s", "inference_cpu_s", "latency_ms", "kernel_ns")
_RATES = ("throughput", "throughput_cpu", "device_fps")
CONDITIONS: dict[str, Condition] = {
    **dict.fromkeys(_TIMES, TIME),
    **dict.fromkeys(_RATES, RATE),
    "compile_s": COMPILE,
    "latency_std_ms": DEVIATION,
    "pcc": PCC,
}
"""The condition of each figure of a perf file or a suite."""
_TWO_DECIMALS = ("first_run_s", "second_run_s")
"""Written so coarsely that 0.00 may be a short run; Inference Time has its digits."""
_COMPUTED_FROM = {
    "compile_s": ("first_run_s", "second_run_s"),
    "throughput": ("inference_s",),
    "throughput_cpu": ("inference_cpu_s",),
    "device_fps": ("kernel_ns",),
}


def find_impossible(value_of: Callable[[str], float | None]) -> dict[str, str]:
    """Why figures are impossible, by field; `value_of` gives the figure of a field, None = unknown."""
    reasons: dict[str, str] = {}
    for field, condition in CONDITIONS.items():
        value = value_of(field)
        rounded = value == 0 and field in _TWO_DECIMALS and (value_of("inference_s") or 0) > 0
        if value is not None and not rounded and (why := condition.reason(value)):
            reasons[field] = why
    for field, sources in _COMPUTED_FROM.items():
        if value_of(field) is not None and not reasons.keys().isdisjoint(sources):
            reasons.setdefault(field, "it is computed from an impossible time")
    return reasons


_COARSE_TIME = Condition(lambda value: value < 0, TIME.why)
_SECONDS = r"[\[(]\s*(ns|us|µs|μs|ms|s|secs?|seconds|milliseconds|microseconds)\s*[\])]"
_OF_HEADERS: tuple[tuple[str, Condition | None], ...] = (
    (r"expected|target|threshold|limit|share|speed-?up", None),
    (r"\bpcc\b|\baccuracy\b", PCC),
    (r"\bstd\b|deviation", DEVIATION),
    (rf"\bcompil(er?|ation) (time )?.*{_SECONDS}", COMPILE),
    (r"throughput|\bfps\b|samples/s|tokens/s|per second", RATE),
    (rf"^(first|second) run.*{_SECONDS}", _COARSE_TIME),
    (rf"latency|(^time|\bttft|duration|\b(first|second) run|(run|inference|kernel) ?time)\b.*{_SECONDS}", TIME),
)
"""The headers of results tables, which anyone may have written; the first that matches decides."""


def condition_of_header(header: str) -> Condition | None:
    """The condition of a column of a results table, by its header; None if it may have any figure."""
    title = " ".join(header.split()).casefold()
    condition = next((condition for pattern, condition in _OF_HEADERS if re.search(pattern, title)), None)
    return PERCENT if condition is PCC and "%" in title else condition
