"""Asking the target's interpreter something in a process of its own."""

from __future__ import annotations

import os
import tempfile

from perfsheet.doctor.model import Patient
from perfsheet.run import process
from perfsheet.run.process_tree import RUN_ID
from perfsheet.run.workspace import new_run_id


def answer(patient: Patient, code: str, timeout_s: float) -> tuple[list[str], str]:
    """The lines that `code` prints behind the mark `answer:`, and why it failed (blank = it did not)."""
    run_id = new_run_id()
    lines: list[str] = []
    # Importing the profiler or ttnn makes folders where it stands.
    with tempfile.TemporaryDirectory(prefix="perfsheet-doctor-") as folder:
        script = f"import os; os.chdir({folder!r})\n{code}"
        environment = {**patient.environment, RUN_ID: run_id, "PYTHONPATH": _absolute(patient)}
        try:
            ended = process.run(
                [patient.toolbox.interpreter, "-c", script], environment, run_id, lines.append, timeout_s
            )
        except process.NotStartedError as error:
            return [], str(error)
    found = [line.partition("answer:")[2].strip() for line in lines if line.startswith("answer:")]
    if ended.stopped == "interrupt":
        raise KeyboardInterrupt
    if ended.stopped:
        return found, f"no answer within {timeout_s:g} s"
    if ended.status:
        said = [line.strip() for line in lines if line.strip()]
        errors = [line for line in said if "Error" in line or "TT_FATAL" in line or "TT_THROW" in line]
        return found, (errors or said or [f"status {ended.status}"])[-1]
    return found, ""


def _absolute(patient: Patient) -> str:
    parts = patient.environment.get("PYTHONPATH", "").split(os.pathsep)
    return os.pathsep.join([os.getcwd(), *(os.path.abspath(part) for part in parts if part)])  # noqa: PTH100, PTH109
