"""Every parametrised case of a target, profiled on its own."""

from __future__ import annotations

import re
from dataclasses import replace

from perfsheet.analysis import Options
from perfsheet.analysis.cases import Case
from perfsheet.errors import ExitStatus, PerfsheetError
from perfsheet.profiling.model import Plan, ProfilingResult
from perfsheet.profiling.series import OnRun, check_expectations, profile_target
from perfsheet.progress import Watch
from perfsheet.provenance import Outcome
from perfsheet.run import RunFailedError, RunRequest, collect

_MAX_NAME = 60
_ENDS_ALL = {
    ExitStatus.INTERRUPTED,
    ExitStatus.USAGE,
    ExitStatus.NO_PROFILER,
    ExitStatus.OUTPUT_NOT_WRITTEN,
}
"""These would happen in every other case, too."""


def profile_cases(
    request: RunRequest, plan: Plan, options: Options, watch: Watch, on_run: OnRun = lambda _run: None
) -> tuple[list[Case], ExitStatus]:
    """Profile each test of the target in a run of its own, as planned; a case that fails does not stop the others.

    Returns the cases and the exit status: that of the first case that failed (a skipped case has not). `on_run` is
    called with every measured run as soon as it has ended. Raises PerfsheetError when there is nothing to collect, the
    user interrupts, or no case can be profiled for the same reason.
    """
    watch.run("cases")
    nodeids = collect(request, watch)
    cases: list[Case] = []
    status = ExitStatus.DONE
    for number, nodeid in enumerate(nodeids, 1):
        label = f"case {number} of {len(nodeids)}"
        watch.run(label)
        own = replace(request, only=nodeid, name="_".join(filter(None, (request.name, _slug(nodeid)))))
        try:
            result = profile_target(own, plan, options, _LabelledWatch(watch, label), on_run)
        except PerfsheetError as error:
            if error.status in _ENDS_ALL:
                reports = sum(case.csv is not None for case in cases)
                error.add_hint(f"the reports of {reports} cases before it are kept" if reports else "")
                raise
            cases.append(_without_report(number, nodeid, error))
            if cases[-1].outcome != "skipped":
                watch.notice(f"perfsheet: case {number}, {nodeid}: {error}")
                status = status or error.status
        else:
            cases.append(_case(number, nodeid, result))
            limits_breached = cases[-1].outcome == "failed" and not result.tests_failed
            status = status or result.status or (ExitStatus.BUDGET_BREACHED if limits_breached else ExitStatus.DONE)
    return cases, status


class _LabelledWatch(Watch):
    """Passes everything on to another watch, and puts the case before the label of its runs."""

    def __init__(self, watch: Watch, label: str) -> None:
        self._label, self._watch = label, watch
        # Everything but the label of a run goes straight to the other watch.
        for name in ("phase", "test", "progress", "line", "notice", "alive"):
            setattr(self, name, getattr(watch, name))

    def run(self, label: str) -> None:
        """`case 2 of 3, run 1 of 5`."""
        self._watch.run(f"{self._label}, {label}")


def _without_report(number: int, nodeid: str, error: PerfsheetError) -> Case:
    verdict = error.verdict if isinstance(error, RunFailedError) else None
    test = verdict.test(nodeid) if verdict else None
    if test is not None and test.outcome == "skipped":
        return Case(number, nodeid, "skipped", test.duration_s, None)
    outcome: Outcome | None = "failed" if error.status == ExitStatus.TESTS_FAILED else None
    return Case(number, nodeid, outcome, test.duration_s if test else None, None, str(error))


def _case(number: int, nodeid: str, result: ProfilingResult) -> Case:
    verdict = result.shown.verdict
    test = verdict.test(nodeid)
    problems = [f"tests failed: {verdict.summary}"] if result.tests_failed else []
    problems += [verdict.first_reason] if verdict.first_reason else []
    problems += [run.sentence for run in result.failures]
    checks = check_expectations(result.analysis, verdict.expectations)
    breached = [check.trouble for check in checks if not check.passed]
    problems += [f"limits of the test are breached: {problem}" for problem in breached]
    return Case(
        number,
        nodeid,
        "failed" if result.tests_failed or breached else test.outcome if test else "passed",
        test.duration_s if test else None,
        str(result.shown.csv),
        "; ".join(problems),
        result.analysis,
    )


def _slug(nodeid: str) -> str:
    """The last part of a node id, made safe for a path: `test_block_2-float32`."""
    name = re.sub(r"[^\w.+-]+", "_", nodeid.rpartition("::")[2]).strip("_.+-")
    return name[:_MAX_NAME].rstrip("_.+-") or "case"
