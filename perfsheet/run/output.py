"""The output of a child process: all of it goes to the log, and each line to the caller."""

from __future__ import annotations

import codecs
import contextlib
import io
import os
import queue
import subprocess
import threading
import time
from collections.abc import Callable, Iterator

_PIECE = 1 << 16
_WAITING = 64
"""Pieces that wait for the caller. With more of them the process waits, as it would for any reader of a pipe."""
_LONGEST = 1 << 14
"""Characters of a line that the caller gets; the log has the rest."""
_SILENCE_S = 0.5
"""Without output for so long after the end of a process, none will come: something that it left holds the pipe open."""
_PATIENCE_S = 10.0
"""How long output may go on after all processes that could be ended have ended."""


class LogError(Exception):
    """The log cannot be written; the message is the system's reason."""


class Output:
    """Reads what a process prints, in a thread of its own, until the pipe is closed.

    `lost`: output was still coming when `rest` gave up.
    """

    def __init__(self, process: subprocess.Popen[bytes], log: Callable[[bytes], object]) -> None:
        self._process, self._log = process, log
        self._arrived: queue.Queue[list[str]] = queue.Queue(_WAITING)
        self._error: LogError | None = None
        self.lost = False
        self._reader = threading.Thread(target=self._read, name="perfsheet-output", daemon=True)
        self._reader.start()

    def lines(self, timeout_s: float) -> list[str]:
        """The next lines; none if there is no output for `timeout_s` seconds. Raises LogError."""
        if self._error is not None:
            raise self._error
        with contextlib.suppress(queue.Empty):
            return self._arrived.get(timeout=timeout_s)
        return []

    def rest(self) -> Iterator[str]:
        """The lines that are still to come, now that the processes have ended: until the pipe is closed, or silent."""
        ends = time.monotonic() + _PATIENCE_S
        silent = 0.0
        while silent < _SILENCE_S:
            over = not self._reader.is_alive()
            began = time.monotonic()
            lines = self.lines(0 if over else _SILENCE_S / 5)
            yield from lines
            silent = 0.0 if lines else silent + time.monotonic() - began
            if over and not lines:
                return
            if lines and began > ends and not over:
                self.lost = True
                return

    def _read(self) -> None:
        lines = _Lines()
        assert self._process.stdout is not None
        with self._process.stdout as stream:
            while piece := os.read(stream.fileno(), _PIECE):
                try:
                    self._log(piece)
                except (OSError, ValueError) as error:  # ValueError: it was closed, as nobody waits for the rest
                    self._error = LogError(getattr(error, "strerror", None) or str(error))
                    return
                if whole := lines.of(piece):
                    self._arrived.put(whole)
        if last := lines.of(b"", final=True):
            self._arrived.put(last)


class _Lines:
    """Cuts output into lines, which end in any of the ways that a terminal knows."""

    def __init__(self) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._decoder = io.IncrementalNewlineDecoder(decoder, translate=True)
        self._begun = ""

    def of(self, piece: bytes, final: bool = False) -> list[str]:
        """The lines that this piece ends; the last one may have no end when it is `final`."""
        *lines, begun = self._decoder.decode(piece, final).split("\n")
        if lines:
            lines[0] = self._begun + lines[0]
            self._begun = ""
        self._begun = (self._begun + begun)[:_LONGEST]
        if final and self._begun:
            lines.append(self._begun)
        return [line[:_LONGEST] for line in lines]
