"""The lab: an interpreter that has the real profiler, and what a run in it looks like from outside."""

from __future__ import annotations

import functools
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.command import environment

from perfsheet.run.toolchain import probe as probe_python

PYTHON = os.environ.get("PERFSHEET_LAB_PYTHON", "")


def _missing() -> str:
    if not PYTHON:
        return "PERFSHEET_LAB_PYTHON does not name an interpreter with ttnn, pytest, websockets and pandas<3"
    probe = [
        PYTHON,
        "-c",
        "import importlib.util as u; assert all(map(u.find_spec, ('tracy', 'pytest', 'websockets')))",
    ]
    if shutil.which(PYTHON) and subprocess.run(probe, capture_output=True, check=False).returncode == 0:
        return ""
    return f"{PYTHON} lacks tracy, pytest or websockets"


needs_tracy = [pytest.mark.lab, pytest.mark.skipif(bool(_missing()), reason=_missing())]


@functools.lru_cache
def tool_names() -> tuple[str, str]:
    """What the capture tools are called that this profiler looks for."""
    names = probe_python(PYTHON, environment()).tools
    assert names is not None
    return names


@dataclass(frozen=True)
class Ended:
    """A `perfsheet` process that has ended: its status, and what it wrote."""

    status: int
    out: str
    err: str

    @property
    def sentences(self) -> list[str]:
        """Its own messages to the user, without phases and warnings, and what other tests left that kill runs."""
        messages = [line for line in self.err.splitlines() if line.startswith("perfsheet: ")]
        return [line for line in messages if not re.match(r"perfsheet: (?:\[ *[\d.]+ s\]|.*left over from)", line)]

    @property
    def sentence(self) -> str:
        """The one sentence in which a failure ends."""
        assert len(self.sentences) == 1, self.err
        return self.sentences[0]

    @property
    def workbook(self) -> Path:
        return Path(re.findall(r"^Wrote (.*)$", self.out + self.err, re.MULTILINE)[-1])


def run(*arguments: str, python: str = PYTHON, **variables: str) -> Ended:
    """`perfsheet run --python … ARGUMENTS`, to its end."""
    return _end(_start(arguments, python, variables))


def run_and_signal(number: signal.Signals, at: str, *arguments: str, python: str = PYTHON, **variables: str) -> Ended:
    """The same; as soon as a line of standard error holds `at`, the process gets the signal, and once more later."""
    process = _start(arguments, python, variables)

    def send(_line: str) -> None:
        for delay in (0.3, 0.9):
            threading.Timer(delay, process.send_signal, [number]).start()

    return _end(process, at, send)


def _start(arguments: tuple[str, ...], python: str, variables: dict[str, str]) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "perfsheet", "run", "--python", python, *arguments]
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env={
            **environment(),
            **{name: os.environ[name] for name in ("TT_METAL_HOME",) if name in os.environ},
            **variables,
        },
    )


def _end(process: subprocess.Popen[str], at: str = "", act: Callable[[str], None] | None = None) -> Ended:
    out: list[str] = []
    assert process.stdout is not None
    assert process.stderr is not None
    reader = threading.Thread(target=out.extend, args=[process.stdout])
    reader.start()
    err: list[str] = []
    for line in process.stderr:
        err.append(line)
        if act and at in line:
            act(line)
            act = None
    status = process.wait(timeout=300)
    reader.join()
    assert "Traceback" not in "".join(err), "".join(err)
    return Ended(status, "".join(out), "".join(err))
