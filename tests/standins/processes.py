"""Living processes by their environment: tests use it, not psutil, to check that a run has left none."""

from __future__ import annotations

import os
from pathlib import Path


def alive(mark: str) -> list[str]:
    """The command lines of all other living processes whose environment contains `mark` (Linux only)."""
    processes = [process for process in Path("/proc").glob("[0-9]*") if process.name != str(os.getpid())]
    return [
        _read(process / "cmdline") for process in processes if _lives(process) and mark in _read(process / "environ")
    ]


def _lives(process: Path) -> bool:
    state = _read(process / "stat").rpartition(")")[2].split()[:1]
    return bool(state) and state[0] not in "ZX"


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace").replace("\0", " ")
    except OSError:  # it has ended
        return ""
