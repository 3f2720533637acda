"""Whether there is a profiler, and which interpreter runs the target."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from profiling import failure

from perfsheet.errors import ExitStatus
from perfsheet.run import RunRequest, available

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(sys.platform == "win32", reason="the profiler runs on Linux only"),
]


def test_available(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    request = RunRequest("pytest test_it.py", python=sys.executable)
    assert available(request) is None
    tools = home / "build" / "tools" / "profiler" / "bin"
    (tools / "tracy-capture").rename(tools / "capture-release")
    assert "tracy-capture" in str(available(request))
    (tools / "tracy-csvexport").rename(tools / "csvexport-release")
    assert available(request) is None
    assert "not installed" in str(available(RunRequest("PYTHONPATH= pytest test_it.py", python=sys.executable)))
    assert "nowhere" in str(available(RunRequest("pytest", python=sys.executable, tracy_options=(
        "--tracy-tools-folder", "/nowhere",
    ))))  # fmt: skip


def test_without_a_profiler_nothing_is_started(home: Path) -> None:
    error = failure("PYTHONPATH= pytest test_it.py")
    assert error.status == ExitStatus.NO_PROFILER
    assert "--replay" in error.hint
    assert not (home / "generated").exists()


def test_folder_called_tracy_is_no_profiler(home: Path) -> None:
    (home / "tracy").mkdir()
    assert failure("PYTHONPATH= pytest test_it.py").status == ExitStatus.NO_PROFILER


def test_module_that_the_profiler_needs_is_named_before_anything_runs(home: Path) -> None:
    error = failure("STANDIN_FAULT=websockets pytest test_it.py")
    assert error.status == ExitStatus.NO_PROFILER
    assert "pip install websockets" in error.hint
    assert not (home / "generated").exists()


def test_interpreter_that_is_not_there_or_does_not_work(home: Path) -> None:
    assert failure("/nowhere/bin/python -m pytest test_it.py", python=None).status == ExitStatus.USAGE
    broken = home / "python"
    broken.write_text("#!/bin/sh\necho broken library >&2\nexit 127\n")
    broken.chmod(0o755)
    error = failure(python=str(broken))
    assert error.status == ExitStatus.NO_PROFILER
    assert "broken library" in error.message
