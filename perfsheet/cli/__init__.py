"""The command line: it parses and calls, no more."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path


def main(arguments: list[str] | None = None) -> None:
    """Entry point of `perfsheet` and `python -m perfsheet`; ends the process with a documented exit status."""
    from typer.main import get_command

    from perfsheet.cli.app import app
    from perfsheet.cli.handling import say
    from perfsheet.cli.settings import defaults
    from perfsheet.errors import PerfsheetError

    if sys.stdout is None:  # closed by the caller (>&-)
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - lives as long as the process
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a console that lacks a character must not end a run
            stream.reconfigure(errors="replace")
    try:
        default_map = defaults(Path.cwd())
    except PerfsheetError as error:
        say(f"perfsheet: {error}")
        raise SystemExit(error.status) from None
    get_command(app).main(arguments, prog_name="perfsheet", default_map=default_map)
