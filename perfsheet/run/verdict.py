"""The target's own verdict, from the events that the helpers in `target/` write (never from scraped output)."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import field, replace
from pathlib import Path
from typing import Any, Literal

from perfsheet.light_dataclass import dataclass
from perfsheet.provenance import Outcome, ReportedPcc, TestResult, reported_pccs

DIED = -1
"""Exit status of a target that ended before it could report one (crash, os._exit, kill)."""

PYTEST_USAGE_ERROR = 4
PYTEST_NOTHING_COLLECTED = 5

Source = Literal["pytest", "script"]


Event = dict[str, Any]


class EventFile:
    """The events of one target, as JSON lines; each is returned once, as soon as its line is complete."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._position = 0

    def new(self) -> Iterator[Event]:
        """The events since the last call; a line cut short by a kill is skipped."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._position)
                lines = file.read().splitlines(keepends=True)
        except FileNotFoundError:
            return
        for line in lines:
            if not line.endswith(b"\n"):
                return
            self._position += len(line)
            with contextlib.suppress(ValueError, RecursionError):  # cut short by a kill, and another process wrote on
                event = json.loads(line)
                if _is_event(event):
                    yield event


_KEYS: dict[str, dict[str, type | tuple[type, ...]]] = {
    "session": {},
    "collected": {"count": int, "nodeids": list},
    "phase": {"nodeid": str, "when": str, "outcome": str, "duration_s": (int, float)},
    "test": {"nodeid": str},
    "runtime": {"line": str},
    "reported": {"nodeid": str, "name": str, "value": (str, int, float)},
    "expects": {"nodeid": str, "tables": dict, "path": str},
    "stopped": {"reason": str},
    "graph": {"problem": str},
    "end": {"exit_status": int, "duration_s": (int, float)},
}


def _is_event(event: object) -> bool:
    """Whether the helpers may have written it; the target itself can write to this file, too."""
    if not isinstance(event, dict) or not isinstance(event.get("event"), str):
        return False
    keys = _KEYS.get(event["event"], {})
    return all(isinstance(event.get(key), kinds) for key, kinds in keys.items())


@dataclass(frozen=True)
class Expectation:
    """Limits that a test (`nodeid`, blank = the session) sets for its ops, to be checked once they are measured.

    `tables` are those of a budget, `path` is the budget file if there is one (then `tables` is empty).
    """

    nodeid: str
    tables: dict[str, Any] = field(default_factory=dict)
    path: str = ""


@dataclass(frozen=True)
class ReportedValue:
    """A value that a test (`nodeid`) reported: a property that it recorded, or a PCC that it printed."""

    nodeid: str
    name: str
    value: str | float


@dataclass(frozen=True)
class TargetVerdict:
    """How the target ended.

    `exit_status` is pytest's or the script's own (DIED if it ended before it could report one), `duration_s` the time
    of the session (0 if it died), `running` the test that was running when the process ended early.
    `collected` holds the node ids of a run that only collects, `folder` is pytest's root, to which node ids are
    relative, `stopped` is why pytest ended early (pytest.exit, maximum number of failures), if it said so.
    `expectations` are the limits that tests set for the capture, which does not exist yet while they run; `reported`
    are the values that they reported.
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
    reported: tuple[ReportedValue, ...] = ()

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
        """Whether the target ended before it could report an exit status."""
        return self.exit_status == DIED

    @property
    def succeeded(self) -> bool:
        """Whether the target reports success."""
        return self.exit_status == 0 and not self.failed

    @property
    def summary(self) -> str:
        """One line, such as "3 passed, 1 failed in 2.1 s"."""
        if self.source == "script":
            return "the script died" if self.died else f"exit status {self.exit_status} in {self.duration_s:.1f} s"
        counts = {"passed": self.passed, "failed": self.failed, "skipped": self.skipped}
        tests = ", ".join(f"{count} {outcome}" for outcome, count in counts.items() if count) or "no tests ran"
        if self.died:
            return f"{tests}, then pytest died" + (f" in {self.running}" if self.running else "")
        stopped = f", then pytest stopped: {self.stopped}" if self.stopped else ""
        return f"{tests} in {self.duration_s:.1f} s{stopped}"

    @property
    def first_reason(self) -> str:
        """The first failed test and its reason in one line; blank if none failed, or the reason is unknown."""
        failed = next((test for test in self.tests if test.outcome == "failed" and test.reason), None)
        return f"{failed.nodeid}: {failed.reason}" if failed else ""

    def _count(self, outcome: Outcome) -> int:
        return sum(test.outcome == outcome for test in self.tests)


def read_verdict(path: Path, source: Source) -> TargetVerdict | None:
    """The verdict in the event file `path`; None if the target never started (there are no events)."""
    events = list(EventFile(path).new())
    if not events:
        return None
    tests: dict[str, TestResult] = {}
    statuses: list[int] = []  # one per session: some profiler options run the target several times
    running: str | None = None
    expectations: list[Expectation] = []
    reported: list[ReportedValue] = []
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
                tests[event["nodeid"]] = _merge(tests.get(event["nodeid"]), event)
                running = None if event["when"] in ("teardown", "collect") else event["nodeid"]
            case "expects":
                expectations.append(Expectation(event["nodeid"], event["tables"], event["path"]))
            case "reported":
                reported.append(ReportedValue(event["nodeid"], event["name"], event["value"]))
            case "stopped":
                stopped = event["reason"]
            case "end" if statuses:
                statuses[-1], duration_s, running = event["exit_status"], event["duration_s"], None
    if running is not None:  # its process ended in the middle of it
        duration = tests[running].duration_s if running in tests else 0.0
        tests[running] = TestResult(running, "failed", duration, "its process ended")
    accuracy = _accuracy(reported)
    # Without a session pytest stopped while it read its options and conftest files.
    status = next((status for status in statuses if status != 0), 0) if statuses else PYTEST_USAGE_ERROR
    return TargetVerdict(
        source,
        status,
        tuple(replace(test, accuracy=accuracy.get(test.nodeid, ())) for test in tests.values()),
        duration_s,
        running,
        tuple(collected),
        folder,
        stopped,
        tuple(expectations),
        tuple(reported),
    )


def _accuracy(reported: Iterable[ReportedValue]) -> dict[str, tuple[ReportedPcc, ...]]:
    """The PCCs that each test reported."""
    properties: dict[str, list[tuple[str, object]]] = {}
    for one in reported:
        properties.setdefault(one.nodeid, []).append((one.name, one.value))
    return {nodeid: reported_pccs(of_test) for nodeid, of_test in properties.items()}


def _merge(before: TestResult | None, phase: Event) -> TestResult:
    """Add a phase to the result so far: the worst outcome and the first reason count, durations add up."""
    outcomes: set[str] = {phase["outcome"]} | ({before.outcome} if before else set())
    worst: Outcome = "failed" if "failed" in outcomes else "skipped" if "skipped" in outcomes else "passed"
    reason = (before.reason if before else "") or phase.get("reason", "")
    return TestResult(phase["nodeid"], worst, (before.duration_s if before else 0.0) + phase["duration_s"], reason)
