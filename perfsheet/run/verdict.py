"""The target's own verdict, from the events that the helpers in `target/` write (never from scraped output)."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from perfsheet.provenance import Outcome, TestResult
from perfsheet.run.events import Events

DIED = -1
"""Exit status of a target that ended before it could state one (crash, os._exit, kill)."""

PYTEST_USAGE_ERROR = 4
PYTEST_NOTHING_COLLECTED = 5

Source = Literal["pytest", "script"]


@dataclass(frozen=True)
class Expectation:
    """Limits that a test (`nodeid`, blank = the session) wants its ops to keep once they are measured.

    `tables` are those of a budget, `path` the budget file where it is one (then there are no tables).
    """

    nodeid: str
    tables: dict[str, Any] = field(default_factory=dict)
    path: str = ""


@dataclass(frozen=True)
class Reported:
    """Something that a test (`nodeid`) told of itself: a property that it recorded, or an accuracy that it printed."""

    nodeid: str
    name: str
    value: str | float


@dataclass(frozen=True)
class Verdict:
    """How the target ended.

    `exit_status` is pytest's or the script's own (DIED when it never got to state one), `duration_s` seconds from the
    start of the session to its end (0 when it died), `running` the test that was running when the process ended early.
    `collected` are the node ids of a run that only collects, `folder` is pytest's root, to which node ids are relative,
    `stopped` is why pytest went no further than it did (pytest.exit, a limit of failures), where it says so.
    `expectations` are what its tests want of the capture that does not exist yet while they run, `reported` what they
    told besides.
    """

    source: Source
    exit_status: int
    tests: tuple[TestResult, ...] = ()
    duration_s: float = 0.0
    running: str | None = None
    collected: tuple[str, ...] = ()
    folder: str | None = None
    stopped: str = ""
    expectations: tuple[Expectation, ...] = ()
    reported: tuple[Reported, ...] = ()

    def test(self, nodeid: str) -> TestResult | None:
        """The result of one test; None when it did not run."""
        return next((test for test in self.tests if test.nodeid == nodeid), None)

    @property
    def passed(self) -> int:
        """Number of tests that passed."""
        return self._count("passed")

    @property
    def failed(self) -> int:
        """Number of tests that failed, errors in collection, setup and teardown included."""
        return self._count("failed")

    @property
    def skipped(self) -> int:
        """Number of tests that were skipped or failed as expected."""
        return self._count("skipped")

    @property
    def died(self) -> bool:
        """Whether the target ended before it could state an exit status."""
        return self.exit_status == DIED

    @property
    def succeeded(self) -> bool:
        """Whether the target says that all went well."""
        return self.exit_status == 0 and not self.failed

    @property
    def summary(self) -> str:
        """One line, such as "3 passed, 1 failed in 2.1 s"."""
        if self.source == "script":
            return "the script died" if self.died else f"exit status {self.exit_status} in {self.duration_s:.1f} s"
        counts = {"passed": self.passed, "failed": self.failed, "skipped": self.skipped}
        said = ", ".join(f"{n} {outcome}" for outcome, n in counts.items() if n) or "no tests ran"
        if self.died:
            return f"{said}, then pytest died" + (f" in {self.running}" if self.running else "")
        stopped = f", then pytest stopped: {self.stopped}" if self.stopped else ""
        return f"{said} in {self.duration_s:.1f} s{stopped}"

    @property
    def first_reason(self) -> str:
        """The first test that failed, and why in one line; blank when none did, or nobody knows."""
        failed = next((test for test in self.tests if test.outcome == "failed" and test.reason), None)
        return f"{failed.nodeid}: {failed.reason}" if failed else ""

    def _count(self, outcome: Outcome) -> int:
        return sum(test.outcome == outcome for test in self.tests)


def read_verdict(path: Path, source: Source) -> Verdict | None:
    """The verdict in the event file `path`; None when the target never started (there are no events)."""
    events = list(Events(path).new())
    if not events:
        return None
    tests: dict[str, TestResult] = {}
    statuses: list[int] = []  # one per session: some profiler options run the target several times
    running: str | None = None
    expectations: list[Expectation] = []
    reported: list[Reported] = []
    duration_s, collected, folder, stopped = 0.0, dict[str, None](), None, ""
    for event in events:
        match event["event"]:
            case "session":
                statuses.append(DIED)
                folder = event.get("folder")
            case "collected":
                collected |= dict.fromkeys(event["nodeids"])
            case "test":
                running = event["nodeid"]
            case "phase":
                tests[event["nodeid"]] = _merged(tests.get(event["nodeid"]), event)
                running = None if event["when"] in ("teardown", "collect") else event["nodeid"]
            case "expects":
                expectations.append(Expectation(event["nodeid"], event["tables"], event["path"]))
            case "reported":
                reported.append(Reported(event["nodeid"], event["name"], event["value"]))
            case "stopped":
                stopped = event["reason"]
            case "end" if statuses:
                statuses[-1], duration_s, running = event["exit_status"], event["duration_s"], None
    if running is not None:  # its process ended under it
        took = tests[running].duration_s if running in tests else 0.0
        tests[running] = TestResult(running, "failed", took, "its process ended")
    # Without a session pytest stopped while it read its options and conftest files.
    status = next((status for status in statuses if status != 0), 0) if statuses else PYTEST_USAGE_ERROR
    return Verdict(
        source,
        status,
        tuple(tests.values()),
        duration_s,
        running,
        tuple(collected),
        folder,
        stopped,
        tuple(expectations),
        tuple(reported),
    )


def _merged(before: TestResult | None, phase: dict[str, Any]) -> TestResult:
    """The result so far with one more phase: the worst outcome counts, the first reason, and durations add up."""
    outcomes: set[str] = {phase["outcome"]} | ({before.outcome} if before else set())
    worst: Outcome = "failed" if "failed" in outcomes else "skipped" if "skipped" in outcomes else "passed"
    reason = (before.reason if before else "") or phase.get("reason", "")
    return TestResult(phase["nodeid"], worst, (before.duration_s if before else 0.0) + phase["duration_s"], reason)
