"""One child process: its output line by line as it arrives, its time limit, and its end with all its descendants."""

from __future__ import annotations

import math
import queue
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from perfsheet.run.model import RUN_ID
from perfsheet.signals import ignored, interruptible

_POLL_S = 0.1
_LEFTOVER_GRACE_S = 1.0
_DRAIN_S = 5.0
_UNKNOWN_STATUS = -1  # the process could not be ended, or not even started

StopReason = Literal["", "timeout", "interrupt", "stalled"]


class NotStartedError(Exception):
    """The program could not be started; the OSError is the cause."""


class _StalledError(Exception):
    """Waiting longer is pointless."""


@dataclass(frozen=True)
class ProcessExit:
    """How a child process ended.

    `started` is seconds since the epoch, `stopped` says why it was stopped (blank = it ended by itself), `survivors`
    are the processes of the run that even a kill could not end (a hung device driver, another user's process).
    """

    status: int
    started: float
    duration_s: float
    stopped: StopReason = ""
    survivors: tuple[int, ...] = ()


def run(
    argv: Sequence[str],
    environment: Mapping[str, str],
    run_id: str,
    on_line: Callable[[str], None],
    timeout_s: float | None = None,
    is_stalled: Callable[[], bool] = lambda: False,
) -> ProcessExit:
    """Run `argv` to its end and pass each line of its output (both streams) to `on_line`, in the calling thread.

    No process of the run is alive when this returns or raises (except `survivors`), however it ends: by itself, after
    `timeout_s` seconds, when `is_stalled` returns True (it is called several times a second), by Ctrl-C, SIGTERM or
    SIGHUP, or by an exception from `on_line` (which is raised again).
    Raises NotStartedError when `argv` cannot be started.
    """
    from perfsheet.machine.processes import ProcessTree  # psutil: only where something is started

    try:
        return _run(argv, environment, run_id, on_line, timeout_s, is_stalled)
    except KeyboardInterrupt:  # it came between the end of the process and that of its descendants
        with ignored():
            ProcessTree(None, RUN_ID, run_id).end()
        raise


def _run(
    argv: Sequence[str],
    environment: Mapping[str, str],
    run_id: str,
    on_line: Callable[[str], None],
    timeout_s: float | None,
    is_stalled: Callable[[], bool],
) -> ProcessExit:
    from perfsheet.machine.processes import ProcessTree

    started, clock = time.time(), time.monotonic()
    process: subprocess.Popen[str] | None = None
    stopped: StopReason = ""
    with interruptible():
        try:
            process = _start(argv, environment)
            for line in _lines(process, None if timeout_s is None else clock + timeout_s, is_stalled):
                on_line(line)
        except TimeoutError:
            stopped = "timeout"
        except _StalledError:
            stopped = "stalled"
        except KeyboardInterrupt:
            stopped = "interrupt"
        finally:
            with ignored():
                tree = ProcessTree(process, RUN_ID, run_id)
                survivors = tree.end() if stopped or not tree.wait(_LEFTOVER_GRACE_S) else set()
    status = process.poll() if process is not None else None
    return ProcessExit(
        _UNKNOWN_STATUS if status is None else status,
        started,
        time.monotonic() - clock,
        stopped,
        tuple(sorted(survivors)),
    )


def _start(argv: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[str]:
    try:
        return subprocess.Popen(
            argv,
            env=environment,
            stdin=subprocess.DEVNULL,  # a breakpoint in the target fails at once instead of waiting for ever
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
    except OSError as error:
        raise NotStartedError(error.strerror or str(error)) from error


def _lines(process: subprocess.Popen[str], deadline: float | None, is_stalled: Callable[[], bool]) -> Iterator[str]:
    """Output lines until the process has ended; TimeoutError when it is still running at `deadline`.

    The end of the stream decides nothing: a daemon that the target left behind may hold it open, and the target may
    close it and work on.
    """
    arrived: queue.SimpleQueue[str] = queue.SimpleQueue()

    def read() -> None:
        if process.stdout is not None:
            with process.stdout as stream:
                for line in stream:
                    arrived.put(line.rstrip("\n"))

    reader = threading.Thread(target=read, name="perfsheet-output", daemon=True)
    reader.start()
    last_reads = 3  # of what was still in the pipe when the process ended
    poll_at, drained_by = 0.0, math.inf
    while last_reads:
        now = time.monotonic()
        if now >= drained_by:
            return
        if deadline is not None and now >= deadline:
            raise TimeoutError
        if now >= poll_at:
            poll_at = now + _POLL_S
            if is_stalled():
                raise _StalledError
            if drained_by == math.inf and process.poll() is not None:
                drained_by = now + _DRAIN_S  # a daemon that was left behind may print for ever
        try:
            yield arrived.get(timeout=_POLL_S)
        except queue.Empty:
            if process.poll() is not None:
                last_reads = last_reads - 1 if reader.is_alive() else 0
