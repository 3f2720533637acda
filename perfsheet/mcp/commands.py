"""Commands of perfsheet as processes, for what takes an engine, a board or a target of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from perfsheet.errors import ExitStatus, PerfsheetError
from perfsheet.mcp.session import Session

_SECONDS_TO_END = 10.0
_KEPT_LINES = 5


def run_command(
    session: Session, arguments: Sequence[str], timeout_s: float, also: Sequence[int] = ()
) -> dict[str, Any]:
    """What a command prints as JSON, run in the first folder; `also`: exit statuses that come with a result.

    Raises PerfsheetError with what the command says when it fails, or takes longer.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "perfsheet", *arguments],
        cwd=session.roots[0],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=os.name == "posix",
    )
    try:
        out, said = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        _end(process)
        took = f"it took more than {timeout_s:g} s, and was ended"
        raise PerfsheetError(ExitStatus.TIMEOUT, took, "give a longer `timeout_s`") from None
    except BaseException:
        _end(process)
        raise
    if process.returncode not in (ExitStatus.DONE, *also) or not out.strip():
        lines = [line.removeprefix("perfsheet: ") for line in said.splitlines() if line.strip()]
        known = {int(status) for status in ExitStatus}
        status = process.returncode if process.returncode in known else ExitStatus.CAPTURE_UNUSABLE
        text = " / ".join(lines[-_KEPT_LINES:]) or f"it ended with status {process.returncode}"
        raise PerfsheetError(ExitStatus(status), text, "")
    try:
        found: dict[str, Any] = json.loads(out)
    except ValueError:
        raise PerfsheetError(ExitStatus.CAPTURE_UNUSABLE, "the command printed no JSON", "") from None
    return found


def _end(process: subprocess.Popen[str]) -> None:
    """End a command and what it started: it ends its target itself, if it has the time."""
    process.terminate()
    try:
        process.communicate(timeout=_SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        if os.name == "posix":
            os.killpg(process.pid, signal.SIGKILL)
        process.kill()
        process.communicate()
