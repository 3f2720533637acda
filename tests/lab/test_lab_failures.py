"""Every way in which a run under the real `python -m tracy` can go wrong: one sentence, a status, nothing left running.

The fixture `lab` sees to the last. docs/running.md lists these failures with the names of these tests.
"""

from __future__ import annotations

import math
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.command import PATIENCE_S
from support.limits import file_size_limit, without_root_rights
from tracy_lab import PYTHON, Ended, needs_tracy, run, run_and_signal, tool_names

from perfsheet.run.toolchain import CAPTURE_TOOLS

pytestmark = needs_tracy

WORK = ("-c", "pytest test_target.py::test_work")
SLOW = """
import time, raw_logs
def test_slow():
    raw_logs.emit()
    time.sleep(600)
"""


def time_limit() -> str:
    """Seconds in which a run gets everywhere on this machine, as busy as it is: a whole run, and some more."""
    began = time.monotonic()
    assert run(*WORK).status == 0
    return str(math.ceil(time.monotonic() - began) + 8)


def log_named_in(ended: Ended) -> str:
    return Path(ended.sentence.partition("the full output is in ")[2].partition("; ")[0]).read_text(encoding="utf-8")


def reports(lab: Path) -> list[Path]:
    return sorted((lab / "generated" / "profiler" / "reports").glob("**/ops_perf_results*.csv"))


def test_tools_missing(lab: Path) -> None:
    (lab / "build" / "tools" / "profiler" / "bin" / tool_names()[0]).unlink()
    ended = run(*WORK)
    assert ended.status == 4
    assert f"capture tools {' and '.join(tool_names())} are not in" in ended.sentence
    assert "--tt-metal-home" in ended.sentence
    assert not (lab / "generated").exists()


def test_tools_of_another_version(lab: Path) -> None:
    tools = lab / "build" / "tools" / "profiler" / "bin"
    others = next(pair for pair in CAPTURE_TOOLS if pair != tool_names())
    for mine, other in zip(tool_names(), others, strict=True):
        (tools / mine).rename(tools / other)
    ended = run(*WORK)
    assert ended.status == 4
    assert "but the build in" in ended.sentence
    assert f"has {' and '.join(others)}" in ended.sentence


def test_interpreter_without_the_profiler(lab: Path) -> None:
    ended = run(*WORK, python=sys.executable)
    assert ended.status == 4
    assert "(Python module 'tracy') is not installed" in ended.sentence


def test_wheel_without_tracy(lab: Path) -> None:
    """The wheel's own refusal: it is built without the profiler."""
    (lab / "test_wheel.py").write_text("import ttnn\n\ndef test_open():\n    ttnn.open_device(device_id=0)\n")
    ended = run("-c", "pytest test_wheel.py")
    assert ended.status == 4
    assert "built without the profiler" in ended.sentence
    assert "requires a Tracy-enabled build" in log_named_in(ended)


def test_test_fails_and_the_report_is_written(lab: Path) -> None:
    ended = run("-c", "pytest test_target.py -k 'work or fail'", LAB_FAIL="1")
    assert ended.status == 1
    assert ended.workbook.is_file()
    assert "tests failed: 1 passed, 1 failed" in ended.sentence


def test_test_fails_without_a_device_op(lab: Path) -> None:
    ended = run("-c", "pytest test_target.py::test_fail", LAB_FAIL="1")
    assert ended.status == 1
    assert "1 failed in" in ended.sentence
    assert "no ops CSV was written" in ended.sentence


def test_no_test_collected(lab: Path) -> None:
    ended = run("-c", "pytest test_target.py -k nothing")
    assert ended.status == 5
    assert "pytest ran no test" in ended.sentence


@pytest.mark.parametrize("arguments", ["--no-such-option", "no_such_file.py"])
def test_pytest_usage_error(lab: Path, arguments: str) -> None:
    ended = run("-c", f"pytest {arguments}")
    assert ended.status == 2
    assert "pytest rejected the command" in ended.sentence


def test_option_that_this_profiler_does_not_have(lab: Path) -> None:
    ended = run(*WORK, "--", "--push-device-data-mid-run")
    assert ended.status == 2
    assert "this profiler has no option --push-device-data-mid-run (ttnn 0." in ended.sentence
    assert "--dump-device-data-mid-run" in ended.sentence


@pytest.mark.parametrize(
    ("files", "arguments", "status", "said"),
    [
        (
            {"test_imp.py": "import not_there"},
            "test_imp.py",
            1,
            "test_imp.py: ModuleNotFoundError: No module named 'not_there'",
        ),
        (
            {"test_exit.py": "import pytest\ndef test_a(): pytest.exit('no board')"},
            "test_exit.py",
            1,
            "pytest stopped: no board",
        ),
        ({"conftest.py": "import not_there"}, "test_target.py", 2, "ModuleNotFoundError: No module named 'not_there'"),
        ({}, "-p nosuchplugin test_target.py", 6, "No module named 'nosuchplugin'"),
    ],
    ids=["import", "exit", "conftest", "plugin"],
)
def test_target_that_cannot_start(lab: Path, files: dict[str, str], arguments: str, status: int, said: str) -> None:
    """The reason is in the sentence, and nobody waits two minutes for the capture tool."""
    for name, text in files.items():
        (lab / name).write_text(text)
    began = time.monotonic()
    ended = run("-c", f"pytest -q {arguments}")
    assert ended.status == status
    assert said in ended.sentence
    assert time.monotonic() - began < 60


def test_option_of_the_profiler_without_its_value(lab: Path) -> None:
    ended = run(*WORK, "--", "--op-support-count")
    assert ended.status in (2, 6)
    assert "--op-support-count" in ended.sentence


@pytest.mark.parametrize("body", ["pass", "import raw_logs; raw_logs.emit_nothing()"])
def test_no_op_ran(lab: Path, body: str) -> None:
    (lab / "test_host.py").write_text(f"def test_host():\n    {body}\n")
    ended = run("-c", "pytest test_host.py")
    assert ended.status == 5
    assert "no op on a device" in ended.sentence


def test_capture_tool_crashes(lab: Path) -> None:
    ended = run(*WORK, STANDIN_CAPTURE_EXIT="1")
    assert ended.status == 6
    assert (
        "capture tool crashed" in ended.sentence or "capture tool left no trace" in ended.sentence
    )  # since 0.75, before


def test_capture_tool_never_ends(lab: Path) -> None:
    """The profiler itself gives up: 0.81 after two minutes, 0.70 after 15 seconds."""
    ended = run(*WORK, STANDIN_CAPTURE_HANG="1")
    assert ended.status == 6
    assert "the profiler gave up waiting for its capture tool" in ended.sentence


def test_capture_tool_never_ends_and_a_time_limit(lab: Path) -> None:
    limit = time_limit()
    ended = run(*WORK, "--timeout", limit, STANDIN_CAPTURE_HANG="1")
    assert ended.status == 124
    assert f"while the capture tool saved the trace after its time limit of {limit} s" in ended.sentence


def test_post_processing_raises(lab: Path) -> None:
    ended = run(*WORK, STANDIN_LOGS="no-times")
    assert ended.status == 6
    assert "the profiler failed after the target ran (1 passed" in ended.sentence
    assert "KeyError: 'host_time'" in ended.sentence
    kept = Path(ended.sentence.partition("the raw logs are kept in ")[2])
    assert (kept / ".logs" / "profile_log_device.csv").is_file()


@pytest.mark.parametrize("damage", ["missing", "mismatch"])
def test_device_data_missing_or_mismatch(lab: Path, damage: str) -> None:
    ended = run(*WORK, STANDIN_LOGS=damage)
    assert ended.status == 6
    assert "device markers were dropped" in ended.sentence
    assert "--op-support-count" in ended.sentence
    assert "--dump-device-data-mid-run" in ended.sentence
    assert f"Device data {damage}" in log_named_in(ended)


@pytest.mark.parametrize("capture", ["-s", "-q"])
def test_buffers_were_full_but_a_report_was_written(lab: Path, capture: str) -> None:
    """Also when pytest keeps the runtime's words to itself, as it does with the output of a test that passes."""
    ended = run("-c", f"pytest {capture} test_target.py::test_work", STANDIN_LOGS="full")
    assert ended.status == 0
    warning = next(line for line in ended.err.splitlines() if "buffers were full" in line)
    assert warning.startswith("warning: the profiler's buffers were full 1× (device 0) and markers were dropped")
    assert "--op-support-count" in warning
    assert "--dump-device-data-mid-run" in warning


def test_target_hangs(lab: Path) -> None:
    (lab / "test_hang.py").write_text(SLOW)
    limit = time_limit()
    ended = run("-c", "pytest test_hang.py", "--timeout", limit)
    assert ended.status == 124
    assert f"in test_hang.py::test_slow after its time limit of {limit} s" in ended.sentence


def test_target_waits_for_a_stale_device_lock(lab: Path) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    (lab / "test_lock.py").write_text(
        "import time\n\ndef test_lock():\n"
        "    print(\"Waiting for lock 'CHIP_IN_USE_0_PCIe' which is currently held by thread TID: 1, "
        f'PID: {gone.pid}", flush=True)\n    time.sleep(600)\n'
    )
    ended = run("-c", "pytest -s test_lock.py", "--timeout", time_limit())
    assert ended.status == 124
    told, last = ended.sentences
    assert told.endswith(f"waiting for the device lock CHIP_IN_USE_0_PCIe, held by process {gone.pid}, which is gone")
    assert f"waiting for the device lock CHIP_IN_USE_0_PCIe, held by process {gone.pid}" in last
    assert "tt-smi -r" in last


def test_target_dies(lab: Path) -> None:
    (lab / "test_dies.py").write_text(
        "import os, raw_logs\n\ndef test_dies():\n    raw_logs.emit()\n    os.kill(os.getpid(), 9)\n"
    )
    ended = run("-c", "pytest test_dies.py")
    assert ended.status == 1
    assert ended.workbook.is_file()
    assert "then pytest died in test_dies.py::test_dies" in ended.sentence


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    ("at", "variables"),
    [
        ("] start", {}),
        ("] collect", {}),
        ("] run", {}),
        ("] capture", {"STANDIN_CAPTURE_SLEEP": "600"}),
        ("] post-process", {"STANDIN_EXPORT_SLEEP": "600"}),
    ],
    ids=lambda value: value.strip("] ") if isinstance(value, str) else "",
)
def test_interrupted(lab: Path, number: signal.Signals, at: str, variables: dict[str, str]) -> None:
    """At every stage; a second signal right after the first does not leave anything behind."""
    slow = at in ("] collect", "] run")
    (lab / "test_slow.py").write_text(f"import time\ntime.sleep({600 if at == '] collect' else 0})\n" + SLOW)
    ended = run_and_signal(number, at, *(("-c", "pytest test_slow.py") if slow else WORK), **variables)
    assert ended.status == 130
    assert "interrupted" in ended.sentence
    assert reports(lab) == []
    assert not (lab / "generated" / "profiler" / "in-progress").exists()


def test_output_folder_is_not_writable(lab: Path) -> None:
    folder = lab / "locked"
    folder.mkdir(mode=0o500)
    with without_root_rights():
        ended = run(*WORK, "-o", str(folder))
    assert ended.status == 7
    assert "cannot make the report folder" in ended.sentence
    assert "Permission denied" in ended.sentence


def test_disk_is_full_while_the_workbook_is_written(lab: Path) -> None:
    """The limit is on the size of a file: the target lifts it for itself, the log passes, the workbook does not."""
    (lab / "test_big.py").write_text(
        "import resource, raw_logs\n\ndef test_big():\n"
        "    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))\n    raw_logs.emit()\n"
    )
    with file_size_limit(14_000):
        ended = run("-c", "pytest test_big.py")
    assert ended.status == 7
    assert ".xlsx cannot be written: File too large" in ended.sentence
    (csv,) = reports(lab)
    assert [path.name for path in csv.parent.iterdir() if "xlsx" in path.name] == []


def test_two_runs_at_once_in_one_folder(lab: Path) -> None:
    """Each gets its own ops, although the profiler empties the log folder and names reports by the second."""
    (lab / "test_one.py").write_text("import raw_logs\n\ndef test_one():\n    raw_logs.emit(raw_logs.BLOCK * 1)\n")
    (lab / "test_two.py").write_text("import raw_logs\n\ndef test_two():\n    raw_logs.emit(raw_logs.BLOCK * 2)\n")
    command = [sys.executable, "-m", "perfsheet", "run", "--python", PYTHON, "--quiet", "-c"]
    both = [subprocess.Popen([*command, f"pytest test_{name}.py"]) for name in ("one", "two")]
    assert [process.wait(timeout=PATIENCE_S) for process in both] == [0, 0]
    found = {
        len(csv.read_text().splitlines()) - 1: (csv.parent / "run.json").read_text(encoding="utf-8")
        for csv in reports(lab)
    }
    assert sorted(found) == [3, 6]
    assert "test_one.py::test_one" in found[3]
    assert "test_two.py::test_two" in found[6]


def test_older_csv_is_never_analysed_as_if_new(lab: Path) -> None:
    assert run(*WORK).status == 0
    (before,) = reports(lab)
    (lab / "test_host.py").write_text("import raw_logs\n\ndef test_host():\n    raw_logs.emit_nothing()\n")
    assert run("-c", "pytest test_host.py").status == 5
    assert reports(lab) == [before]
