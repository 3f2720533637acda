"""One target, profiled as often as planned, and the analysis of what came of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from perfsheet.analysis import Analysis, Options, analyze
from perfsheet.analysis.repeats import Observation, align, observe
from perfsheet.capture.reader import read_sources
from perfsheet.capture.sources import locate
from perfsheet.errors import ExitStatus, NoDeviceOpError, PerfsheetError
from perfsheet.profiling.model import FailedRun, MeasuredRun, Plan, Profiled
from perfsheet.progress import Phase, Watch
from perfsheet.run import RunOutcome, RunRequest, profile, replay

Keep = Callable[[MeasuredRun], None]

_ENDS_THE_SERIES = {ExitStatus.TIMEOUT}
"""What would happen again: trying on would cost the same time for every run that is left."""


def profiled(
    request: RunRequest, plan: Plan, options: Options, watch: Watch, keep: Keep = lambda _run: None
) -> Profiled:
    """Profile the target as planned; the run of median kernel time is the one that is analysed and shown.

    `keep` gets every measured run as soon as it is over: what comes after it may fail.
    Raises PerfsheetError when no run comes to a report, or the user interrupts. A run that fails after another has
    worked is listed, and the series goes on.
    """
    _warm_up(request, plan, watch)
    measured: list[MeasuredRun] = []
    observed: list[Observation] = []
    failures: list[FailedRun] = []
    analysis: Analysis | None = None
    for number in range(1, plan.repeat + 1):
        label = f"run {number}"
        if plan.repeat > 1:
            watch.run(f"{label} of {plan.repeat}")
        try:
            outcome = profile(request, watch)
            watch.phase(Phase.ANALYSE)
            analysis = _analysed(outcome, options)
        except PerfsheetError as error:
            if error.status == ExitStatus.INTERRUPTED or not measured:
                if measured:
                    kept = ", ".join(str(run.outcome.csv) for run in measured)
                    error.add_hint(f"the reports of the runs before {label} are kept: {kept}")
                raise
            failures.append(FailedRun(label, error))
            watch.notice(f"perfsheet: {failures[-1].sentence}")
            if error.status in _ENDS_THE_SERIES:
                break
            continue
        measured.append(MeasuredRun(label, outcome, analysis.summary))
        keep(measured[-1])
        if plan.repeat > 1:
            verdict = outcome.verdict
            observed.append(observe(analysis.ops, label, str(outcome.csv), verdict.summary, outcome.tests_failed))
    if not observed:
        assert analysis is not None
        return Profiled(analysis, measured[0].outcome, tuple(measured), tuple(failures))
    repeats = align(observed, plan.noisy_pct, [failed.sentence for failed in failures])
    shown = measured[repeats.shown]
    analysis = _analysed(shown.outcome, options)
    elsewhere = [f"{run.label}: {loss}" for run in measured if run is not shown for loss in run.outcome.losses]
    provenance = replace(analysis.provenance, losses=(*analysis.provenance.losses, *elsewhere))
    analysis = replace(analysis, repeats=repeats, provenance=provenance)
    return Profiled(analysis, shown.outcome, tuple(measured), tuple(failures))


def replayed(request: RunRequest, captures: Sequence[str], options: Options, watch: Watch) -> Profiled:
    """Run the target without a profiler, and analyse the recorded captures. Raises PerfsheetError."""
    sources = locate(list(captures))
    outcome = replay(request, [Path(source.label) for source in sources], watch)
    watch.phase(Phase.ANALYSE)
    analysis = analyze(read_sources(sources), options, provenance=outcome.provenance)
    return Profiled(analysis, outcome, (MeasuredRun("replay", outcome, analysis.summary),))


def _warm_up(request: RunRequest, plan: Plan, watch: Watch) -> None:
    """Runs that fill kernel caches and warm the device; what they measure is thrown away."""
    for number in range(1, plan.warmup + 1):
        watch.run(f"warm-up {number} of {plan.warmup}")
        outcome = profile(request, watch)
        if outcome.csv is not None:
            shutil.rmtree(outcome.csv.parent, ignore_errors=True)


def _analysed(outcome: RunOutcome, options: Options) -> Analysis:
    try:
        return analyze(read_sources(locate([str(outcome.csv)])), options, provenance=outcome.provenance)
    except NoDeviceOpError as error:
        status = ExitStatus.TESTS_FAILED if outcome.tests_failed else ExitStatus.NOTHING_RAN
        raise PerfsheetError(status, f"{error.message} (tests: {outcome.verdict.summary})", error.hint) from None
