"""Which view of a long piece of work the user gets."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from perfsheet.outputs.progress_view import View


def view(quiet: bool, verbose: bool, json: bool, lines: bool = True) -> View:
    """A live view on a terminal, else plain lines; nothing but notices when the user wants it quiet.

    With `json` standard output is taken: the target's own goes to standard error. Without `lines` it goes nowhere but
    when the user wants it (`verbose`).
    """
    from perfsheet.outputs.progress_view import LiveView, PlainView, View

    if quiet:
        return View(sys.stderr)
    live = sys.stderr.isatty() and (json or sys.stdout.isatty()) and os.environ.get("TERM") != "dumb"
    if live and not verbose:
        return LiveView(sys.stderr)

    def echo(line: str) -> None:
        # Who reads our output may stop reading (| head); the run goes on, and its log has everything.
        with contextlib.suppress(BrokenPipeError):
            if lines or verbose:
                typer.echo(line.rstrip("\r\n"), err=json)

    return PlainView(sys.stderr, echo, detailed=verbose)
