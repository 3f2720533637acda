"""The machine that perfsheet runs on: its devices, processes, tt-metal checkout, and opening files on it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from perfsheet.errors import ExitStatus, PerfsheetError

_WAIT_S = 5.0


def open_file(path: Path) -> None:
    """Open the file. Raises PerfsheetError (exit status 8) if no application can."""
    if sys.platform == "win32":
        try:
            os.startfile(path)
        except OSError as error:
            raise _not_opened(path, str(error.strerror or error)) from None
        return
    opener = shutil.which("open" if sys.platform == "darwin" else "xdg-open")
    if opener is None:
        raise _not_opened(path, "xdg-open is not installed here")
    with subprocess.Popen(
        [opener, str(path)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            status = process.wait(_WAIT_S)
        except subprocess.TimeoutExpired:  # some openers run until their window closes
            process.returncode = 0
            return
    if status != 0:
        raise _not_opened(path, f"{Path(opener).name} ended with status {status}")


def _not_opened(path: Path, why: str) -> PerfsheetError:
    return PerfsheetError(
        ExitStatus.NOT_OPENED, f"{path} cannot be opened: {why}", "copy it to a machine with a screen"
    )
