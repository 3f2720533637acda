"""Runs that do not end by themselves; the fixture `home` sees to it that no process of theirs is left."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest
from profiling import ActsOnce, Clock, failure, hangs, log_named_in, run

from perfsheet.errors import ExitStatus
from perfsheet.progress import Phase

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(sys.platform == "win32", reason="the profiler runs on Linux only"),
]


@pytest.mark.parametrize("fault", ["", "deaf"])
def test_time_limit_names_the_test_and_leaves_no_process(home: Path, clock: Clock, fault: str) -> None:
    error = failure(f"STANDIN_FAULT={fault} HANG=1 pytest test_it.py", ActsOnce(hangs, clock.pass_every_limit))
    assert error.status == ExitStatus.TIMEOUT
    assert "test_it.py::test_hangs" in error.message
    assert "test session starts" in log_named_in(error)


def test_time_limit_covers_post_processing(home: Path, clock: Clock) -> None:
    watch = ActsOnce(lambda watch: Phase.CAPTURE in watch.phases, clock.pass_every_limit)
    assert failure("STANDIN_FAULT=slow-report pytest test_it.py", watch).status == ExitStatus.TIMEOUT


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        ("-k nothing", ExitStatus.NOTHING_RAN),
        ("no_such_file.py", ExitStatus.USAGE),
        ("--no-such-option", ExitStatus.USAGE),
    ],
)
def test_capture_tool_does_not_wait_for_a_target_that_pytest_refused(
    home: Path, arguments: str, status: ExitStatus
) -> None:
    error = failure(f"STANDIN_FAULT=waiting pytest {arguments}")
    assert error.status == status


def test_capture_tool_that_waited_in_vain_means_that_no_op_ran(home: Path) -> None:
    fault = "STANDIN_FAULT=no-capture"
    assert failure(f"{fault} pytest test_it.py").status == ExitStatus.NOTHING_RAN
    assert failure(f"{fault} STANDIN_DEVICE_LOG=1 pytest test_it.py").status == ExitStatus.PROFILER_FAILED


def test_daemon_left_behind_is_ended(home: Path) -> None:
    outcome, _ = run("STANDIN_FAULT=daemon pytest test_it.py")  # within its time limit
    assert outcome.csv is not None


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interruption_leaves_no_process(home: Path, number: signal.Signals) -> None:
    error = failure("HANG=1 pytest test_it.py", ActsOnce(hangs, lambda: os.kill(os.getpid(), number)))
    assert error.status == ExitStatus.INTERRUPTED
    assert "test_it.py::test_hangs" in error.message
