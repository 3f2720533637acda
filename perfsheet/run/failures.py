"""From what a run left behind to the one sentence that says what went wrong, and what to do."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from pathlib import Path

from perfsheet.errors import ExitStatus, PerfsheetError
from perfsheet.run.process import Ended
from perfsheet.run.report import announced_csv
from perfsheet.run.toolchain import REPLAY_HINT
from perfsheet.run.verdict import (
    PYTEST_NOTHING_COLLECTED,
    PYTEST_USAGE_ERROR,
    Source,
    Verdict,
    is_over,
    read_verdict,
)

CAPTURE_CRASHED = 70
SIGNALLED = 3
TESTS_FAILED_CHECKED = 4  # with --check-exit-code


@dataclass(frozen=True)
class Symptom:
    """A text in the output that says by itself why there is no report."""

    text: str
    status: ExitStatus
    message: str
    hint: str


_MARKERS_HINT = (
    "end the command with '-- --op-support-count 10000' or '-- --dump-device-data-mid-run', or run fewer layers"
)

_NO_CAPTURE = "Tracy capture did not finish"

SYMPTOMS = (
    Symptom(
        "requires a Tracy-enabled build",
        ExitStatus.NO_PROFILER,
        "this ttnn is built without the profiler, as the wheels on PyPI are",
        f"use a source build of tt-metal with Tracy enabled; or {REPLAY_HINT}",
    ),
    Symptom(
        "Tracy tools were not found",
        ExitStatus.NO_PROFILER,
        "the profiler did not find its capture tools",
        f"name a tt-metal build that has them with --tt-metal-home; or {REPLAY_HINT}",
    ),
    Symptom(
        "No module named 'websockets'",
        ExitStatus.NO_PROFILER,
        "the profiler needs the Python module websockets, which is not installed with ttnn",
        "pip install websockets",
    ),
    Symptom(
        _NO_CAPTURE,
        ExitStatus.PROFILER_FAILED,
        "the capture tool was still waiting for the target two minutes after it ended",
        "a target that ends before it opens a device does this: run it without the profiler first",
    ),
    Symptom("Device data missing", ExitStatus.PROFILER_FAILED, "device markers were dropped", _MARKERS_HINT),
    Symptom("Device data mismatch", ExitStatus.PROFILER_FAILED, "device markers were dropped", _MARKERS_HINT),
)


@dataclass
class Signs:
    """What the run gives away: in its output, gathered line by line, and by a device log (`device_logged`)."""

    announced: Path | None = None
    symptoms: list[Symptom] = field(default_factory=list)
    exception: str = ""
    device_logged: bool = False
    _in_traceback: bool = False

    def read(self, line: str) -> None:
        """Take in one line of output."""
        self.announced = announced_csv(line) or self.announced
        self.symptoms += [symptom for symptom in SYMPTOMS if symptom.text in line]
        if line.startswith("Traceback (most recent call last)"):
            self._in_traceback = True
        elif self._in_traceback and re.match(r"[\w.]+", line):  # frames and source lines are indented
            self.exception, self._in_traceback = line.strip(), False

    def symptom(self, status: ExitStatus) -> Symptom | None:
        """The first symptom of that status, if any was seen."""
        return next((symptom for symptom in self.symptoms if symptom.status == status), None)


def failure(ended: Ended, verdict: Verdict | None, signs: Signs, log: Path, timeout_s: float | None) -> PerfsheetError:
    """Why the run has no ops CSV; the hint always names the log."""
    error = _stopped(ended, verdict, timeout_s) or _no_start(ended, verdict, signs) or _no_report(ended, verdict, signs)
    return with_log(error, log, ended)


def refused(verdict: Verdict | None) -> PerfsheetError | None:
    """Why there is nothing to report on, with and without a profiler: no test was found, or the options are wrong."""
    if verdict is None or verdict.source != "pytest":
        return None
    if verdict.exit_status == PYTEST_USAGE_ERROR:
        return PerfsheetError(
            ExitStatus.USAGE, "pytest cannot follow the command", "see its message for the option or path it refuses"
        )
    if verdict.exit_status == PYTEST_NOTHING_COLLECTED or (verdict.exit_status == 0 and not verdict.tests):
        return PerfsheetError(
            ExitStatus.NOTHING_RAN, "pytest ran no test", "check the path, the parameters in brackets and -k or -m"
        )
    return None


class Hopeless:
    """Tells, while a run goes on, that pytest has refused it: the capture tool would wait two minutes for nothing."""

    _PATIENCE_S = 3.0

    def __init__(self, verdict_file: Path, source: Source) -> None:
        self._verdict_file, self._source = verdict_file, source
        self._since: float | None = None

    def __call__(self) -> bool:
        """Whether pytest refused the run some seconds ago."""
        if self._since is None:
            over = is_over(self._verdict_file) and refused(read_verdict(self._verdict_file, self._source))
            self._since = time.monotonic() if over else None
        return self._since is not None and time.monotonic() - self._since > self._PATIENCE_S


def stopped(ended: Ended, verdict: Verdict | None, log: Path, timeout_s: float | None) -> PerfsheetError | None:
    """The error for a run that was stopped from outside: by its time limit or by the user."""
    error = _stopped(ended, verdict, timeout_s)
    return error and with_log(error, log, ended)


def with_log(error: PerfsheetError, log: Path, ended: Ended) -> PerfsheetError:
    """`error` with a hint that says where the log is, and which processes are left, if any could not be ended."""
    hints = [error.hint, f"the full output is in {log}"]
    if ended.survivors:
        hints.append(f"not even a kill ended process {', '.join(map(str, ended.survivors))}")
    return PerfsheetError(error.status, error.message, "; ".join(filter(None, hints)))


def _stopped(ended: Ended, verdict: Verdict | None, timeout_s: float | None) -> PerfsheetError | None:
    at = f" in {verdict.running}" if verdict and verdict.running else ""
    if ended.stopped == "timeout":
        message = f"the run was stopped{at} after its time limit of {timeout_s:g} s"
        return PerfsheetError(ExitStatus.TIMEOUT, message, "give it longer with --timeout")
    if ended.stopped == "useless":
        return refused(verdict)
    if ended.stopped == "interrupt":
        return PerfsheetError(ExitStatus.INTERRUPTED, f"the run was interrupted{at} after {ended.duration_s:.0f} s")
    return None


def _no_start(ended: Ended, verdict: Verdict | None, signs: Signs) -> PerfsheetError | None:
    """The profiler is not there, or broke down itself, or the target never came to run."""
    symptom = signs.symptom(ExitStatus.NO_PROFILER)
    if symptom:
        return PerfsheetError(symptom.status, symptom.message, symptom.hint)
    if ended.status == CAPTURE_CRASHED:
        return PerfsheetError(
            ExitStatus.PROFILER_FAILED,
            "the profiler's capture tool crashed" + (f" ({verdict.summary})" if verdict else ""),
            "run it once more, and with fewer layers or iterations if it crashes again",
        )
    if ended.status == SIGNALLED:
        return PerfsheetError(ExitStatus.INTERRUPTED, "the profiler was ended by a signal from outside")
    if verdict is None:
        why = signs.exception or f"status {ended.status}"
        return PerfsheetError(ExitStatus.PROFILER_FAILED, f"the target never started: {why}")
    return refused(verdict)


def _no_report(ended: Ended, verdict: Verdict | None, signs: Signs) -> PerfsheetError:
    """The target ran, but there is no ops CSV."""
    said = verdict.summary if verdict else "the target ran"
    symptom = signs.symptom(ExitStatus.PROFILER_FAILED)
    broke = ended.status not in (0, TESTS_FAILED_CHECKED)
    if symptom and symptom.text == _NO_CAPTURE and not signs.device_logged:
        broke = False  # the capture tool waited in vain, as it does when nothing opens a device
    why = symptom.message if symptom else signs.exception or f"status {ended.status}"
    if verdict is not None and not verdict.succeeded:
        because = f": {why}" if broke else ""
        return PerfsheetError(ExitStatus.TESTS_FAILED, f"{said}, and no ops CSV was written{because}")
    if broke:
        hint = symptom.hint if symptom else "look at the end of the log"
        return PerfsheetError(
            ExitStatus.PROFILER_FAILED, f"the profiler failed after the target ran ({said}): {why}", hint
        )
    return PerfsheetError(
        ExitStatus.NOTHING_RAN,
        f"the target ran ({said}), but no operation on a device",
        "check that the target opens a device and that its tests are not skipped",
    )
