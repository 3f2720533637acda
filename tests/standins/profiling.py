"""Short ways to run a target under the profiler's stand-in and to look at how that failed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from perfsheet.errors import PerfsheetError
from perfsheet.run import RunOutcome, RunRequest, profile


def run(command: str = "pytest test_it.py", **options: object) -> tuple[RunOutcome, list[str]]:
    lines: list[str] = []
    settings = {"python": sys.executable, "timeout_s": 50.0, **options}
    return profile(RunRequest(command, **settings), lines.append), lines  # type: ignore[arg-type]


def failure(command: str = "pytest test_it.py", **options: object) -> PerfsheetError:
    with pytest.raises(PerfsheetError) as caught:
        run(command, **options)
    return caught.value


def log_named_in(error: PerfsheetError) -> str:
    return Path(error.hint.rpartition("full output is in ")[2]).read_text()
