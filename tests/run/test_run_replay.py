from __future__ import annotations

import sys
from pathlib import Path

import pytest
from profiling import ActsOnce, Clock, RecordingWatch, hangs
from support.command import PATIENCE_S, PYTEST_WITHOUT_TEST_TOOLS

from perfsheet.errors import ExitStatus, PerfsheetError
from perfsheet.run import RunOutcome, RunRequest, Watch, replay

pytestmark = pytest.mark.process


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTEST_PLUGINS", raising=False)
    for name, value in PYTEST_WITHOUT_TEST_TOOLS.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "test_it.py").write_text(
        "import os\ndef test_a(): pass\ndef test_b(): assert not os.environ.get('FAIL')"
    )


def run(command: str, folder: Path, **options: object) -> tuple[RunOutcome, list[str]]:
    watch = RecordingWatch()
    request = RunRequest(command, output_dir=folder, **options)  # type: ignore[arg-type]
    return replay(request, [], watch), watch.lines


def test_target_runs_without_a_profiler(tmp_path: Path) -> None:
    outcome, lines = run("pytest test_it.py", tmp_path)
    assert (outcome.csv, outcome.replayed, outcome.tests_failed) == (None, True, False)
    assert outcome.record.argv == (sys.executable, "-m", "pytest", "test_it.py")
    assert outcome.log.read_text(encoding="utf-8").splitlines() == lines
    assert outcome.log.is_relative_to(tmp_path)


def test_failing_test_is_an_outcome(tmp_path: Path) -> None:
    outcome, _ = run("FAIL=1 pytest test_it.py", tmp_path)
    assert outcome.tests_failed
    assert outcome.record.profiler_status == 1
    assert outcome.verdict.failed == 1


def test_script(tmp_path: Path) -> None:
    (tmp_path / "it.py").write_text("import sys; sys.exit(sys.argv[1:] != ['a b'])")
    assert not run("python it.py 'a b'", tmp_path)[0].tests_failed
    assert run("it.py", tmp_path)[0].tests_failed


def test_log_is_kept_where_no_folder_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    outcome = replay(RunRequest("pytest test_it.py"), [], Watch())
    assert outcome.log.is_relative_to(tmp_path / "tmp")
    assert outcome.log.stat().st_size > 0


@pytest.mark.parametrize(
    ("command", "status", "said"),
    [
        ("pytest -k nothing", ExitStatus.NOTHING_RAN, "ran no test"),
        ("pytest --no-such-option", ExitStatus.USAGE, "rejected"),
        ("python missing.py", ExitStatus.USAGE, "no script"),
    ],
)
def test_what_is_no_outcome(tmp_path: Path, command: str, status: ExitStatus, said: str) -> None:
    with pytest.raises(PerfsheetError) as caught:
        run(command, tmp_path)
    assert caught.value.status == status
    assert said in caught.value.message


def test_time_limit(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "test_hang.py").write_text("import time\ndef test_hang(): time.sleep(600)")
    request = RunRequest("python -m pytest", output_dir=tmp_path, timeout_s=PATIENCE_S)
    with pytest.raises(PerfsheetError) as caught:
        replay(request, [], ActsOnce(hangs, clock.pass_every_limit))
    assert caught.value.status == ExitStatus.TIMEOUT
    assert "test_hang.py::test_hang" in caught.value.message


def test_interpreter_without_pytest(tmp_path: Path) -> None:
    (tmp_path / "pytest.py").write_text("raise ImportError('no pytest here')")
    with pytest.raises(PerfsheetError) as caught:
        run("pytest test_it.py", tmp_path)
    assert caught.value.status == ExitStatus.NOTHING_RAN
    assert "no pytest here" in caught.value.message
