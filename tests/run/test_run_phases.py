"""What a run tells while it goes on, and what it records, against the stand-in for the profiler's front end."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
from profiling import RecordingWatch, listen

from perfsheet._version import __version__
from perfsheet.errors import PerfsheetError
from perfsheet.progress import Phase
from perfsheet.run import RunRequest, Watch, collect

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(sys.platform == "win32", reason="the profiler runs on Linux only"),
]


def test_phases_tests_and_steps(home: Path) -> None:
    (home / "test_it.py").write_text("import time\ndef test_a(): time.sleep(0.5)\ndef test_b(): time.sleep(0.5)\n")
    watch = RecordingWatch()
    listen(watch)
    assert watch.phases == [Phase.START, Phase.COLLECT, Phase.RUN, Phase.CAPTURE, Phase.POST_PROCESS]
    assert watch.tests == [("test_it.py::test_a", 1, 2), ("test_it.py::test_b", 2, 2)]
    assert watch.steps[-1] == (8, 8)


def test_notice_of_a_device_lock(home: Path) -> None:
    (home / "test_it.py").write_text(
        "def test_a():\n    for _ in range(3):\n        print(\"Waiting for lock 'CHIP_IN_USE_0_PCIe' "
        'which is currently held by thread TID: 1, PID: 1")\n'
    )
    watch = RecordingWatch()
    outcome = listen(watch, "pytest -s test_it.py")
    assert outcome.csv is not None
    assert watch.notices == ["perfsheet: waiting for the device lock CHIP_IN_USE_0_PCIe, held by process 1"]


def test_target_that_never_opens_a_device_is_not_waited_for(home: Path) -> None:
    (home / "test_it.py").write_text("import os\ndef test_a(): os._exit(0)\n")
    with pytest.raises(PerfsheetError) as caught:
        listen(Watch(), "STANDIN_FAULT=waiting pytest test_it.py")
    assert "then pytest died in test_it.py::test_a, and no ops CSV was written" in caught.value.message


def test_record(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TT_METAL_SIMULATOR", "/opt/sim")
    monkeypatch.setenv("TT_METAL_SECRET", "s3cret")
    (home / "CMakeLists.txt").touch()
    (home / "tt_metal").mkdir()
    git = ["git", "-C", str(home), "-c", "user.name=n", "-c", "user.email=e"]
    for command in (["init", "-q"], ["add", "CMakeLists.txt"], ["commit", "-qm", "one"]):
        subprocess.run([*git, *command], check=True)
    head = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    outcome = listen(Watch(), "MY_TOKEN=s3cret pytest test_it.py -k passes")
    record = outcome.record
    assert outcome.csv is not None
    assert record.command == "MY_TOKEN=*** pytest test_it.py -k passes"
    assert record.argv[:3] == (sys.executable, "-m", "tracy")
    assert record.folder == str(home)
    assert record.environment["TT_METAL_HOME"] == str(home)
    assert "s3cret" not in json.dumps(outcome.provenance.record.__dict__, default=str)
    assert record.versions["perfsheet"] == __version__
    assert record.versions["pytest"] == pytest.__version__
    assert record.versions["ttnn"] is None
    assert (record.tt_metal_home, record.tt_metal_commit) == (str(home), head)
    assert record.simulator == "/opt/sim"
    assert record.started <= record.ended
    assert (record.profiler_status, record.target_status) == (0, 0)
    assert [(Path(file.path), file.size_bytes, file.sha256) for file in record.inputs] == [
        (path, path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest())
        for path in (outcome.csv, home / "test_it.py")
    ]


def test_commit_of_a_changed_checkout_says_so(home: Path) -> None:
    from perfsheet.machine.checkout import commit

    assert commit(home) is None
    (home / "CMakeLists.txt").touch()
    (home / "tt_metal").mkdir()
    git = ["git", "-C", str(home), "-c", "user.name=n", "-c", "user.email=e"]
    for command in (["init", "-q"], ["add", "CMakeLists.txt"], ["commit", "-qm", "one"]):
        subprocess.run([*git, *command], check=True)
    clean = commit(home)
    (home / "CMakeLists.txt").write_text("changed")
    assert commit(home) == f"{clean}-dirty"


CASES = """
import pytest
@pytest.mark.parametrize("n", [1, 2, "a b", "größe"])
def test_case(n): pass
def test_other(): assert 0
"""


def test_collect_names_the_cases_and_runs_none(home: Path) -> None:
    (home / "test_it.py").write_text(CASES, encoding="utf-8")
    request = RunRequest("pytest test_it.py -k case", python=sys.executable)
    found = [nodeid.partition("::")[2] for nodeid in collect(request, Watch())]
    assert found == ["test_case[1]", "test_case[2]", "test_case[a b]", r"test_case[gr\xf6\xdfe]"]


def test_only_one_case_runs(home: Path) -> None:
    (home / "test_it.py").write_text(CASES, encoding="utf-8")
    watch = RecordingWatch()
    outcome = listen(watch, "pytest test_it.py", only="test_it.py::test_case[a b]")
    assert [test.nodeid for test in outcome.verdict.tests] == ["test_it.py::test_case[a b]"]
    assert watch.tests == [("test_it.py::test_case[a b]", 1, 1)]


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("pytest -k nothing", "pytest ran no test"),
        ("pytest --no-such-option", "rejected"),
        ("pytest broken.py", "could not collect broken.py"),
        ("python it.py", "a script has no cases"),
    ],
)
def test_nothing_to_collect(home: Path, command: str, said: str) -> None:
    (home / "broken.py").write_text("import not_there")
    (home / "it.py").touch()
    with pytest.raises(PerfsheetError) as caught:
        collect(RunRequest(command, python=sys.executable), Watch())
    assert said in caught.value.message
