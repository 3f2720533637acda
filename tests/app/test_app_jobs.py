"""Commands that the page starts: one at a time, stopped as Ctrl-C would, with their log."""

from __future__ import annotations

import pytest
from support.command import wait_until

from perfsheet import PerfsheetError
from perfsheet.app import jobs
from perfsheet.machine.processes import ProcessTree

pytestmark = pytest.mark.process


@pytest.fixture
def work(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(jobs._Jobs, "all", {})
    (tmp_path / "slow.py").write_text("import time\n\ndef f(seconds=0.0):\n    time.sleep(seconds)\n")
    yield tmp_path / "work"
    jobs.stop_all()


def start(work, *words):
    folder = jobs.new_folder(work, "models", "slow")
    return jobs.start("models", ["bench", *words, "-o", str(folder / "results"), "--json"], folder)


def test_a_command_runs_to_its_end(work):
    job = start(work, "slow.py:f", "-n", "2")
    assert job.wait(120)
    assert (job.status, job.stopped) == (0, False)
    assert (job.folder / jobs.RESULT).read_text().startswith("{")
    assert any("variant 1 of 1" in line for line in job.tail(50))
    assert jobs.get(job.id) is job
    assert jobs.newest("models") is job
    assert jobs.newest("suite") is None


def test_one_at_a_time_and_what_was_measured_is_kept(work):
    job = start(work, "slow.py:f", "--vary", "seconds=0.05", "-n", "10000")
    with pytest.raises(PerfsheetError, match="still runs") as refused:
        start(work, "slow.py:f")
    assert refused.value.status == 2
    runs = job.folder / "results" / "runs.csv"
    wait_until(lambda: runs.is_file() and runs.read_text().count("\n") > 3, "a few runs")
    job.stop()
    wait_until(lambda: not job.running, "its end")
    assert job.stopped
    assert job.status == 130
    assert (job.folder / "results" / "bench.xlsx").is_file()
    assert jobs.running() is None
    assert start(work, "slow.py:f", "-n", "1").wait(120)


def test_what_does_not_end_is_ended(work, tmp_path, monkeypatch):
    (tmp_path / "deaf.py").write_text(
        "import signal, subprocess, sys, time\n\ndef f():\n"
        "    subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(300)'], start_new_session=True)\n"
        "    print('deaf', flush=True)\n    time.sleep(300)\n"
    )
    folder = jobs.new_folder(work, "models", "deaf")
    job = jobs.start("models", ["bench", "deaf.py:f", "-n", "1", "-o", str(folder / "results")], folder)
    log = folder / "results" / "bench.log"
    wait_until(lambda: log.is_file() and "deaf" in log.read_text(), "its start")
    job.end(0.1)
    assert not job.running
    assert ProcessTree(None, jobs.JOB_ID, job.id).living() == set()


def test_modules_of_the_current_folder_are_not_taken_for_libraries(work, tmp_path):
    (tmp_path / "typer.py").write_text("raise SystemExit(99)\n")
    job = start(work, "slow.py:f", "-n", "1")
    assert job.wait(120)
    assert job.status == 0


def test_credentials_are_masked():
    assert "hunter2" not in jobs.command_of(["run", "-c", "pytest a.py --password hunter2"])


def test_folders_never_collide(work):
    assert len({jobs.new_folder(work, "profile", "a/b::c[x]") for _ in range(5)}) == 5


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(PerfsheetError, match="cannot be made"):
        jobs.new_folder(tmp_path / "file", "models", "x")
