"""What commands share around their work: errors and exit status, the view of progress, importing numpy."""

from __future__ import annotations

import contextlib
import errno
import functools
import os
import shutil
import sys
import textwrap
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, ParamSpec

import typer

from perfsheet.errors import ExitStatus, PerfsheetError
from perfsheet.signals import interruptible

if TYPE_CHECKING:
    from perfsheet.outputs.progress_view import View

P = ParamSpec("P")
_INTERNAL_ERROR = 70
_OF_STREAMS = {getattr(errno, name, errno.EIO) for name in ("ENOSPC", "EIO", "EBADF", "EFBIG", "EDQUOT")}


def command(function: Callable[P, int | None]) -> Callable[P, None]:
    """Turn what a command returns or raises into the exit status of the process."""

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
        # The reader of the output has closed it (| head): nothing is wrong.
        _silence_stdout()
    except OSError as error:
        say(f"perfsheet: {_of_the_system(error)}")
        status = ExitStatus.OUTPUT_NOT_WRITTEN
    except Exception as error:  # a bug ends in one line too
        if os.environ.get("PERFSHEET_TRACEBACK"):
            raise
        say(f"perfsheet: a bug in perfsheet: {type(error).__name__}: {error}; PERFSHEET_TRACEBACK=1 shows where")
        status = _INTERNAL_ERROR
    return int(status)


def _of_the_system(error: OSError) -> str:
    """The message of an OSError; one without a file name is about standard output or a temporary file."""
    if error.filename is not None:
        return f"{error.filename}: {error.strerror or error}; see to it, or work in another folder"
    if error.errno not in _OF_STREAMS:
        return f"{error.strerror or error}; see to it, or set TMPDIR to a folder that can be written"
    _silence_stdout()
    return f"standard output cannot be written: {error.strerror or error}; redirect it elsewhere"


def _silence_stdout() -> None:
    """Discard what is still buffered, so that Python does not complain at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def say(text: str) -> None:
    """Print a line for the user on standard error; fields that the library names become flags."""
    from perfsheet.cli.options import named_by_flags
    from perfsheet.text.safe import clean, printed

    text = clean(named_by_flags(text))
    if sys.stderr.isatty():
        text = textwrap.fill(text, shutil.get_terminal_size().columns, break_long_words=False, break_on_hyphens=False)
    typer.echo(printed(text), err=True)


def tell(text: str, err: bool = False) -> None:
    """Print a line about what was done: names of files in it cannot drive a terminal or a CI server."""
    from perfsheet.text.safe import clean, printed

    typer.echo(printed(clean(text)), err=err)


def view(quiet: bool, verbose: bool, json: bool, lines: bool = True) -> View:
    """The view of a long run: live on a terminal, else plain lines; notices only if `quiet`.

    The target's output goes to standard output, with `json` to standard error; without `lines` only if `verbose`.
    """
    from perfsheet.outputs.progress_view import LiveView, PlainView, View

    if quiet:
        return View(sys.stderr)
    live = sys.stderr.isatty() and (json or sys.stdout.isatty()) and os.environ.get("TERM") != "dumb"
    if live and not verbose:
        return LiveView(sys.stderr)

    def echo(line: str) -> None:
        # The reader may close the output (| head); the run goes on, and its log has everything.
        with contextlib.suppress(BrokenPipeError):
            if lines or verbose:
                typer.echo(line.rstrip("\r\n"), err=bool(json))

    return PlainView(sys.stderr, echo, detailed=verbose)


def load_arrow() -> None:
    """Import numpy and Arrow, which would import pandas as soon as it converts anything (docs/decisions.md).

    That takes a quarter of a second, and what is stored as Parquet never becomes a data frame here.
    """
    load_numpy()
    if "pandas" in sys.modules:
        return
    sys.meta_path.insert(0, _NoPandas)
    try:
        import pyarrow as pa

        pa.array([0])  # it looks for pandas once
    finally:
        sys.meta_path.remove(_NoPandas)


class _NoPandas:
    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> None:
        """Nothing for pandas, as where it is not installed."""
        if name == "pandas":
            raise ModuleNotFoundError("No module named 'pandas'", name=name)


_THREADS = "OPENBLAS_NUM_THREADS"
_DOCSTRINGS = tuple(f"numpy.{core}._add_newdocs{part}" for core in ("_core", "core") for part in ("", "_scalars"))


def load_numpy() -> None:
    """Import numpy with one BLAS thread, and without the docstrings of its compiled functions (docs/decisions.md).

    A thread per core costs 60 ms at every start, the docstrings 12 ms; numpy does without them under python -OO, too.
    The variable is removed again, for targets inherit the environment.
    """
    if "numpy" not in sys.modules:
        for name in _DOCSTRINGS:
            sys.modules.setdefault(name, ModuleType(name))
    if _THREADS in os.environ:
        return
    os.environ[_THREADS] = "1"
    try:
        import numpy  # noqa: F401
    finally:
        del os.environ[_THREADS]
