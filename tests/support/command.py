"""Run the command line, in a process of its own or in this one."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 300  # how long a test waits for a process: a loaded machine takes many times longer than a free one
PYTEST_WITHOUT_TEST_TOOLS = {"PYTEST_ADDOPTS": "-p no:hypothesispytest -p no:openxml-audit"}
"""For a pytest that a test starts: these plugins of our own tests take three quarters of its start."""
_NOT_INHERITED = ("COLUMNS", "NO_COLOR", "FORCE_COLOR", "PERFSHEET_TRACEBACK", "TT_METAL_HOME", "TT_METAL_PROFILER_DIR")


@dataclass(frozen=True)
class Ended:
    """How a command ended. Whoever makes one has checked that standard error holds no traceback."""

    status: int
    out: str
    err: str

    def __post_init__(self) -> None:
        assert "Traceback" not in self.err, self.err
        assert "Exception ignored" not in self.err, self.err


def environment(**changes: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in _NOT_INHERITED}
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    return {**kept, **PYTEST_WITHOUT_TEST_TOOLS, "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8", **changes}


def wait_until(condition: Callable[[], object], what: str) -> None:
    """Until it holds: a test never guesses how long a process takes."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"not within {PATIENCE_S} s: {what}"
        time.sleep(0.02)


def perfsheet(
    *arguments: object, cwd: Path | None = None, stdin: bytes = b"", python: Sequence[str] = (), **changes: str
) -> Ended:
    """`python -m perfsheet …` in a process of its own."""
    done = subprocess.run(
        [sys.executable, *python, "-m", "perfsheet", *map(str, arguments)],
        input=stdin,
        capture_output=True,
        cwd=cwd,
        env=environment(**changes),
        timeout=PATIENCE_S,
        check=False,
    )
    return Ended(done.returncode, done.stdout.decode(), done.stderr.decode())


def here(capsys: pytest.CaptureFixture[str], *arguments: object) -> Ended:
    """`perfsheet.cli.main` in this process."""
    from perfsheet.cli import main

    words = [str(argument) for argument in arguments]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["perfsheet", *words])
        with pytest.raises(SystemExit) as ended:
            main(words)
    code = ended.value.code
    written = capsys.readouterr()
    return Ended(0 if code is None else int(code), written.out, written.err)
