"""A stream that passes for a terminal of a given width."""

from __future__ import annotations

import io
import re

from perfsheet.outputs.progress_view import LiveView


class Screen(io.StringIO):
    def __init__(self, columns: int) -> None:
        super().__init__()
        self.columns = columns

    def isatty(self) -> bool:
        return True

    @property
    def text(self) -> str:
        return self.getvalue()

    def last_frame(self, view: LiveView) -> str:
        """What the live view shows now, as plain text."""
        from rich.console import Console

        out = io.StringIO()
        Console(file=out, width=self.columns, no_color=True, force_terminal=False).print(view._render())
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", out.getvalue())
