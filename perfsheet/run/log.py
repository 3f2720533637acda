"""The log of a run: everything that it printed."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from perfsheet.errors import not_written


class Log:
    """Everything that the run prints, in a file that is kept."""

    def __init__(self, folder: Path, run_id: str) -> None:
        stamp = time.strftime("%Y_%m_%d_%H_%M_%S")
        self.path = folder / f"perfsheet_run_{stamp}_{run_id[:8]}.log"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file: TextIO = self.path.open("w", encoding="utf-8")
        except OSError as error:
            raise not_written(
                f"cannot write the log {self.path} ({error.strerror})", "choose another folder"
            ) from error

    def tee(self, *readers: Callable[[str], None]) -> Callable[[str], None]:
        """A reader of lines that writes each to the log and then hands it to `readers`."""

        def read(line: str) -> None:
            try:
                self._file.write(line + "\n")
                self._file.flush()
            except OSError as error:
                raise not_written(f"cannot write the log {self.path} ({error.strerror})", "make room for it") from error
            for reader in readers:
                reader(line)

        return read

    def close(self, beside: Path | None = None) -> Path:
        """Close the log, move it into the folder of `beside` when that is given, and say where it is."""
        with contextlib.suppress(OSError):  # nothing is lost: each line was flushed, or its failure raised
            self._file.close()
        if beside is not None and not self.path.is_relative_to(beside.parent):
            with contextlib.suppress(OSError):  # it is as good where it is
                self.path = Path(shutil.move(self.path, beside.parent / self.path.name))
        return self.path
