"""TTNN on a mock board, in an interpreter of its own."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from support.command import PATIENCE_S, environment

PYTHON = os.environ.get("PERFSHEET_LAB_PYTHON", "")
OLDEST = (0, 81)
"""Captures of 0.76 and before lack GLOBAL CALL COUNTs and cache hits, and 0.70 needs slow dispatch on a mock board."""


@functools.lru_cache
def ttnn_version() -> str:
    """The version of the wheel that the interpreter has, blank without one."""
    if not shutil.which(PYTHON):
        return ""
    command = [PYTHON, "-c", "import importlib.metadata as installed; print(installed.version('ttnn'))"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def _missing() -> str:
    version = ttnn_version()
    if not version:
        return "PERFSHEET_LAB_PYTHON does not name an interpreter with ttnn"
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST:
        return f"these tests are about captures of ttnn 0.81 and later, not {version}"
    return ""


def _lacks_torch() -> bool:
    command = [PYTHON, "-c", "import torch; torch.zeros(1)"]
    return not shutil.which(PYTHON) or subprocess.run(command, capture_output=True, check=False).returncode != 0


needs_torch = pytest.mark.skipif(
    _lacks_torch(), reason="the interpreter of the lab lacks torch: golden functions need it"
)
needs_mock_board = [pytest.mark.lab, pytest.mark.skipif(bool(_missing()), reason=_missing())]


def on_mock_board(board: str, folder: Path, *command: object) -> None:
    """Run `python COMMAND...` on a mock board, in this folder; the board lies in a folder beside it."""
    script = Path(__file__).with_name("mock_board.py")
    done = subprocess.run(
        [PYTHON, str(script), board, str(folder.parent / "board"), PYTHON, *map(str, command)],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
