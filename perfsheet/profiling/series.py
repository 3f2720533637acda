"""One target, profiled as often as planned or replayed, its analysis, and the limits that its tests set."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from perfsheet.analysis import Analysis, Options, analyze
from perfsheet.analysis.repeats import Observation, align, observe
from perfsheet.budget.check import Captured, check_expected
from perfsheet.budget.model import ExpectationResult
from perfsheet.capture.reader import read_sources
from perfsheet.capture.sources import locate
from perfsheet.errors import ExitStatus, NoDeviceOpError, PerfsheetError
from perfsheet.profiling.model import FailedRun, MeasuredRun, Plan, ProfilingResult
from perfsheet.progress import Phase, Watch
from perfsheet.run import RunOutcome, RunRequest, capture_graph, profile, replay
from perfsheet.run.verdict import Expectation

OnRun = Callable[[MeasuredRun], None]

_ENDS_THE_SERIES = {ExitStatus.TIMEOUT}
"""It would happen again, and cost the same time in every remaining run."""


def profile_target(
    request: RunRequest, plan: Plan, options: Options, watch: Watch, on_run: OnRun = lambda _run: None
) -> ProfilingResult:
    """Profile the target as planned; the run with the median kernel time is analysed and shown.

    `on_run` is called with every measured run as soon as it has ended, because a later run may fail, and once more with
    the run that gets the graph report.
    Raises PerfsheetError when no run produces a report, or the user interrupts. If a run fails after another has
    worked, it is listed and the series goes on.
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
            analysis = _analyze(outcome, options)
        except PerfsheetError as error:
            if error.status == ExitStatus.INTERRUPTED or not measured:
                if measured:
                    reports = ", ".join(str(run.outcome.csv) for run in measured)
                    error.add_hint(f"the reports of the runs before {label} are kept: {reports}")
                raise
            failures.append(FailedRun(label, error))
            watch.notice(f"perfsheet: {failures[-1].sentence}")
            if error.status in _ENDS_THE_SERIES:
                break
            continue
        measured.append(MeasuredRun(label, outcome, analysis.summary))
        on_run(measured[-1])
        if plan.repeat > 1:
            verdict = outcome.verdict
            observed.append(observe(analysis.ops, label, str(outcome.csv), verdict.summary, outcome.tests_failed))
    if not observed:
        assert analysis is not None
        if plan.graph and _capture_graph(request, plan, measured, 0, watch, on_run):
            analysis = _with_graph(_analyze(measured[0].outcome, options), measured[0].outcome, watch)
        return ProfilingResult(analysis, measured[0].outcome, tuple(measured), tuple(failures))
    repeats = align(observed, plan.noisy_pct, [failure.sentence for failure in failures])
    if plan.graph:
        _capture_graph(request, plan, measured, repeats.shown, watch, on_run)
    shown = measured[repeats.shown]
    analysis = _with_graph(_analyze(shown.outcome, options), shown.outcome, watch)
    other_losses = [f"{run.label}: {loss}" for run in measured if run is not shown for loss in run.outcome.losses]
    provenance = replace(analysis.provenance, losses=(*analysis.provenance.losses, *other_losses))
    analysis = replace(analysis, repeats=repeats, provenance=provenance)
    return ProfilingResult(analysis, shown.outcome, tuple(measured), tuple(failures))


def replay_target(request: RunRequest, captures: Sequence[str], options: Options, watch: Watch) -> ProfilingResult:
    """Run the target without a profiler, and analyse the recorded captures. Raises PerfsheetError."""
    sources = locate(list(captures))
    outcome = replay(request, [Path(source.label) for source in sources], watch)
    watch.phase(Phase.ANALYSE)
    analysis = analyze(read_sources(sources), options, provenance=outcome.provenance)
    return ProfilingResult(analysis, outcome, (MeasuredRun("replay", outcome, analysis.summary),))


def check_expectations(analysis: Analysis, expectations: Sequence[Expectation]) -> Iterator[ExpectationResult]:
    """Check the limits that tests set, each on its own window of the capture."""
    for expectation in expectations:
        name = expectation.nodeid or "the session"
        tables, path = expectation.tables, expectation.path
        try:
            verdict = check_expected(_captured(analysis, expectation.nodeid), tables, path, name)
            yield ExpectationResult(name, verdict)
        except PerfsheetError as error:
            yield ExpectationResult(name, None, str(error))


def _captured(analysis: Analysis, nodeid: str) -> Captured:
    """The capture with what this test reported; with what all did for limits of the session."""
    provenance = analysis.provenance
    own = tuple(test for test in provenance.results if nodeid in ("", test.nodeid))
    report = None if analysis.graph is None else analysis.graph.joined.report
    return Captured(analysis.ops.table, replace(provenance, results=own), report, analysis.ops.options)


def _capture_graph(
    request: RunRequest, plan: Plan, measured: list[MeasuredRun], shown: int, watch: Watch, on_run: OnRun
) -> bool:
    """Give the run that is shown a graph report; returns whether there is one. The same target made both."""
    run = measured[shown]
    measured[shown] = replace(run, outcome=capture_graph(request, run.outcome, watch, plan.pcc))
    watch.phase(Phase.ANALYSE)
    if measured[shown].outcome.graph_report is None:
        return False
    on_run(measured[shown])
    return True


def _warm_up(request: RunRequest, plan: Plan, watch: Watch) -> None:
    """Runs that fill kernel caches and warm up the device; their figures are discarded."""
    for number in range(1, plan.warmup + 1):
        watch.run(f"warm-up {number} of {plan.warmup}")
        outcome = profile(request, watch)
        if outcome.csv is not None:
            shutil.rmtree(outcome.csv.parent, ignore_errors=True)


def _with_graph(analysis: Analysis, outcome: RunOutcome, watch: Watch) -> Analysis:
    """The analysis with the graph report of the run; without it, and a notice, where the two don't belong together."""
    from perfsheet.analysis.graph.fitting import with_fitting_graph

    if outcome.graph_report is None:
        return analysis
    try:
        return with_fitting_graph(analysis, outcome.graph_report)[0]
    except PerfsheetError as error:
        watch.notice(f"warning: the graph report is left out: {error}")
        return analysis


def _analyze(outcome: RunOutcome, options: Options) -> Analysis:
    try:
        return analyze(read_sources(locate([str(outcome.csv)])), options, provenance=outcome.provenance)
    except NoDeviceOpError as error:
        status = ExitStatus.TESTS_FAILED if outcome.tests_failed else ExitStatus.NOTHING_RAN
        raise PerfsheetError(status, f"{error.message} (tests: {outcome.verdict.summary})", error.hint) from None
