"""From what a run left behind to the one sentence that says what went wrong, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from perfsheet.errors import ExitStatus, PerfsheetError
from perfsheet.progress import Phase
from perfsheet.run.log_scanner import NO_CAPTURE, Signs
from perfsheet.run.process import Ended
from perfsheet.run.test_verdict import PYTEST_NOTHING_COLLECTED, PYTEST_USAGE_ERROR, Verdict

USAGE_ERROR = 2
CAPTURE_CRASHED = 70
SIGNALLED = 3
TESTS_FAILED_CHECKED = 4  # with --check-exit-code


@dataclass(frozen=True)
class Leavings:
    """What is known of a run once its process has ended.

    `phase` is where it was then, `timeout_s` its time limit.
    """

    argv: tuple[str, ...]
    ended: Ended
    verdict: Verdict | None
    signs: Signs
    phase: Phase
    log: Path
    timeout_s: float | None = None


class RunFailedError(PerfsheetError):
    """A run that came to no report; `verdict` is the target's own, where it got to one."""

    def __init__(self, error: PerfsheetError, hint: str, verdict: Verdict | None) -> None:
        super().__init__(error.status, error.message, hint)
        self.verdict = verdict


def failure(left: Leavings, device_logged: bool) -> PerfsheetError:
    """Why the run has no ops CSV; the hint always names the log. `device_logged`: a device had written its own."""
    return with_log(_stopped(left) or _no_start(left) or _no_report(left, device_logged), left)


def not_started(left: Leavings) -> PerfsheetError:
    """Why a target that runs without a profiler came to no test."""
    why = left.signs.exception or f"status {left.ended.status}"
    error = PerfsheetError(ExitStatus.NOTHING_RAN, f"the target never started: {why}")
    return with_log(refused(left.verdict, left.signs.complaint) or error, left)


def refused(verdict: Verdict | None, complaint: str = "") -> PerfsheetError | None:
    """Why there is nothing to report on, with and without a profiler: no test was found, or the options are wrong.

    `complaint` is what pytest said of it, where it was heard.
    """
    if verdict is None or verdict.source != "pytest":
        return None
    if verdict.exit_status == PYTEST_USAGE_ERROR:
        because = f": {complaint}" if complaint else ""
        hint = "" if complaint else "see its message for the option or path it refuses"
        return PerfsheetError(ExitStatus.USAGE, f"pytest cannot follow the command{because}", hint)
    if verdict.exit_status == PYTEST_NOTHING_COLLECTED or (verdict.exit_status == 0 and not verdict.tests):
        return PerfsheetError(
            ExitStatus.NOTHING_RAN, "pytest ran no test", "check the path, the parameters in brackets and -k or -m"
        )
    return None


def stopped(left: Leavings) -> PerfsheetError | None:
    """The error for a run that was stopped from outside: by its time limit or by the user."""
    error = _stopped(left)
    return error and with_log(error, left)


def with_log(error: PerfsheetError, left: Leavings) -> PerfsheetError:
    """`error` with a hint that says where the log is, and which processes are left, if any could not be ended."""
    hints = [error.hint, f"the full output is in {left.log}"]
    if left.ended.survivors:
        hints.append(f"not even a kill ended process {', '.join(map(str, left.ended.survivors))}")
    return RunFailedError(error, "; ".join(filter(None, hints)), left.verdict)


_DOING = {
    Phase.START: "before the target started",
    Phase.COLLECT: "while pytest collected the tests",
    Phase.CAPTURE: "while the capture tool saved the trace",
    Phase.POST_PROCESS: "during post-processing",
}


def _stopped(left: Leavings) -> PerfsheetError | None:
    ended, verdict, lock = left.ended, left.verdict, left.signs.lock
    at = f" in {verdict.running}" if verdict and verdict.running else f" {_DOING.get(left.phase, '')}".rstrip()
    if lock is not None and left.phase in (Phase.COLLECT, Phase.RUN):
        at += f", {lock.sentence},"
    if ended.stopped == "timeout":
        message = f"the run was stopped{at} after its time limit of {left.timeout_s:g} s"
        hint = lock.mend if lock else "give it longer with --timeout"
        return PerfsheetError(ExitStatus.TIMEOUT, message, hint)
    if ended.stopped == "interrupt":
        return PerfsheetError(ExitStatus.INTERRUPTED, f"the run was interrupted{at} after {ended.duration_s:.0f} s")
    return None


def _no_start(left: Leavings) -> PerfsheetError | None:
    """The profiler is not there, or broke down itself, or the target never came to run."""
    ended, verdict, signs = left.ended, left.verdict, left.signs
    symptom = signs.symptom(ExitStatus.NO_PROFILER)
    if symptom:
        return PerfsheetError(symptom.status, symptom.message, signs.hint(symptom))
    if verdict is not None and ended.stopped == "useless":
        return refused(verdict, signs.complaint) or _nothing_ran(verdict)
    if ended.status == CAPTURE_CRASHED:
        return PerfsheetError(
            ExitStatus.PROFILER_FAILED,
            "the profiler's capture tool crashed" + (f" ({verdict.summary})" if verdict else ""),
            "run it once more, and with fewer layers or iterations if it crashes again",
        )
    if ended.status == SIGNALLED and ended.stopped != "useless":
        return PerfsheetError(ExitStatus.INTERRUPTED, "the profiler was ended by a signal from outside")
    if verdict is None:
        return _never_started(left)
    return refused(verdict, signs.complaint)


def _never_started(left: Leavings) -> PerfsheetError:
    """The target's own reason comes first: the profiler only waits for it."""
    signs, symptom = left.signs, left.signs.symptom(ExitStatus.PROFILER_FAILED)
    if left.ended.status == USAGE_ERROR and signs.complaint:
        return PerfsheetError(ExitStatus.USAGE, f"the profiler cannot follow its options: {signs.complaint}")
    heard = signs.exception or signs.complaint
    why = heard or (symptom.message if symptom else f"status {left.ended.status}")
    hint = signs.hint(symptom) if symptom and not heard else "perfsheet doctor checks what a run needs"
    return PerfsheetError(ExitStatus.PROFILER_FAILED, f"the target never started: {why}", hint)


def _no_report(left: Leavings, device_logged: bool) -> PerfsheetError:
    """The target ran, but there is no ops CSV."""
    ended, verdict, signs = left.ended, left.verdict, left.signs
    said = verdict.summary if verdict else "the target ran"
    symptom = signs.symptom(ExitStatus.OUTPUT_NOT_WRITTEN) or signs.symptom(ExitStatus.PROFILER_FAILED)
    broke = ended.status not in (0, TESTS_FAILED_CHECKED)
    if symptom and symptom.text in NO_CAPTURE and not device_logged:
        broke = False  # the capture tool waited in vain, as it does when nothing opens a device
    why = symptom.message if symptom else signs.exception or f"status {ended.status}"
    if symptom and signs.buffers_full:
        why = signs.buffers_full
    if broke and verdict is not None and not verdict.succeeded:
        hint = signs.hint(symptom) if symptom else ""
        return PerfsheetError(ExitStatus.TESTS_FAILED, f"{said}, and no ops CSV was written: {why}", hint)
    if broke:
        hint = signs.hint(symptom) if symptom else "look at the end of the log"
        status = symptom.status if symptom else ExitStatus.PROFILER_FAILED
        return PerfsheetError(status, f"the profiler failed after the target ran ({said}): {why}", hint)
    return _nothing_ran(verdict)


def _nothing_ran(verdict: Verdict | None) -> PerfsheetError:
    """The target came to its end, and no device has logged an operation."""
    if verdict is not None and not verdict.succeeded:
        because = f" ({verdict.first_reason})" if verdict.first_reason else ""
        message = f"{verdict.summary}, and no ops CSV was written{because}"
        return PerfsheetError(ExitStatus.TESTS_FAILED, message)
    said = f" ({verdict.summary})" if verdict else ""
    return PerfsheetError(
        ExitStatus.NOTHING_RAN,
        f"the target ran{said}, but no operation on a device",
        "check that the target opens a device and that its tests are not skipped",
    )
