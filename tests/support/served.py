"""A server of `perfsheet app` in a process of its own."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.command import ROOT, environment

BEFORE, AFTER = (ROOT / f"examples/captures/generated_encoder_block_{side}.csv" for side in ("before", "after"))


@dataclass(frozen=True)
class Served:
    """A running app: its folder, its port, its address with the token, how long its start took, and its process."""

    folder: Path
    port: int
    address: str
    start_s: float
    process: subprocess.Popen

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextlib.contextmanager
def serving(folder):
    pytest.importorskip("streamlit", reason="streamlit is not installed (make test-app)")
    for path in (BEFORE, AFTER):
        shutil.copy(path, folder / path.name)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["app", str(folder), "--no-browser", "--watch", "--port", str(port), "-o", str(folder / "work")]
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "perfsheet", *words], cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True
    )
    line = process.stdout.readline()
    assert "The page is at " in line, line
    address = line.partition("The page is at ")[2].split()[0]
    try:
        yield Served(folder, port, address, time.monotonic() - began, process)
    finally:
        process.terminate()
        process.wait(60)
