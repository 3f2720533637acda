"""Running a target under tt-metal's profiler, and finding the ops CSV of exactly that run.

    outcome = profile(RunRequest("pytest tests/test_block.py"), echo=print)
    outcome.csv, outcome.verdict.summary, outcome.tests_failed

Failures raise perfsheet.errors.PerfsheetError. The profiler itself is never imported into this process.
"""

from perfsheet.run.model import RunOutcome, RunRequest
from perfsheet.run.runner import available, profile, replay
from perfsheet.run.verdict import TestResult, Verdict

__all__ = ["RunOutcome", "RunRequest", "TestResult", "Verdict", "available", "profile", "replay"]
