"""Processes on this machine, by psutil: all those of one run, and the profilers that are running.

The profiler starts the test in a session of its own and the capture tool beside it, so ending a process or its group
does not end the run. The processes of a run are found by a variable in their environment, which every descendant
inherits, and by parent links, for those that start with a clean environment. (A process that starts with a clean
environment and whose parent exits before the run ends is not found.)
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil

from perfsheet.light_dataclass import dataclass
from perfsheet.masking import masked_words

_POLL_S = 0.05
_ENDED = (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
_UNREADABLE = (psutil.Error, OSError)  # it has ended, or belongs to another user
_CAPTURE_TOOLS = {"tracy-capture", "capture-release", "tracy-csvexport", "csvexport-release"}
_REAPERS = {"systemd", "init", "tini", "dumb-init", "docker-init", "s6-svscan"}
_SHELLS = {"bash", "sh", "zsh", "fish", "dash", "tmux", "sshd"}
_MAX_COMMAND = 240


class ProcessTree:
    """The process `root` and everything that it started, marked by `variable=value` in the environment."""

    def __init__(self, root: subprocess.Popen[Any] | None, variable: str, value: str) -> None:
        self._root, self._variable, self._value = root, variable, value

    def living(self) -> set[int]:
        """Ids of the processes of the run that are alive."""
        return {process.pid for process in self._living()}

    def has(self, word: str) -> bool:
        """Whether a living process of the run has this word in its command line."""
        return any(word in argument for process in self._living() for argument in _command_line(process))

    def end(self, grace_s: float = 5.0, kill_s: float = 10.0) -> set[int]:
        """Terminate all, wait up to `grace_s` seconds, then kill for up to `kill_s` seconds; returns the survivors."""
        for process in self._living():
            with contextlib.suppress(*_UNREADABLE):
                process.terminate()
        if not self.wait(grace_s):
            deadline = time.monotonic() + kill_s
            while not self.wait(_POLL_S) and time.monotonic() < deadline:
                # More than once: a process may just have been starting another.
                for process in self._living():
                    with contextlib.suppress(*_UNREADABLE):
                        process.kill()
        return self.living()

    def wait(self, timeout_s: float) -> bool:
        """Whether all processes of the run end by themselves within `timeout_s` seconds."""
        deadline = time.monotonic() + timeout_s
        while self._living():
            if time.monotonic() >= deadline:
                return False
            time.sleep(_POLL_S)
        return True

    def _living(self) -> list[psutil.Process]:
        members = {process.pid: process for process in psutil.process_iter() if self._is_marked(process)}
        if self._root is not None and self._root.poll() is None:
            with contextlib.suppress(psutil.Error):
                members[self._root.pid] = psutil.Process(self._root.pid)
        for process in list(members.values()):
            with contextlib.suppress(*_UNREADABLE):
                members |= {child.pid: child for child in process.children(recursive=True)}
        return [process for process in members.values() if not _has_ended(process)]

    def _is_marked(self, process: psutil.Process) -> bool:
        return _environment(process).get(self._variable) == self._value


def own_name() -> str:
    """The name of this process, which no later one has: its number and when it started."""
    return f"{os.getpid()}:{psutil.Process().create_time():.2f}"


def lives(name: str) -> bool:
    """Whether the process of that name (see `own_name`) is alive; False for what is no name."""
    pid, _, started = name.partition(":")
    try:
        return f"{psutil.Process(int(pid)).create_time():.2f}" == started
    except (ValueError, psutil.NoSuchProcess):
        return False
    except psutil.Error:
        return True


def orphans(variable: str) -> list[int]:
    """Processes whose owner, named by that variable in their environment, is gone."""
    owners = ((process.pid, _environment(process).get(variable)) for process in psutil.process_iter())
    return [pid for pid, owner in owners if owner is not None and not lives(owner)]


def end_all(pids: Sequence[int], grace_s: float = 5.0) -> set[int]:
    """Terminate these processes, kill those that are still there after `grace_s` seconds; returns the survivors."""
    ending = []
    for pid in pids:
        with contextlib.suppress(psutil.Error):
            ending.append(psutil.Process(pid))
    for end in (psutil.Process.terminate, psutil.Process.kill):
        for process in ending:
            with contextlib.suppress(*_UNREADABLE):
                end(process)
        _, ending = psutil.wait_procs(ending, timeout=grace_s)
    return {process.pid for process in ending}


def is_alive(pid: int) -> bool:
    """Whether the process exists and has not ended; True where that cannot be known."""
    try:
        return not _has_ended(psutil.Process(pid))
    except psutil.NoSuchProcess:
        return False


def command_line(pid: int) -> str | None:
    """The command line of a process, shortened; None when it cannot be read."""
    try:
        words = _command_line(psutil.Process(pid))
    except psutil.Error:
        return None
    return _shortened(words) if words else None


@dataclass(frozen=True)
class Profiler:
    """A process of a profiler. `abandoned`: the process that started it has ended."""

    pid: int
    command: str
    age_s: float
    abandoned: bool

    @property
    def age(self) -> str:
        """`3 min`, `2.0 h`."""
        return f"{self.age_s / 3600:.1f} h" if self.age_s >= 3600 else f"{self.age_s / 60:.0f} min"


def profilers() -> list[Profiler]:
    """The capture tools and profiler front ends that are running, of every user."""
    return [profiler for process in psutil.process_iter() if (profiler := _profiler(process))]


def _profiler(process: psutil.Process) -> Profiler | None:
    words = _command_line(process)
    if not (_is_capture_tool(words) or _is_front_end(words)):
        return None
    if _has_ended(process):
        return None
    try:
        age_s = max(0.0, time.time() - process.create_time())
        return Profiler(process.pid, _shortened(words), age_s, _is_abandoned(process, words))
    except _UNREADABLE:
        return None


def _is_capture_tool(words: Sequence[str]) -> bool:
    return bool({Path(word).name for word in words[:2]} & _CAPTURE_TOOLS)  # a script's interpreter comes first


def _is_front_end(words: Sequence[str]) -> bool:
    return "-m" in words and words[words.index("-m") + 1 : words.index("-m") + 2] == ["tracy"]


def _is_abandoned(process: psutil.Process, words: Sequence[str]) -> bool:
    """A capture tool or a front end's own child without a front end above it; a front end that only a reaper keeps."""
    if _is_capture_tool(words) or "--no-capture-tool" in words:
        return not any(_is_front_end(_command_line(parent)) for parent in process.parents())
    parent = process.parent()
    name = parent.name() if parent else ""
    return name in _REAPERS or (process.ppid() == 1 and name not in _SHELLS)


def _has_ended(process: psutil.Process) -> bool:
    try:
        return process.status() in _ENDED
    except psutil.AccessDenied:
        return False
    except _UNREADABLE:
        return True


def _environment(process: psutil.Process) -> dict[str, str]:
    try:
        return process.environ()
    except _UNREADABLE:
        return {}


def _command_line(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except _UNREADABLE:
        return []


def _shortened(words: Sequence[str]) -> str:
    text = " ".join(masked_words(words))
    return text if len(text) <= _MAX_COMMAND else text[: _MAX_COMMAND - 1] + "…"
