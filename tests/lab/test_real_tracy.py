"""`perfsheet.run.profile` against the real `python -m tracy` and its real post-processing; no device is needed."""

from __future__ import annotations

import csv
import json
import shlex
from pathlib import Path

import pytest
from profiling import ActsOnce, Clock, RecordingWatch, hangs
from support.command import PATIENCE_S
from tracy_lab import PYTHON, needs_tracy

from perfsheet.errors import ExitStatus, PerfsheetError
from perfsheet.run import RunRequest, Watch, profile

pytestmark = needs_tracy


def request(command: str, **options: object) -> RunRequest:
    return RunRequest(command, python=PYTHON, timeout_s=PATIENCE_S, **options)  # type: ignore[arg-type]


def test_passing_target_gives_its_csv_and_verdict(lab: Path) -> None:
    watch = RecordingWatch()
    outcome = profile(request("pytest test_target.py -k work", name="demo"), watch)
    assert outcome.csv is not None
    assert outcome.csv.is_relative_to(lab / "generated" / "profiler" / "reports" / "demo")
    assert outcome.csv.name.startswith("ops_perf_results_demo_")
    with outcome.csv.open() as file:
        rows = list(csv.DictReader(file))
    assert [row["OP CODE"] for row in rows] == [
        "MatmulDeviceOperation",
        "InterleavedToShardedDeviceOperation",
        "UnaryDeviceOperation",
    ]
    assert [row["DEVICE KERNEL DURATION [ns]"] for row in rows] == ["9000", "700", "3000"]
    assert not outcome.tests_failed
    assert [(test.nodeid, test.outcome) for test in outcome.verdict.tests] == [("test_target.py::test_work", "passed")]
    assert outcome.log.parent == outcome.csv.parent
    assert outcome.log.read_text(encoding="utf-8").splitlines() == watch.lines


def test_copies_of_the_trace_do_not_pile_up(lab: Path) -> None:
    outcome = profile(request("pytest test_target.py -k work"), Watch())
    assert outcome.csv is not None
    assert (outcome.csv.parent / "tracy_profile_log_host.tracy").is_file()
    assert [path.name for path in (lab / "build").glob("**/*.tracy")] == []


def test_failing_target_is_seen_though_the_profiler_ends_with_0(lab: Path) -> None:
    outcome = profile(request('LAB_FAIL=1 pytest test_target.py -k "work or fail"'), Watch())
    assert outcome.csv is not None
    assert outcome.record.profiler_status == 0
    assert outcome.tests_failed
    assert (outcome.verdict.passed, outcome.verdict.failed) == (1, 1)


@pytest.mark.parametrize("case", ["a b", "x]y[", "$HOME *", "it's", 'say "hi"', "größe"])
def test_arguments_reach_pytest_byte_for_byte(lab: Path, case: str) -> None:
    arguments = lab / "arguments.json"
    escaped = case.encode("unicode_escape").decode()
    target = (lab / "test_target.py").rename(lab / "test_größe 1.py").name
    wanted = [f"{target}::test_case[{escaped}]", f"{target}::test_arguments", "-p", "no:cacheprovider", "-q"]
    command = f"LAB_ARGUMENTS={shlex.quote(str(arguments))} python -m pytest {shlex.join(wanted)}"
    outcome = profile(request(command), Watch())
    assert [test.nodeid for test in outcome.verdict.tests] == wanted[:2]
    assert arguments.read_text() == json.dumps(wanted)


def test_folder_with_spaces_stays_whole_and_its_neighbour_unharmed(lab: Path) -> None:
    neighbour = lab / "my"
    neighbour.mkdir()
    outcome = profile(request("pytest test_target.py -k work", output_dir=lab / "my runs; $HOME"), Watch())
    assert outcome.csv is not None
    assert outcome.csv.is_relative_to(lab / "my runs; $HOME")
    assert neighbour.is_dir()


def test_script_with_arguments_and_its_exit_status(lab: Path) -> None:
    folder = lab / "my scripts"
    folder.mkdir()
    (folder / "helper.py").write_text("import raw_logs\n")
    (folder / "block.py").write_text(
        "import sys, helper\nassert __name__ == '__main__'\nhelper.raw_logs.emit()\n"
        "assert sys.argv[1:] == ['a b', '$x'], sys.argv\nsys.exit(3)\n"
    )
    outcome = profile(request("""python "my scripts/block.py" 'a b' '$x'"""), Watch())
    assert outcome.csv is not None
    assert outcome.tests_failed
    assert (outcome.verdict.source, outcome.verdict.exit_status) == ("script", 3)


def test_target_without_a_device_op(lab: Path) -> None:
    (lab / "test_host.py").write_text("import raw_logs\n\ndef test_host():\n    raw_logs.emit_nothing()\n")
    with pytest.raises(PerfsheetError) as caught:
        profile(request("pytest test_host.py"), Watch())
    assert caught.value.status == ExitStatus.NOTHING_RAN


def test_crashing_capture_tool(lab: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STANDIN_CAPTURE_EXIT", "1")
    with pytest.raises(PerfsheetError) as caught:
        profile(request("pytest test_target.py -k work"), Watch())
    assert caught.value.status == ExitStatus.PROFILER_FAILED
    assert "capture tool" in caught.value.message


def test_hanging_target_leaves_no_process(lab: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (lab / "test_hang.py").write_text("import time\n\ndef test_hang():\n    time.sleep(600)\n")
    with pytest.raises(PerfsheetError) as caught:
        profile(request("pytest test_hang.py"), ActsOnce(hangs, Clock(monkeypatch).pass_every_limit))
    assert caught.value.status == ExitStatus.TIMEOUT
    assert "test_hang.py::test_hang" in caught.value.message
