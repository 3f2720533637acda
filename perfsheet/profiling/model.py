"""How often a target is profiled, and the result."""

from __future__ import annotations

import math
from pathlib import Path

from perfsheet.analysis import Analysis
from perfsheet.analysis.repeats import NOISY_PCT
from perfsheet.analysis.summary import CaptureSummary
from perfsheet.errors import ExitStatus, PerfsheetError, usage
from perfsheet.light_dataclass import dataclass
from perfsheet.run import RunOutcome


@dataclass(frozen=True)
class Plan:
    """How often a target is profiled.

    `repeat` runs are measured, after `warmup` runs whose figures are discarded; an op whose coefficient of variation
    exceeds `noisy_pct` percent is noisy. With `graph` the target runs once more, for TTNN's graph report. Raises
    PerfsheetError (exit status 2) for impossible values.
    """

    repeat: int = 1
    warmup: int = 0
    noisy_pct: float = NOISY_PCT
    graph: bool = False

    def __post_init__(self) -> None:
        if self.repeat < 1:
            raise usage(f"`repeat` {self.repeat}: not a number of runs", "give 1 or more")
        if self.warmup < 0:
            raise usage(f"`warmup` {self.warmup}: not a number of runs", "give 0 or more")
        if not (math.isfinite(self.noisy_pct) and self.noisy_pct >= 0):
            raise usage(f"`noisy_pct` {self.noisy_pct}: not a percentage", "give 0 or more")


@dataclass(frozen=True)
class MeasuredRun:
    """One measured run with a report; `label` is its name in the outputs."""

    label: str
    outcome: RunOutcome
    summary: CaptureSummary


@dataclass(frozen=True)
class FailedRun:
    """One run without a report."""

    label: str
    error: PerfsheetError

    @property
    def sentence(self) -> str:
        """What happened, as a sentence."""
        return f"{self.label} produced no report: {self.error.message}"


@dataclass(frozen=True)
class ProfilingResult:
    """All runs of one target, and the analysis of the run that the outputs show (`shown`)."""

    analysis: Analysis
    shown: RunOutcome
    runs: tuple[MeasuredRun, ...]
    failures: tuple[FailedRun, ...] = ()

    @property
    def graph_report(self) -> Path | None:
        """The folder of TTNN's graph report; None if none was planned, or it could not be made."""
        return self.shown.graph_report

    @property
    def tests_failed(self) -> bool:
        """Whether tests failed in any run."""
        return any(run.outcome.tests_failed for run in self.runs) or any(
            run.error.status == ExitStatus.TESTS_FAILED for run in self.failures
        )

    @property
    def status(self) -> ExitStatus:
        """Exit status: failing tests come first, then the first run without a report."""
        if self.tests_failed:
            return ExitStatus.TESTS_FAILED
        return self.failures[0].error.status if self.failures else ExitStatus.DONE
