"""Commands of perfsheet that the user has started from the page: each a process of its own, with its log.

One runs at a time, because two would measure each other. A job outlives the page that started it; the server ends what
still runs when it ends.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from perfsheet.errors import not_written, usage
from perfsheet.machine.processes import ProcessTree, own_name
from perfsheet.masking import masked_words
from perfsheet.run.leftovers import OWNER

_TAIL_BYTES = 65_536
_START = "import sys; sys.path.pop(0); from perfsheet.cli import main; main()"
"""Unlike with `python -m perfsheet`, modules of the current folder, such as a `typer.py`, are not found."""
_GRACE_S = 30.0
RESULT, LOG = "result.json", "job.log"
"""What a job writes to standard output, and what it prints for people."""
JOB_ID = "PERFSHEET_JOB_ID"
"""The environment variable that marks the processes of a job."""


class Job:
    """One command: `words` are the arguments of perfsheet, `folder` is its own, `kind` is the view that started it."""

    def __init__(self, kind: str, words: Sequence[str], folder: Path, process: subprocess.Popen[bytes]) -> None:
        self.kind, self.words, self.folder = kind, tuple(words), folder
        self.started = time.time()
        self._ended: float | None = None
        self._process = process
        self.stopped = False  # by the user

    @property
    def id(self) -> str:
        """Its name in addresses: that of its folder."""
        return self.folder.name

    @property
    def command(self) -> str:
        """The command as the user would type it; credentials are masked."""
        return command_of(self.words)

    @property
    def status(self) -> int | None:
        """Its exit status; None while it runs."""
        status = self._process.poll()
        if status is not None and self._ended is None:
            self._ended = time.time()
        return status

    @property
    def running(self) -> bool:
        """Whether it still runs."""
        return self.status is None

    @property
    def seconds(self) -> float:
        """How long it has run."""
        return (time.time() if self.running else self._ended or time.time()) - self.started

    def tail(self, lines: int, name: str = LOG) -> list[str]:
        """The last lines of what it printed for people, or of another log in its folder."""
        try:
            with (self.folder / name).open("rb") as stream:
                stream.seek(max(0, stream.seek(0, os.SEEK_END) - _TAIL_BYTES))
                text = stream.read().decode(errors="replace")
        except OSError:
            return []
        return [line.rpartition("\r")[2] for line in text.splitlines()[-lines:]]

    def stop(self) -> None:
        """End it as Ctrl-C would: perfsheet ends the target and keeps what was measured; after a while without that."""
        if not self.running:
            return
        self.stopped = True
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)
        threading.Thread(target=self.end, args=(_GRACE_S,), daemon=True).start()

    def wait(self, timeout_s: float) -> bool:
        """Wait for its end; whether it has come."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout_s)
        return not self.running

    def end(self, grace_s: float) -> None:
        """Wait for its end; then end it with all that it has started."""
        if not self.wait(grace_s):
            ProcessTree(self._process, JOB_ID, self.id).end()
            self.wait(_GRACE_S)


class _Jobs:
    lock = threading.Lock()
    all: dict[str, Job] = {}  # noqa: RUF012  # the one list of this process


def command_of(words: Sequence[str]) -> str:
    """The command as the user would type it; credentials are masked."""
    return shlex.join(["perfsheet", *masked_words(list(words))])


def start(kind: str, words: Sequence[str], folder: Path) -> Job:
    """Start a command of perfsheet with its results in a folder that is there, in the current folder.

    Raises PerfsheetError: exit status 2 while another one runs, 7 if nothing can be written there.
    """
    with _Jobs.lock:
        if (other := running()) is not None:
            raise usage(f"{other.command} still runs", "wait for its end, or stop it")
        try:
            with (folder / RESULT).open("xb") as out, (folder / LOG).open("xb") as log:
                process = subprocess.Popen(
                    [sys.executable, "-c", _START, *words],
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=log,
                    start_new_session=True,
                    env={**os.environ, "PYTHONUNBUFFERED": "1", JOB_ID: folder.name, OWNER: own_name()},
                )
        except OSError as error:
            raise not_written(f"{folder} cannot be written: {error.strerror}", "start the app elsewhere") from None
        job = Job(kind, words, folder, process)
        _Jobs.all[job.id] = job
    return job


def get(job_id: str) -> Job | None:
    """The job with this id."""
    return _Jobs.all.get(job_id)


def running() -> Job | None:
    """The job that runs now."""
    return next((job for job in list(_Jobs.all.values()) if job.running), None)


def newest(kind: str) -> Job | None:
    """The last job of a view."""
    return next((job for job in reversed(list(_Jobs.all.values())) if job.kind == kind), None)


def stop_all() -> None:
    """End what still runs, and wait for it."""
    for job in list(_Jobs.all.values()):
        job.stop()
    for job in list(_Jobs.all.values()):
        job.end(_GRACE_S)


def new_folder(work: Path, kind: str, name: str) -> Path:
    """A new folder for the results of a command. Raises PerfsheetError (exit status 7)."""
    from perfsheet.text.safe import file_stem

    stem = f"{kind}_{file_stem(name, 60, kind)}_{time.strftime('%Y_%m_%d_%H_%M_%S')}"
    for number in range(1, 100):
        folder = work / (stem if number == 1 else f"{stem}_{number}")
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError as error:
            raise not_written(f"{folder} cannot be made: {error.strerror}", "start the app elsewhere") from None
        return folder
    raise not_written(f"{work} has a hundred folders of this second", "try again")
