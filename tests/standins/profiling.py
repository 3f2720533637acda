"""Helpers that run a target under the profiler's stand-in, and inspect how that failed."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support.command import PATIENCE_S

from perfsheet.errors import PerfsheetError
from perfsheet.progress import Phase
from perfsheet.run import RunOutcome, RunRequest, Watch, process, profile


class RecordingWatch(Watch):
    """Records everything that it is notified of."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.phases: list[Phase] = []
        self.tests: list[tuple[str, int, int | None]] = []
        self.notices: list[str] = []
        self.steps: list[tuple[int, int]] = []

    def line(self, text: str) -> None:
        self.lines.append(text)

    def phase(self, phase: Phase) -> None:
        self.phases.append(phase)

    def test(self, nodeid: str, index: int, total: int | None) -> None:
        self.tests.append((nodeid, index, total))

    def notice(self, text: str) -> None:
        self.notices.append(text)

    def progress(self, done: int, total: int) -> None:
        self.steps.append((done, total))


class Clock:
    """The clock by which time limits are judged: a test says when a limit is over, however slow the machine is."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._ahead_s = 0.0
        monkeypatch.setattr(process, "time", self)

    def time(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic() + self._ahead_s

    def pass_every_limit(self) -> None:
        self._ahead_s += 100 * PATIENCE_S


class ActsOnce(RecordingWatch):
    """Does something as soon as the run has come to a point, instead of after some seconds."""

    def __init__(self, when: Callable[[RecordingWatch], bool], act: Callable[[], None]) -> None:
        super().__init__()
        self._when, self._act, self._done = when, act, False

    def _look(self) -> None:
        if not self._done and self._when(self):
            self._done = True
            self._act()

    def line(self, text: str) -> None:
        super().line(text)
        self._look()

    def phase(self, phase: Phase) -> None:
        super().phase(phase)
        self._look()

    def test(self, nodeid: str, index: int, total: int | None) -> None:
        super().test(nodeid, index, total)
        self._look()


def hangs(watch: RecordingWatch) -> bool:
    """Whether the target is in the test that hangs, and what it printed before has arrived."""
    began = any("::test_hang" in nodeid for nodeid, *_ in watch.tests)
    return began and any("test session starts" in line for line in watch.lines)


def run(command: str = "pytest test_it.py", **options: object) -> tuple[RunOutcome, list[str]]:
    watch = RecordingWatch()
    return listen(watch, command, **options), watch.lines


def listen(watch: Watch, command: str = "pytest test_it.py", **options: object) -> RunOutcome:
    settings = {"python": sys.executable, "timeout_s": PATIENCE_S, **options}
    return profile(RunRequest(command, **settings), watch)  # type: ignore[arg-type]


def failure(command: str = "pytest test_it.py", watch: Watch | None = None, **options: object) -> PerfsheetError:
    with pytest.raises(PerfsheetError) as caught:
        listen(watch or Watch(), command, **options)
    return caught.value


def log_named_in(error: PerfsheetError) -> str:
    return Path(error.hint.rpartition("full output is in ")[2].partition("; ")[0]).read_text()
