"""What the doctor examines, and what it finds."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from perfsheet.light_dataclass import dataclass
from perfsheet.run import process
from perfsheet.run.model import RUN_ID
from perfsheet.run.toolchain import TargetPython
from perfsheet.run.workspace import new_run_id


@dataclass(frozen=True)
class Diagnosis:
    """One line: `ok` is None if it is unknown or does not matter here. `fix` says what to do when it is not ok."""

    id: str
    label: str
    ok: bool | None
    detail: str
    fix: str = ""


@dataclass(frozen=True)
class RunSetup:
    """Where a run would take place: its interpreter and environment, the folders of its tools and of its reports."""

    python: TargetPython
    environment: Mapping[str, str]
    tools: Path
    root: Path

    @property
    def home(self) -> Path | None:
        """TT_METAL_HOME; None if it is not set."""
        home = self.environment.get("TT_METAL_HOME")
        return Path(home).absolute() if home else None

    @property
    def simulator(self) -> str | None:
        """TT_METAL_SIMULATOR; None if it is not set."""
        return self.environment.get("TT_METAL_SIMULATOR") or None


def run_code(setup: RunSetup, code: str, timeout_s: float) -> tuple[list[str], str]:
    """Run `code` in the target's interpreter; the lines that it prints after `answer:`, and why it failed, if it did.

    It is a process of its own, which is ended with all its descendants after `timeout_s` seconds.
    """
    run_id = new_run_id()
    lines: list[str] = []
    # Importing the profiler or ttnn makes folders in the current folder.
    with tempfile.TemporaryDirectory(prefix="perfsheet-doctor-") as folder:
        script = f"import os; os.chdir({folder!r})\n{code}"
        environment = {**setup.environment, RUN_ID: run_id, "PYTHONPATH": _absolute_python_path(setup)}
        argv = [setup.python.interpreter, "-c", script]
        try:
            ended = process.run(argv, environment, run_id, lines.append, timeout_s)
        except process.NotStartedError as error:
            return [], str(error)
    answers = [line.partition("answer:")[2].strip() for line in lines if line.startswith("answer:")]
    if ended.stopped == "interrupt":
        raise KeyboardInterrupt
    if ended.stopped:
        return answers, f"no answer within {timeout_s:g} s"
    if ended.status:
        printed = [line.strip() for line in lines if line.strip()]
        errors = [line for line in printed if "Error" in line or "TT_FATAL" in line or "TT_THROW" in line]
        return answers, (errors or printed or [f"status {ended.status}"])[-1]
    return answers, ""


def _absolute_python_path(setup: RunSetup) -> str:
    folders = setup.environment.get("PYTHONPATH", "").split(os.pathsep)
    return os.pathsep.join([os.getcwd(), *(os.path.abspath(folder) for folder in folders if folder)])  # noqa: PTH100, PTH109
