"""Every parametrised case of a target on its own."""

from __future__ import annotations

import re
from dataclasses import replace

from perfsheet.analysis import Options
from perfsheet.analysis.cases import Case
from perfsheet.errors import ExitStatus, PerfsheetError
from perfsheet.profiling.expectations import met
from perfsheet.profiling.model import Plan, Profiled
from perfsheet.profiling.series import Keep, profiled
from perfsheet.progress import Watch
from perfsheet.provenance import Outcome
from perfsheet.run import RunFailedError, RunRequest, collect

_LONGEST_NAME = 60
_ENDS_ALL = {
    ExitStatus.INTERRUPTED,
    ExitStatus.USAGE,
    ExitStatus.NO_PROFILER,
    ExitStatus.OUTPUT_NOT_WRITTEN,
}
"""What would meet every other case, too."""


def profiled_cases(
    request: RunRequest, plan: Plan, options: Options, watch: Watch, keep: Keep = lambda _run: None
) -> tuple[list[Case], ExitStatus]:
    """Profile each test of the target in a run of its own, as planned; a case that fails does not stop the others.

    Gives the cases and the exit status: that of the first case that did not end well (to be skipped is well). `keep`
    gets every measured run as soon as it is over. Raises PerfsheetError when there is nothing to collect, the user
    interrupts, or no case could be profiled for the same reason.
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
            result = profiled(own, plan, options, _Labelled(watch, label), keep)
        except PerfsheetError as error:
            if error.status in _ENDS_ALL:
                kept = sum(case.csv is not None for case in cases)
                error.add_hint(f"the reports of {kept} cases before it are kept" if kept else "")
                raise
            cases.append(_without_report(number, nodeid, error))
            if cases[-1].outcome != "skipped":
                watch.notice(f"perfsheet: case {number}, {nodeid}: {error}")
                status = status or error.status
        else:
            cases.append(_case(number, nodeid, result))
            broken = cases[-1].outcome == "failed" and not result.tests_failed
            status = status or result.status or (ExitStatus.BUDGET_BREACHED if broken else ExitStatus.DONE)
    return cases, status


class _Labelled(Watch):
    """Hands everything on to another watch; runs of a case are called after it."""

    def __init__(self, watch: Watch, label: str) -> None:
        self._label, self._watch = label, watch
        # What is not renamed goes straight through.
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


def _case(number: int, nodeid: str, result: Profiled) -> Case:
    verdict = result.shown.verdict
    test = verdict.test(nodeid)
    problems = [f"tests failed: {verdict.summary}"] if result.tests_failed else []
    problems += [verdict.first_reason] if verdict.first_reason else []
    problems += [run.sentence for run in result.failures]
    broken = [one.trouble for one in met(result.analysis, verdict.expectations) if not one.passed]
    problems += [f"limits of the test are breached: {trouble}" for trouble in broken]
    return Case(
        number,
        nodeid,
        "failed" if result.tests_failed or broken else test.outcome if test else "passed",
        test.duration_s if test else None,
        str(result.shown.csv),
        "; ".join(problems),
        result.analysis,
    )


def _slug(nodeid: str) -> str:
    """What is particular of a node id, as a part of a path: `test_block_2-float32`."""
    name = re.sub(r"[^\w.+-]+", "_", nodeid.rpartition("::")[2]).strip("_.+-")
    return name[:_LONGEST_NAME].rstrip("_.+-") or "case"
