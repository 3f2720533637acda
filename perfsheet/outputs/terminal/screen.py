"""Where lines are printed: on a terminal by rich, in a pipe or file without: it is a tenth of a short command."""

from __future__ import annotations

import io
import os
import textwrap
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Protocol, TextIO

from rich.cells import cell_len, set_cell_size

from perfsheet.text.safe import clean, printed

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

_PIPED_WIDTH = 160
"""Columns when the output is not a terminal: enough for every table."""
_LEAST_WIDTH = 40


class Line:
    """A line of text whose pieces have styles."""

    def __init__(self, pieces: Iterable[tuple[str, str]] = ()) -> None:
        self.pieces = list(pieces)

    def append(self, text: str, style: str = "") -> None:
        """Add a piece."""
        self.pieces.append((text, style))

    @property
    def plain(self) -> str:
        """The text alone."""
        return "".join(text for text, _ in self.pieces)

    def rstrip(self) -> None:
        """Remove blanks at the end."""
        while self.pieces:
            text, style = self.pieces.pop()
            if kept := text.rstrip():
                self.pieces.append((kept, style))
                return


def width_of(text: str) -> int:
    """The columns that a text takes on a screen; most are ASCII, which needs no look at every character."""
    return len(text) if text.isascii() else cell_len(text)


def line(text: str, style: str = "") -> Line:
    """A line of text of any origin."""
    return Line([(clean(text), style)])


class Screen(Protocol):
    """What lines are printed on; `width` in columns."""

    width: int

    def print(self, content: Line | None = None, wrap: bool = True) -> None:
        """Print a line, wrapped at the width or, if `wrap` is False, cut there; a blank one without content."""

    def print_whole(self, content: Line) -> None:
        """Print a line; in a pipe or file it stays one, however long it is."""

    def rule(self) -> None:
        """Print a rule over the whole width."""


def screen_for(out: TextIO) -> Screen:
    """The screen behind a stream: colours on a terminal only (NO_COLOR is honoured), a fixed width when piped."""
    if out.isatty():
        return _Terminal(out)
    width = int(os.environ["COLUMNS"]) if os.environ.get("COLUMNS", "").isdigit() else _PIPED_WIDTH
    return _Pipe(out, max(width, _LEAST_WIDTH))


class _Pipe:
    """Plain lines, none of which is a command to a CI server."""

    def __init__(self, out: TextIO, width: int) -> None:
        self._out, self.width = out, width

    def print(self, content: Line | None = None, wrap: bool = True) -> None:
        text = "" if content is None else content.plain
        if width_of(text) <= self.width:
            self._write(text)
        elif wrap:
            for part in textwrap.wrap(text, self.width, break_on_hyphens=False):
                self._write(part)
        else:
            self._write(set_cell_size(text, self.width))

    def print_whole(self, content: Line) -> None:
        self._write(content.plain)

    def rule(self) -> None:
        self._write("─" * self.width)

    def _write(self, text: str) -> None:
        self._out.write(printed(f"{text}\n"))


def lines_of(printing: Callable[[Screen], None], width: int) -> int:
    """How many lines something prints on a screen of this width."""
    out = io.StringIO()
    printing(_Pipe(out, width))
    return out.getvalue().count("\n")


class _Terminal:
    def __init__(self, out: TextIO) -> None:
        from rich.console import Console

        class Quiet(Console):
            def on_broken_pipe(self) -> None:
                """Let the command line end quietly; rich itself would exit with status 1."""
                raise BrokenPipeError

        self._console: Console = Quiet(file=out, highlight=False, soft_wrap=False)
        self.width = self._console.width

    def print(self, content: Line | None = None, wrap: bool = True) -> None:
        if content is None:
            self._console.print()
        elif wrap:
            self._console.print(_rich(content))
        else:
            self._console.print(_rich(content), no_wrap=True, overflow="crop")

    def print_whole(self, content: Line) -> None:
        self._console.print(_rich(content))

    def rule(self) -> None:
        self._console.rule(style="dim")


def _rich(content: Line) -> Text:
    from rich.text import Text

    return Text.assemble(*content.pieces)
