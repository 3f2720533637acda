"""All processes of one run, wherever they went, and their end.

The profiler starts the test in a session of its own and the capture tool beside it, so that neither ending a process
nor its group ends the run. On Linux the run's processes are known by a variable in their environment, which every
descendant inherits, and by parent links, for those that start with a clean environment. (What starts with a clean
environment and is left by its parent before the run ends is not found.)
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

RUN_ID = "PERFSHEET_RUN_ID"
"""The environment variable that marks the processes of a run."""

_PROC = Path("/proc")
_POLL_S = 0.05


class ProcessTree:
    """The process `root` and everything that it started, marked by `RUN_ID=run_id` (or by another `variable`)."""

    def __init__(self, root: subprocess.Popen[str] | None, run_id: str, variable: str = RUN_ID) -> None:
        self._root = root
        self._mark = f"{variable}={run_id}".encode()

    def living(self) -> set[int]:
        """Ids of the processes of the run that are alive; elsewhere than on Linux of the root process only."""
        root_lives = self._root is not None and self._root.poll() is None
        roots = {self._root.pid} if self._root is not None and root_lives else set()
        return roots | self._marked_or_descending(roots) if sys.platform == "linux" else roots

    def has(self, word: str) -> bool:
        """Whether a living process of the run has this word in its command line; True where that cannot be told."""
        if not _PROC.is_dir():
            return True
        return any(word.encode() in _command_line(pid) for pid in self.living())

    def end(self, grace_s: float = 5.0, kill_s: float = 10.0) -> set[int]:
        """Terminate all, wait up to `grace_s` seconds, then kill for up to `kill_s` seconds; returns what survived."""
        self._signal(kill=False)
        if not self.wait(grace_s):
            deadline = time.monotonic() + kill_s
            while not self.wait(_POLL_S) and time.monotonic() < deadline:
                # Again and again: a process may just have been starting another.
                self._signal(kill=True)
        return self.living()

    def wait(self, timeout_s: float) -> bool:
        """Whether all of the run have ended by themselves within `timeout_s` seconds."""
        deadline = time.monotonic() + timeout_s
        while self.living():
            if time.monotonic() >= deadline:
                return False
            time.sleep(_POLL_S)
        return True

    def _signal(self, kill: bool) -> None:
        if sys.platform == "win32":  # knows no gentler way
            if self._root is not None:
                self._root.kill()
        else:
            number = signal.SIGKILL if kill else signal.SIGTERM
            for pid in self.living():
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    (os.kill if sys.platform == "linux" else os.killpg)(pid, number)

    def _marked_or_descending(self, roots: set[int]) -> set[int]:
        parents: dict[int, int] = {}
        found = set(roots)
        for entry in _PROC.iterdir():
            if not entry.name.isdigit():
                continue
            try:
                state, parent = _state_and_parent(entry)
                if state in "ZX":
                    continue
                pid = int(entry.name)
                parents[pid] = parent
                if self._mark in (entry / "environ").read_bytes().split(b"\0"):
                    found.add(pid)
            except OSError:  # ended meanwhile, or of another user
                continue
        while more := {pid for pid, parent in parents.items() if parent in found} - found:
            found |= more
        return found


def _command_line(pid: int) -> bytes:
    try:
        return (_PROC / str(pid) / "cmdline").read_bytes()
    except OSError:
        return b""


def is_alive(pid: int) -> bool:
    """Whether the process is there and has not ended; True where that cannot be told."""
    if os.name == "nt":
        return True
    try:
        if _PROC.is_dir():
            return _state_and_parent(_PROC / str(pid))[0] not in "ZX"
        os.kill(pid, 0)
    except PermissionError:
        return True
    except OSError:
        return False
    return True


def _state_and_parent(process: Path) -> tuple[str, int]:
    # The command name, in brackets, may hold spaces and brackets itself.
    state, parent = (process / "stat").read_text(errors="replace").rpartition(")")[2].split()[:2]
    return state, int(parent)
