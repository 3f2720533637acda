"""Commands of perfsheet as processes, for what takes an engine, a board or a target of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import anyio.from_thread

from perfsheet.errors import ExitStatus, PerfsheetError
from perfsheet.machine.processes import ProcessTree

_SECONDS_TO_END = 10.0
_LOOKS_EVERY_S = 0.2
_KEPT_LINES = 5
_CALL_ID = "PERFSHEET_CALL_ID"
"""The environment variable that marks the processes of a call."""


def run_command(
    arguments: Sequence[str], timeout_s: float, folder: Path | None = None, also: Sequence[int] = ()
) -> dict[str, Any]:
    """What a command prints as JSON; `also`: exit statuses that come with a result.

    It runs in `folder`, where a target is to find its files; by default in an empty one, as Python would import what
    lies in its working folder. It is ended when the caller is cancelled. Raises PerfsheetError with what the command
    says when it fails, or takes longer.
    """
    if folder is None:
        with TemporaryDirectory(prefix="perfsheet-mcp-") as empty:
            return run_command(arguments, timeout_s, Path(empty), also)
    call = uuid.uuid4().hex
    process = subprocess.Popen(
        [sys.executable, "-m", "perfsheet", *arguments],
        cwd=folder,
        env={**os.environ, _CALL_ID: call},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="replace",
        start_new_session=os.name == "posix",
    )
    try:
        out, said = _outcome(process, timeout_s)
    except BaseException:
        _end(process, call)
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


def _outcome(process: subprocess.Popen[str], timeout_s: float) -> tuple[str, str]:
    """What a process prints, once it ends; raises what cancels the caller."""
    end = time.monotonic() + timeout_s
    while True:
        try:
            return process.communicate(timeout=_LOOKS_EVERY_S)
        except subprocess.TimeoutExpired:
            if time.monotonic() > end:
                took = f"it took more than {timeout_s:g} s, and was ended"
                raise PerfsheetError(ExitStatus.TIMEOUT, took, "give a longer `timeout_s`") from None
        anyio.from_thread.check_cancelled()


def _end(process: subprocess.Popen[str], call: str) -> None:
    """End a command and what it started: it ends its target itself, if it has the time."""
    process.terminate()
    try:
        process.communicate(timeout=_SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        ProcessTree(process, _CALL_ID, call).end()
        process.communicate()
