"""`profile` against a stand-in for the profiler's front end: what a run comes to."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from profiling import failure, log_named_in, run

from perfsheet.errors import ExitStatus

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(sys.platform == "win32", reason="the profiler runs on Linux only"),
]


def test_outcome_of_a_run(home: Path) -> None:
    outcome, lines = run(name="demo")
    assert outcome.csv is not None
    assert outcome.csv.parents[1] == home / "generated" / "profiler" / "reports" / "demo"
    assert outcome.csv.read_text().startswith("OP CODE,")
    assert outcome.verdict.summary.startswith("3 passed in ")
    assert not outcome.tests_failed
    assert not outcome.replayed
    assert outcome.record.argv[:6] == (sys.executable, "-m", "tracy", "-r", "-p", "-v")
    assert outcome.log.parent == outcome.csv.parent
    assert outcome.log.read_text().splitlines() == lines
    assert any("3 passed" in line for line in lines)


def test_failing_test_is_an_outcome_though_the_profiler_ends_with_0(home: Path) -> None:
    outcome, _ = run("FAIL=1 pytest test_it.py")
    assert outcome.csv is not None
    assert outcome.record.profiler_status == 0
    assert outcome.tests_failed
    assert [test.outcome for test in outcome.verdict.tests] == ["passed", "failed", "passed"]


def test_failing_test_without_a_csv(home: Path) -> None:
    error = failure("STANDIN_FAULT=no-op FAIL=1 pytest test_it.py")
    assert error.status == ExitStatus.TESTS_FAILED
    assert "2 passed, 1 failed" in error.message
    assert "def test_fails" in log_named_in(error)


def test_failing_test_that_the_profiler_checks(home: Path) -> None:
    error = failure("FAIL=1 pytest test_it.py", tracy_options=("--check-exit-code",))
    assert error.status == ExitStatus.TESTS_FAILED


@pytest.mark.parametrize(
    ("fault", "status", "said"),
    [
        ("capture-crash", ExitStatus.PROFILER_FAILED, "capture tool crashed (3 passed"),
        ("traceback", ExitStatus.PROFILER_FAILED, "KeyError: 'Op time for op 1024 must present'"),
        ("markers", ExitStatus.PROFILER_FAILED, "--op-support-count"),
        ("tools-missing", ExitStatus.NO_PROFILER, "capture tools"),
        ("wheel", ExitStatus.NO_PROFILER, "built without the profiler"),
        ("no-op", ExitStatus.NOTHING_RAN, "no op on a device"),
        ("device-only", ExitStatus.NOTHING_RAN, "no op on a device"),
    ],
)
def test_fault_of_the_profiler(home: Path, fault: str, status: ExitStatus, said: str) -> None:
    error = failure(f"STANDIN_FAULT={fault} pytest test_it.py")
    assert error.status == status
    assert said in str(error)
    assert log_named_in(error)


@pytest.mark.parametrize(
    ("command", "status", "said"),
    [
        ("pytest test_it.py -k nothing", ExitStatus.NOTHING_RAN, "ran no test"),
        ("pytest --collect-only", ExitStatus.NOTHING_RAN, "ran no test"),
        ("pytest --no-such-option", ExitStatus.USAGE, "rejected the command"),
        ("pytest missing.py", ExitStatus.USAGE, "rejected the command"),
        ("pytest 'test_it.py", ExitStatus.USAGE, "cannot read the command"),
        ("python missing.py", ExitStatus.USAGE, "no script 'missing.py'"),
        ("python -m no_such_module", ExitStatus.TESTS_FAILED, "exit status 1"),
    ],
)
def test_command_that_comes_to_nothing(home: Path, command: str, status: ExitStatus, said: str) -> None:
    error = failure(f"STANDIN_FAULT=no-op {command}")
    assert error.status == status
    assert said in error.message


def test_csv_without_a_test_is_no_outcome(home: Path) -> None:
    assert failure("pytest test_it.py -k nothing").status == ExitStatus.NOTHING_RAN


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_full_disk_ends_the_run(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Path.open
    monkeypatch.setattr(
        Path,
        "open",
        lambda path, mode="r", *how, **kw: (
            opened(Path("/dev/full"), "wb", 0) if path.suffix == ".log" else opened(path, mode, *how, **kw)
        ),
    )
    error = failure()
    assert error.status == ExitStatus.OUTPUT_NOT_WRITTEN
    assert "No space left" in error.message


def test_older_csv_is_never_taken(home: Path) -> None:
    old = run()[0].csv
    assert old is not None
    assert failure("STANDIN_FAULT=no-op pytest test_it.py").status == ExitStatus.NOTHING_RAN
    assert failure(f"STANDIN_FAULT=stale STANDIN_STALE={old} pytest test_it.py").status == ExitStatus.NOTHING_RAN


def test_csv_that_was_not_announced_is_found_under_this_root_only(home: Path, tmp_path: Path) -> None:
    old = run(name="old")[0].csv
    outcome, _ = run("STANDIN_FAULT=silent pytest test_it.py", name="new", output_dir=tmp_path / "elsewhere")
    assert outcome.csv not in (None, old)
    assert outcome.csv is not None
    assert outcome.csv.is_relative_to(tmp_path / "elsewhere")


def test_folders_with_spaces_are_whole_and_their_neighbours_unharmed(home: Path) -> None:
    neighbour = home / "my"
    neighbour.mkdir()
    outcome, _ = run(output_dir=home / "my runs")
    assert outcome.csv is not None
    assert outcome.csv.is_relative_to(home / "my runs" / "reports")
    assert neighbour.is_dir()


def test_scripts(home: Path) -> None:
    (home / "it.py").write_text("import sys; assert sys.argv[1:] == ['a b', '$x'], sys.argv")
    outcome, _ = run("python it.py 'a b' '$x'")
    assert (outcome.verdict.source, outcome.tests_failed) == ("script", False)
    outcome, _ = run("python it.py 'a b'")
    assert outcome.tests_failed


def test_target_that_dies(home: Path) -> None:
    (home / "test_dies.py").write_text("import os\ndef test_dies(): os._exit(0)")
    outcome, _ = run("pytest test_dies.py")
    assert outcome.tests_failed
    assert outcome.verdict.died


def test_report_folder_that_cannot_be_made(home: Path) -> None:
    (home / "file").touch()
    assert failure(output_dir=home / "file" / "runs").status == ExitStatus.OUTPUT_NOT_WRITTEN
