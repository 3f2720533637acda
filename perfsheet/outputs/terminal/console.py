"""The rich console that the terminal renderers write to."""

from __future__ import annotations

import os
from typing import TextIO

from rich.console import Console
from rich.text import Text

from perfsheet.text.formats import clean

_PIPED_WIDTH = 160
"""Columns when the output is not a terminal: wide enough that nothing is cut short."""


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Leave it to the command line, which ends quietly; rich itself would end the process with status 1."""
        raise BrokenPipeError


def console_for(out: TextIO) -> Console:
    """A console on a stream: colours on a terminal only (NO_COLOR is honoured), a fixed width when piped."""
    if out.isatty():
        return _Console(file=out, highlight=False, soft_wrap=False)
    width = int(os.environ["COLUMNS"]) if os.environ.get("COLUMNS", "").isdigit() else _PIPED_WIDTH
    return _Console(file=out, width=max(width, 40), highlight=False, no_color=True, color_system=None)


def line(text: str, style: str = "") -> Text:
    """A line of text in which nothing is read as markup."""
    return Text(clean(text), style=style)
