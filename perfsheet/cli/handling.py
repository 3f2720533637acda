"""How commands end: one line on standard error and a documented exit status, never a traceback."""

from __future__ import annotations

import errno
import functools
import os
import shutil
import sys
import textwrap
from collections.abc import Callable
from typing import ParamSpec

import typer

from perfsheet.errors import ExitStatus, PerfsheetError
from perfsheet.signals import interruptible

P = ParamSpec("P")
_INTERNAL_ERROR = 70
_OF_STREAMS = {
    errno.ENOSPC,
    errno.EIO,
    errno.EBADF,
    errno.EFBIG,
    errno.EDQUOT if hasattr(errno, "EDQUOT") else errno.EIO,
}


def command(function: Callable[P, int | None]) -> Callable[P, None]:
    """Turn what a command returns or raises into the process's exit status."""

    @functools.wraps(function)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> None:
        raise typer.Exit(_status(lambda: function(*args, **kwargs)))

    return guarded


def _status(run: Callable[[], int | None]) -> int:
    status: int = ExitStatus.DONE
    try:
        with interruptible(ends_process=True):
            status = run() or ExitStatus.DONE
            sys.stdout.flush()
    except PerfsheetError as error:
        say(f"perfsheet: {error}")
        status = error.status
    except KeyboardInterrupt:
        say("perfsheet: interrupted")
        status = ExitStatus.INTERRUPTED
    except BrokenPipeError:
        # The reader of our output went away (| head): it has what it wanted.
        _silence_stdout()
    except OSError as error:
        say(f"perfsheet: {_of_the_system(error)}")
        status = ExitStatus.OUTPUT_NOT_WRITTEN
    except Exception as error:  # the last line of defence: a bug ends in one line too
        if os.environ.get("PERFSHEET_TRACEBACK"):
            raise
        say(f"perfsheet: a bug in perfsheet: {type(error).__name__}: {error}; PERFSHEET_TRACEBACK=1 shows where")
        status = _INTERNAL_ERROR
    return int(status)


def _of_the_system(error: OSError) -> str:
    """Files that matter report theirs as PerfsheetError; what has neither a name nor a reason of its own is stdout."""
    if error.filename is not None:
        return f"{error.filename}: {error.strerror or error}; see to it, or work in another folder"
    if error.errno not in _OF_STREAMS:
        return f"{error.strerror or error}; see to it, or set TMPDIR to a folder that can be written"
    _silence_stdout()
    return f"standard output cannot be written: {error.strerror or error}; redirect it elsewhere"


def _silence_stdout() -> None:
    """Let what is still buffered go nowhere, so that Python does not complain about it at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def say(text: str) -> None:
    """Print a line for the user on standard error; fields that the library names become flags."""
    from perfsheet.cli.options import named_by_flags
    from perfsheet.text.formats import clean

    text = clean(named_by_flags(text))
    if sys.stderr.isatty():
        text = textwrap.fill(text, shutil.get_terminal_size().columns, break_long_words=False, break_on_hyphens=False)
    typer.echo(text, err=True)
