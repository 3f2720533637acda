"""Running a target under tt-metal's profiler and finding the ops CSV of exactly that run.

    outcome = profile(RunRequest("pytest tests/test_block.py"), Watch())
    outcome.csv, outcome.verdict.summary, outcome.tests_failed

Failures raise perfsheet.errors.PerfsheetError. The profiler itself is never imported into this process.
"""

from perfsheet.progress import Watch
from perfsheet.provenance import TestResult
from perfsheet.run.failures import RunFailedError
from perfsheet.run.model import MockRun, RunOutcome, RunRequest
from perfsheet.run.runner import (
    available,
    capture_graph,
    collect,
    profile,
    replay,
    reports_folder,
    run_on_mock_board,
)
from perfsheet.run.verdict import TargetVerdict

__all__ = [
    "MockRun",
    "RunFailedError",
    "RunOutcome",
    "RunRequest",
    "TargetVerdict",
    "TestResult",
    "Watch",
    "available",
    "capture_graph",
    "collect",
    "profile",
    "replay",
    "reports_folder",
    "run_on_mock_board",
]
