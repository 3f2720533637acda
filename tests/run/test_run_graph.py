"""The second run of a target, for TTNN's graph report, against a stand-in for TTNN."""

from __future__ import annotations

import json
import sqlite3
import sys
from pathlib import Path

import pytest
from profiling import ActsOnce, Clock, RecordingWatch, hangs
from support.command import PATIENCE_S, PYTEST_WITHOUT_TEST_TOOLS

from perfsheet.errors import ExitStatus, PerfsheetError
from perfsheet.progress import Phase
from perfsheet.provenance import RunRecord
from perfsheet.run import RunOutcome, RunRequest, TargetVerdict, capture_graph
from perfsheet.run.workspace import graph_environment

pytestmark = pytest.mark.process

STANDIN = Path(__file__).parents[1] / "standins" / "fake_ttnn"
TARGET = """
import os, time, pytest, ttnn
@pytest.fixture
def device():
    device = ttnn.open_device(device_id=0)
    yield device
    ttnn.close_device(device)
def test_fixture(device): ttnn.relu(device)
def test_body():
    device = ttnn.open_device(device_id=0)
    ttnn.relu(device)
    ttnn.close_device(device)
    assert not os.environ.get("FAIL")
def test_hang(): time.sleep(600 if os.environ.get("HANG") else 0)
"""
SCRIPT = """
from ttnn import open_device, relu
first = open_device(0)
relu(first)
second = open_device(1)
relu(second)
"""


RECORD = RunRecord(
    command="pytest test_it.py",
    argv=(),
    folder="/here",
    environment={},
    versions={},
    interpreter=sys.executable,
    tt_metal_home=None,
    tt_metal_commit=None,
    host="host",
    system="Linux",
    devices=(),
    simulator=None,
    started="2026-01-01T00:00:00+00:00",
    ended="2026-01-01T00:00:09+00:00",
    duration_s=9.0,
    profiler_status=0,
    target_status=0,
    inputs=(),
    log="/here/run.log",
)


@pytest.fixture
def reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the ops CSV; the current folder has the targets."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(STANDIN))
    for name in ("PYTEST_PLUGINS", "STANDIN_TTNN", "TTNN_CONFIG_OVERRIDES"):
        monkeypatch.delenv(name, raising=False)
    for name, value in PYTEST_WITHOUT_TEST_TOOLS.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "test_it.py").write_text(TARGET)
    (tmp_path / "it.py").write_text(SCRIPT)
    folder = tmp_path / "reports" / "2026"
    folder.mkdir(parents=True)
    return folder


def capture(
    reports: Path, command: str = "pytest test_it.py", watch: RecordingWatch | None = None
) -> tuple[RunOutcome, RecordingWatch]:
    watch = watch or RecordingWatch()
    profiled = RunOutcome(reports / "ops.csv", reports / "run.log", TargetVerdict("pytest", 0), RECORD)
    request = RunRequest(command, python=sys.executable, timeout_s=PATIENCE_S)
    return capture_graph(request, profiled, watch), watch


def ops(database: Path) -> int:
    return int(sqlite3.connect(database).execute("SELECT count(*) FROM operations").fetchone()[0])


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_all_tests_of_a_target_are_one_report(reports: Path) -> None:
    outcome, watch = capture(reports)
    assert outcome.graph_report == reports / "graph"
    assert outcome.record.graph_report == "graph"
    assert files(reports / "graph") == ["config.json", "db.sqlite"]
    assert ops(reports / "graph" / "db.sqlite") == 2
    assert (watch.phases, watch.notices) == ([Phase.GRAPH], [])
    assert watch.tests[0][0] == "test_it.py::test_fixture"
    (log,) = reports.glob("perfsheet_graph_*.log")
    assert log.read_text(encoding="utf-8").splitlines() == watch.lines


def test_script_whose_devices_stay_open(reports: Path) -> None:
    outcome, watch = capture(reports, "python it.py")
    assert watch.notices == []
    assert outcome.graph_report is not None
    assert ops(outcome.graph_report / "db.sqlite") == 2


def test_capture_is_active_while_any_device_is_open(reports: Path) -> None:
    Path("it.py").write_text(
        "import ttnn\nactive = ttnn.graph.is_graph_capture_active\n"
        "first, second = ttnn.CreateDevice(0), ttnn.open_device(1)\nassert active()\n"
        "ttnn.close_device(first)\nassert active()\nttnn.relu(second)\n"
        "ttnn.close_device(second)\nassert not active()\n"
    )
    assert capture(reports, "python it.py")[1].notices == []
    assert ops(reports / "graph" / "db.sqlite") == 1


def test_target_that_looks_for_ttnn_before_it_imports_it(reports: Path) -> None:
    Path("it.py").write_text(
        "import importlib.util\nassert importlib.util.find_spec('ttnn')\nimport ttnn\nttnn.relu(ttnn.open_device(0))\n"
    )
    assert capture(reports, "python it.py")[1].notices == []
    assert ops(reports / "graph" / "db.sqlite") == 1


def test_captures_that_cannot_become_one_report(reports: Path) -> None:
    expected = ["config.json", "graph_0001/db.sqlite", "graph_0002/db.sqlite"]
    assert capture(reports, "STANDIN_TTNN=unstacked python it.py")[1].notices == []
    assert files(reports / "graph") == expected
    Path("it.py").write_text(SCRIPT.replace("relu(second)", "for _ in range(3): relu(second)"))
    other = reports.with_name("other")
    other.mkdir()
    capture(other, "python it.py")
    assert files(other / "graph") == expected


def test_ttnn_that_writes_the_database_itself(reports: Path) -> None:
    outcome, watch = capture(reports, "STANDIN_TTNN=database pytest test_it.py")
    assert watch.notices == []
    assert outcome.graph_report is not None
    assert files(outcome.graph_report) == ["graph/db.sqlite"]


def test_own_captures_of_the_target_stay_its_own(reports: Path) -> None:
    Path("it.py").write_text(
        "import ttnn\nfrom ttnn import graph\n"
        "graph.begin_graph_capture(graph.RunMode.NORMAL)\nttnn.relu(0)\n"
        "assert len(graph.end_graph_capture_to_file('mine.json')) == 2\n" + SCRIPT
    )
    assert capture(reports, "python it.py")[1].notices == []
    assert ops(reports / "graph" / "db.sqlite") == 2


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("STANDIN_TTNN=plain pytest test_it.py", "this ttnn has no graph capture"),
        ("pytest test_it.py -k hang", "no op ran on a device that ttnn had opened"),
        ("pytest test_it.py -k nothing", "pytest ran no test"),
        ("python -m json.tool test_it.py", "the target failed: exit status 1"),
        ("TTNN_CONFIG_OVERRIDES='{\"no\": 1}' python it.py", "the target failed: exit status 1"),
    ],
)
def test_what_leaves_no_report_is_said_in_one_line(reports: Path, command: str, said: str) -> None:
    outcome, watch = capture(reports, command)
    assert outcome.graph_report is None
    assert outcome.record.graph_report is None
    (notice,) = watch.notices
    assert notice.startswith("warning: there is no graph report: ")
    assert said in notice


def test_failing_tests_leave_a_report(reports: Path) -> None:
    outcome, watch = capture(reports, "FAIL=1 pytest test_it.py")
    (notice,) = watch.notices
    assert notice.startswith("warning: the graph report may be incomplete: tests failed: 2 passed, 1 failed")
    assert "perfsheet_graph_" in notice
    assert not outcome.tests_failed
    assert ops(reports / "graph" / "db.sqlite") == 2


def test_capture_that_cannot_be_imported_is_kept(reports: Path) -> None:
    outcome, watch = capture(reports, "STANDIN_TTNN=unreadable pytest test_it.py")
    assert outcome.graph_report is not None
    assert files(outcome.graph_report)[0] == "graph_0001.json"
    assert watch.notices == [
        "warning: the graph report may be incomplete: TTNN's graph capture failed: ValueError: no such schema"
    ]


def test_time_limit_is_of_the_second_run_alone(reports: Path, clock: Clock) -> None:
    watch = ActsOnce(hangs, clock.pass_every_limit)
    capture(reports, "HANG=1 pytest test_it.py", watch)
    assert "the run was stopped in test_it.py::test_hang after its time limit" in watch.notices[0]


def test_interrupt_says_where_the_profiled_report_is(reports: Path) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(PerfsheetError) as caught:
        capture(reports, "HANG=1 pytest test_it.py", ActsOnce(hangs, interrupt))
    assert caught.value.status == ExitStatus.INTERRUPTED
    assert f"the report of the profiled run is kept: {reports / 'ops.csv'}" in caught.value.hint


@pytest.mark.parametrize("given", ["", "[1]", "not JSON", '{"enable_fast_runtime_mode": true, "cache_path": "/x"}'])
def test_configuration_of_the_user_is_kept(given: str) -> None:
    environment = {"TTNN_CONFIG_OVERRIDES": given, "PYTEST_PLUGINS": "theirs", "TT_METAL_DEVICE_PROFILER": "1"}
    made = graph_environment(environment, Path("here"))
    assert made["PERFSHEET_GRAPH"] == "here"
    assert made["PYTEST_PLUGINS"].split(",") == ["perfsheet_graph", "theirs"]
    assert "TT_METAL_DEVICE_PROFILER" not in made
    kept = {} if not given else json.loads(given) if given.startswith("{") else None
    if kept is None:  # TTNN's own message about it is of more use than a run with another configuration
        assert made["TTNN_CONFIG_OVERRIDES"] == given
    else:
        assert json.loads(made["TTNN_CONFIG_OVERRIDES"]) == {**kept, "enable_fast_runtime_mode": False}
    assert environment["PYTEST_PLUGINS"] == "theirs"
    assert graph_environment({}, Path("here")).keys() == {"TTNN_CONFIG_OVERRIDES", "PERFSHEET_GRAPH"}
