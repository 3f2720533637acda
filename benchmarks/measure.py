"""Whole processes, measured by the operating system: CPU seconds (user + system), peak memory, elapsed seconds."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

Command = Sequence[str | Path]


@dataclass(frozen=True)
class Cost:
    """What a command costs: medians over its runs."""

    cpu_s: float
    memory_mib: float
    wall_s: float


def pairs(commands: Sequence[Command], runs: int) -> list[Cost]:
    """Run the commands in turn, A B A B …, so that a machine that slows down slows all of them; the cost of each.

    The first turn, which fills caches, is not counted. Raises RuntimeError when a command fails.
    """
    costs: list[list[tuple[float, float, float]]] = [[] for _ in commands]
    for turn in range(runs + 1):
        for command, found in zip(commands, costs, strict=True):
            cost = _once(command)
            if turn:
                found.append(cost)
    return [Cost(*map(statistics.median, zip(*one, strict=True))) for one in costs]


def once(command: Command) -> Cost:
    """The cost of one run of a long command. Raises RuntimeError when it fails."""
    return Cost(*_once(command))


def _once(command: Command) -> tuple[float, float, float]:
    # In a folder of its own: settings in this repository's pyproject.toml are not those of the capture's reader.
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    began = time.perf_counter()
    with TemporaryDirectory() as folder, subprocess.Popen(command, cwd=folder, **quiet) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"status {process.returncode}: {' '.join(map(str, command))}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, time.perf_counter() - began
