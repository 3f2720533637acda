"""What a killed perfsheet leaves behind, and who tidies it up."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.captures import op, write_csv
from support.command import environment, perfsheet, wait_until

from perfsheet.atomic_write import PARTIAL_FILES
from perfsheet.machine.processes import is_alive, lives, own_name
from perfsheet.run import leftovers

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(sys.platform != "linux", reason="processes are followed through /proc"),
]

TARGET = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
open("pid", "w").write(str(os.getpid()))
time.sleep(600)
"""


@pytest.fixture
def killed(tmp_path: Path) -> int:
    """The process of a target that ignores SIGTERM, whose perfsheet was killed."""
    (tmp_path / "target.py").write_text(TARGET)
    (tmp_path / "tmp").mkdir()
    capture = write_csv(tmp_path / "run.csv", [op()])
    command = [
        sys.executable,
        "-m",
        "perfsheet",
        "run",
        "-c",
        "python target.py",
        "--replay",
        str(capture),
        "-o",
        "out",
    ]
    running = subprocess.Popen(
        command,
        cwd=tmp_path,
        env=environment(TMPDIR=str(tmp_path / "tmp")),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text(), "the target has started")
    running.send_signal(signal.SIGKILL)
    running.wait()
    return int((tmp_path / "pid").read_text())


def test_doctor_cleans_up(killed: int, tmp_path: Path) -> None:
    assert is_alive(killed)
    assert len(list((tmp_path / "tmp").glob(f"{leftovers.TEMPORARY}*"))) == 1
    old = tmp_path / PARTIAL_FILES.replace("*", "0123456789abcdef")
    old.write_text("half a workbook")
    os.utime(old, (time.time() - 7200,) * 2)
    seen = perfsheet("doctor", cwd=tmp_path, TMPDIR=str(tmp_path / "tmp"))
    assert f"process {killed} was left by a run that was killed" in seen.out
    cleaned = perfsheet("doctor", "--clean", cwd=tmp_path, TMPDIR=str(tmp_path / "tmp"))
    assert f"process {killed}, left over from a killed run, is ended" in cleaned.err
    assert not is_alive(killed)
    assert list((tmp_path / "tmp").glob(f"{leftovers.TEMPORARY}*")) == []
    assert not old.exists()


def test_names_of_processes() -> None:
    assert lives(own_name())
    for gone in ("999999999:1.00", f"{os.getpid()}:1.00", "", "x", ":"):
        assert not lives(gone)


def test_what_is_of_others_or_in_use_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    mine = tmp_path / f"{leftovers.TEMPORARY}mine"
    mine.mkdir()
    leftovers.claim(mine)
    (tmp_path / f"{leftovers.TEMPORARY}starting").mkdir()
    (tmp_path / f"{leftovers.TEMPORARY}link").symlink_to(tmp_path)
    (tmp_path / "another").mkdir()
    (tmp_path / PARTIAL_FILES.replace("*", "0")).write_text("being written")
    assert leftovers.find([tmp_path], [tmp_path]).paths == ()
    (mine / ".owner").write_text("999999999:1.00")
    assert leftovers.find([tmp_path], [tmp_path]).paths == (mine,)
