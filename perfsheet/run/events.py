"""The events that the helpers in `target/` write as JSON lines, read while the target runs or after it."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Event = dict[str, Any]


class Events:
    """One event file. Each event is given out once, as soon as its line is complete."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read_to = 0

    def new(self) -> Iterator[Event]:
        """The events that came since the last call; a line that a kill cut short is none."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._read_to)
                lines = file.read().splitlines(keepends=True)
        except FileNotFoundError:
            return
        for line in lines:
            if not line.endswith(b"\n"):
                return
            self._read_to += len(line)
            with contextlib.suppress(ValueError):  # cut short by a kill, and another process wrote on
                yield json.loads(line)
