"""Readers that go away early."""

import shutil
import subprocess
import sys

import pytest
from support.command import PATIENCE_S, ROOT, environment

pytestmark = [pytest.mark.process, pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")]

CASES = [
    "top-ops {capture} -n 0",
    "top-ops {capture} -n 0 --json",
    "top-ops {capture} -n 0 --csv",
    "top-ops {capture} -n 0 --group",
    "hotspots {capture} -n 0",
    "hotspots {capture} --json",
]


def piped(line):
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", line],
        capture_output=True,
        text=True,
        env=environment(),
        cwd=ROOT,
        check=False,
        timeout=PATIENCE_S,
    )


@pytest.mark.parametrize("case", CASES)
def test_a_closed_pipe_is_quiet_and_a_success(large_csv, case):
    done = piped(f"{sys.executable} -m perfsheet {case.format(capture=large_csv)} | head -n 1")
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == 1


def test_a_reader_that_never_reads(run_csv):
    done = piped(f"{sys.executable} -m perfsheet top-ops {run_csv} | true")
    assert (done.returncode, done.stderr) == (0, "")


def test_help_into_a_closed_pipe(run_csv):
    done = piped(f"{sys.executable} -m perfsheet top-ops --help | true")
    assert done.stderr == ""


def test_standard_output_that_is_closed_is_no_bug(run_csv):
    done = piped(f"{sys.executable} -m perfsheet top-ops {run_csv} >&-")
    assert "bug" not in done.stderr
    assert "Traceback" not in done.stderr


def test_a_run_goes_on_when_nobody_reads_its_output_any_more(tmp_path, run_csv):
    (tmp_path / "test_it.py").write_text("def test_a(): print('x' * 100_000)\ndef test_b(): assert False")
    command = f"pytest -s {tmp_path}/test_it.py"
    done = piped(f"{sys.executable} -m perfsheet run --replay {run_csv} -c '{command}' | head -n 1")
    assert done.returncode == 1
    assert "1 passed, 1 failed" in done.stderr
    assert run_csv.with_suffix(".xlsx").is_file()


def test_a_standard_error_that_is_closed_keeps_the_exit_status():
    assert piped(f"{sys.executable} -m perfsheet top-ops no-such-file.csv 2>&-").returncode == 3
