"""The command line: it parses and calls, no more."""

from __future__ import annotations

import atexit
import gc
import io
import os
import sys
from pathlib import Path

_ALLOCATIONS = 100_000
"""Objects that are made before Python looks for garbage; its own number is below 3,000."""

_ALWAYS = {"-h", "--help", "--version"}


def main(arguments: list[str] | None = None) -> None:
    """Entry point of `perfsheet` and `python -m perfsheet`; ends the process with a documented exit status."""
    # Looking for garbage in cycles took a twentieth of a short command at its start, and a sixth at its end.
    gc.set_threshold(_ALLOCATIONS)
    from typer.main import get_command

    from perfsheet.cli.app import app
    from perfsheet.cli.handling import say
    from perfsheet.cli.settings import defaults
    from perfsheet.errors import PerfsheetError

    _prepare_streams()
    wanted = sys.argv[1:] if arguments is None else arguments
    try:
        # Help and version work with any settings.
        default_map = {} if _ALWAYS.intersection(wanted) else defaults(Path.cwd())
    except PerfsheetError as error:
        say(f"perfsheet: {error}")
        raise SystemExit(error.status) from None
    try:
        get_command(app).main(arguments, prog_name="perfsheet", default_map=default_map)
    except SystemExit as end:
        if arguments is None:
            _end_at_once(end)
        raise


def _end_at_once(end: SystemExit) -> None:
    """End the process without taking it apart, which takes a thirtieth of a short command.

    What is registered for the end runs before. With threads, or a status that is none, Python ends it itself.
    """
    gc.freeze()
    threading = sys.modules.get("threading")
    if not isinstance(end.code, int) or (threading is not None and threading.active_count() > 1):
        return
    try:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        return
    os._exit(end.code)


def _prepare_streams() -> None:
    """Replace streams that the caller closed (>&-); make pipes UTF-8 unless the user chose otherwise."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # open as long as the process lives
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115
        stream = getattr(sys, name)
        if isinstance(stream, io.TextIOWrapper):
            chosen = stream.isatty() or "PYTHONIOENCODING" in os.environ
            stream.reconfigure(encoding=None if chosen else "utf-8", errors="replace")
