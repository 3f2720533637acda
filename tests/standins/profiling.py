"""Short ways to run a target under the profiler's stand-in and to look at how that failed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from perfsheet.errors import PerfsheetError
from perfsheet.progress import Phase
from perfsheet.run import RunOutcome, RunRequest, Watch, profile


class Heard(Watch):
    """Keeps what a run tells."""

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


def run(command: str = "pytest test_it.py", **options: object) -> tuple[RunOutcome, list[str]]:
    heard = Heard()
    return listen(heard, command, **options), heard.lines


def listen(watch: Watch, command: str = "pytest test_it.py", **options: object) -> RunOutcome:
    settings = {"python": sys.executable, "timeout_s": 50.0, **options}
    return profile(RunRequest(command, **settings), watch)  # type: ignore[arg-type]


def failure(command: str = "pytest test_it.py", **options: object) -> PerfsheetError:
    with pytest.raises(PerfsheetError) as caught:
        run(command, **options)
    return caught.value


def log_named_in(error: PerfsheetError) -> str:
    return Path(error.hint.rpartition("full output is in ")[2].partition("; ")[0]).read_text()
