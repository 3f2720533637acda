"""One child process: its output line by line as it arrives, its time limit, and its end with all its descendants."""

from __future__ import annotations

import math
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Literal

from perfsheet.light_dataclass import dataclass
from perfsheet.run.leftovers import OWNER
from perfsheet.run.model import RUN_ID
from perfsheet.run.output import Output
from perfsheet.signals import ignored, interruptible

if TYPE_CHECKING:
    from perfsheet.machine.processes import ProcessTree

_POLL_S = 0.1
_LEFTOVER_GRACE_S = 1.0
"""How long processes that the main one leaves behind may be silent before they are ended, …"""
_LEFTOVER_MOST_S = 5.0
"""… and how long they may go on printing."""
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
    `lost_output`: one of these was still printing when the reading ended.
    """

    status: int
    started: float
    duration_s: float
    stopped: StopReason = ""
    survivors: tuple[int, ...] = ()
    lost_output: bool = False


def run(
    argv: Sequence[str],
    environment: Mapping[str, str],
    run_id: str,
    on_line: Callable[[str], None],
    timeout_s: float | None = None,
    is_stalled: Callable[[], bool] = lambda: False,
    log: Callable[[bytes], object] = lambda _: None,
) -> ProcessExit:
    """Run `argv` to its end and pass each line of its output (both streams) to `on_line`, in the calling thread.

    `log` gets all output as it is, before `on_line` gets it, in a thread of its own; LogError is raised if it fails.

    No process of the run is alive when this returns or raises (except `survivors`), however it ends: by itself, after
    `timeout_s` seconds, when `is_stalled` returns True (it is called several times a second), by Ctrl-C, SIGTERM or
    SIGHUP, or by an exception from `on_line` (which is raised again).
    Raises NotStartedError when `argv` cannot be started.
    """
    from perfsheet.machine.processes import ProcessTree  # psutil: only where something is started

    try:
        return _run(argv, environment, run_id, on_line, timeout_s, is_stalled, log)
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
    log: Callable[[bytes], object],
) -> ProcessExit:
    from perfsheet.machine.processes import ProcessTree

    started, clock = time.time(), time.monotonic()
    process: subprocess.Popen[bytes] | None = None
    output: Output | None = None
    stopped: StopReason = ""
    survivors: set[int] = set()
    rest: Iterable[str] = ()
    with interruptible():
        try:
            process = _start(argv, environment)
            output = Output(process, log)
            deadline = math.inf if timeout_s is None else clock + timeout_s
            tree = ProcessTree(process, RUN_ID, run_id)
            for line in chain(_until_the_end(process, output, deadline, is_stalled), _leftovers(tree, output)):
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
                survivors = tree.end() if stopped or tree.living() else set()
                rest = output.rest() if output is not None else ()
        with ignored():
            for line in rest:
                if not stopped:  # what a process prints because it is ended is for the log alone
                    on_line(line)
    status = process.poll() if process is not None else None
    return ProcessExit(
        _UNKNOWN_STATUS if status is None else status,
        started,
        time.monotonic() - clock,
        stopped,
        tuple(sorted(survivors)),
        output is not None and output.lost,
    )


def _start(argv: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    from perfsheet.machine.processes import own_name

    try:
        return subprocess.Popen(
            argv,
            env={**environment, OWNER: own_name()},
            stdin=subprocess.DEVNULL,  # a breakpoint in the target fails at once instead of waiting for ever
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        raise NotStartedError(error.strerror or str(error)) from error


def _until_the_end(
    process: subprocess.Popen[bytes], output: Output, deadline: float, is_stalled: Callable[[], bool]
) -> Iterator[str]:
    """Output lines until the process has ended; TimeoutError when it is still running at `deadline`.

    The end of the stream decides nothing: a daemon that the target left behind may hold it open, and the target may
    close it and work on.
    """
    poll_at = 0.0
    while process.poll() is None:
        now = time.monotonic()
        if now >= deadline:
            raise TimeoutError
        if now >= poll_at:
            poll_at = now + _POLL_S
            if is_stalled():
                raise _StalledError
        yield from output.lines(_POLL_S)


def _leftovers(tree: ProcessTree, output: Output) -> Iterator[str]:
    """Lines of what the process has left behind, for as long as that may go on."""
    began = spoke = time.monotonic()
    while tree.living() and (now := time.monotonic()) < min(began + _LEFTOVER_MOST_S, spoke + _LEFTOVER_GRACE_S):
        if lines := output.lines(_POLL_S):
            spoke = now
            yield from lines
