"""What spoils a report and is known before the run, or afterwards from what is missing."""

from __future__ import annotations

import sys
from dataclasses import fields, replace
from pathlib import Path

import pytest
from profiling import RecordingWatch
from support.captures import op

from perfsheet import analyze, read
from perfsheet.errors import ExitStatus
from perfsheet.progress import Phase
from perfsheet.provenance import Provenance, RunRecord, debug_tools
from perfsheet.run import RunRequest, profile
from perfsheet.run.failures import ProcessResult, failure
from perfsheet.run.log_scanner import LogScanner
from perfsheet.run.process import ProcessExit
from perfsheet.run.verdict import TargetVerdict, TestResult

MULTIPASS = "--perf-counter-multipass"
ENDED = ProcessResult(
    ("python", "-m", "tracy"),
    ProcessExit(0, 0.0, 1.0),
    TargetVerdict("pytest", 0, (TestResult("t", "passed", 1.0),)),
    LogScanner(),
    Phase.POST_PROCESS,
    Path("run.log"),
)


@pytest.mark.parametrize(
    ("environment", "found"),
    [
        ({"TT_METAL_WATCHER": "10"}, ("TT_METAL_WATCHER",)),
        ({"TT_METAL_WATCHER": "0"}, ("TT_METAL_WATCHER",)),
        ({"TT_METAL_DPRINT_CORES": "all"}, ("TT_METAL_DPRINT_CORES",)),
        (
            {"TT_METAL_DPRINT_ETH_CORES": "0,0", "TT_METAL_WATCHER": "1"},
            ("TT_METAL_WATCHER", "TT_METAL_DPRINT_ETH_CORES"),
        ),
        ({"TT_METAL_DPRINT_CORES": "", "TT_METAL_WATCHER_APPEND": "1", "TT_METAL_HOME": "/x"}, ()),
    ],
)
def test_debug_tools(environment: dict[str, str], found: tuple[str, ...]) -> None:
    assert debug_tools(environment) == found


def test_the_verdict_on_a_capture_says_that_debug_tools_were_on(capture_of) -> None:
    values = {field.name: None for field in fields(RunRecord)} | {"environment": {"TT_METAL_WATCHER": "10"}}
    origin = Provenance(record=RunRecord(**values))  # type: ignore[arg-type]
    table = read(capture_of(op()))

    def said(provenance: Provenance) -> list[str]:
        return [warning for warning in analyze(table, provenance=provenance).summary.warnings if "WATCHER" in warning]

    assert said(origin) == [
        "run with TT_METAL_WATCHER set: the watcher and DPRINT corrupt durations, and no message says so"
    ]
    assert said(replace(origin, replayed=True)) == said(Provenance()) == []


@pytest.mark.parametrize("option", [MULTIPASS, MULTIPASS[:10]])
def test_no_ops_csv_with_counters_in_several_passes(option: str) -> None:
    error = failure(replace(ENDED, argv=(*ENDED.argv, option)), device_logged=True)
    assert (error.status, MULTIPASS in error.message, "five counter groups" in error.hint) == (
        ExitStatus.PROFILER_FAILED,
        True,
        True,
    )


def test_no_ops_csv_without_that_option() -> None:
    assert "no op on a device" in failure(ENDED, device_logged=True).message
    assert "no op on a device" in failure(replace(ENDED, argv=(MULTIPASS,)), device_logged=False).message


@pytest.mark.process
@pytest.mark.skipif(sys.platform == "win32", reason="the profiler runs on Linux only")
def test_a_run_warns_before_it_starts(home: Path) -> None:
    watch = RecordingWatch()
    outcome = profile(RunRequest("TT_METAL_WATCHER=5 pytest test_it.py", python=sys.executable), watch)
    assert watch.notices[0].startswith("warning: TT_METAL_WATCHER set: the watcher and DPRINT corrupt durations")
    assert watch.notices[0].endswith("unset TT_METAL_WATCHER")
    assert outcome.record.environment["TT_METAL_WATCHER"] == "5"
    quiet = RecordingWatch()
    profile(RunRequest("pytest test_it.py", python=sys.executable), quiet)
    assert quiet.notices == []
