"""Every parametrised case of a target on its own."""

from __future__ import annotations

import re
from dataclasses import replace

from perfsheet.analysis import Options
from perfsheet.analysis.cases import Case
from perfsheet.errors import ExitStatus, PerfsheetError
from perfsheet.profiling.model import Plan, Profiled
from perfsheet.profiling.series import profiled
from perfsheet.progress import Watch
from perfsheet.provenance import Outcome
from perfsheet.run import RunRequest, collect

_LONGEST_NAME = 60


def profiled_cases(
    request: RunRequest, plan: Plan, options: Options, watch: Watch
) -> tuple[list[Case], list[Profiled], ExitStatus]:
    """Profile each test of the target in a run of its own, as planned; a case that fails does not stop the others.

    Gives the cases, the runs behind those that came to a report, and the exit status: that of the first case that did
    not end well. Raises PerfsheetError when there is nothing to collect, or the user interrupts.
    """
    watch.run("cases")
    nodeids = collect(request, watch)
    cases: list[Case] = []
    done: list[Profiled] = []
    status = ExitStatus.DONE
    for number, nodeid in enumerate(nodeids, 1):
        watch.run(f"case {number} of {len(nodeids)}")
        own = replace(request, only=nodeid, name="_".join(filter(None, (request.name, _slug(nodeid)))))
        try:
            result = profiled(own, plan, options, _Labelled(watch, f"case {number} of {len(nodeids)}"))
        except PerfsheetError as error:
            if error.status == ExitStatus.INTERRUPTED:
                raise
            watch.notice(f"perfsheet: case {number}, {nodeid}: {error}")
            outcome: Outcome | None = "failed" if error.status == ExitStatus.TESTS_FAILED else None
            cases.append(Case(number, nodeid, outcome, None, None, str(error)))
            status = status or error.status
            continue
        done.append(result)
        cases.append(_case(number, nodeid, result))
        status = status or result.status
    return cases, done, status


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


def _case(number: int, nodeid: str, result: Profiled) -> Case:
    verdict = result.shown.verdict
    test = next((test for test in verdict.tests if test.nodeid == nodeid), None)
    outcome = test.outcome if test else "failed" if result.tests_failed else "passed"
    problem = "; ".join(
        [f"tests failed: {verdict.summary}" if result.tests_failed else ""] + [run.sentence for run in result.failures]
    ).strip("; ")
    return Case(
        number,
        nodeid,
        "failed" if result.tests_failed else outcome,
        test.duration_s if test else None,
        str(result.shown.csv),
        problem,
        result.analysis,
    )


def _slug(nodeid: str) -> str:
    """What is particular of a node id, as a part of a path: `test_block_2-float32`."""
    name = re.sub(r"[^\w.+-]+", "_", nodeid.rpartition("::")[2]).strip("_.+-")
    return name[:_LONGEST_NAME].rstrip("_.+-") or "case"
