"""Why a run failed: one sentence that says what went wrong and what to do, from what the run left behind."""

from __future__ import annotations

from pathlib import Path

from perfsheet.errors import ExitStatus, PerfsheetError
from perfsheet.light_dataclass import dataclass
from perfsheet.masking import masked_text
from perfsheet.progress import Phase
from perfsheet.run.log_scanner import NO_CAPTURE, LogScanner
from perfsheet.run.process import ProcessExit
from perfsheet.run.profiler_command import FEWER_COUNTERS, MULTIPASS, has_option
from perfsheet.run.verdict import PYTEST_NOTHING_COLLECTED, PYTEST_USAGE_ERROR, TargetVerdict

# Exit statuses of the profiler.
USAGE_ERROR = 2
CAPTURE_CRASHED = 70
SIGNALLED = 3
TESTS_FAILED_CHECKED = 4  # with its option --check-exit-code


@dataclass(frozen=True)
class ProcessResult:
    """What is known about a run once its process has ended.

    `phase` is the phase in which it ended, `timeout_s` its time limit.
    """

    argv: tuple[str, ...]
    exit: ProcessExit
    verdict: TargetVerdict | None
    scanner: LogScanner
    phase: Phase
    log: Path
    timeout_s: float | None = None


class RunFailedError(PerfsheetError):
    """A run without a report; `verdict` is the target's own, if there is one."""

    def __init__(self, error: PerfsheetError, hint: str, verdict: TargetVerdict | None) -> None:
        super().__init__(error.status, error.message, hint)
        self.verdict = verdict


def failure(result: ProcessResult, device_logged: bool) -> PerfsheetError:
    """Why the run has no ops CSV; the hint always names the log. `device_logged`: a device had written its own log."""
    return with_log(_stopped(result) or _no_start(result) or _no_report(result, device_logged), result)


def not_started(result: ProcessResult) -> PerfsheetError:
    """Why a target that runs without a profiler ran no test."""
    reason = result.scanner.exception or f"status {result.exit.status}"
    error = PerfsheetError(ExitStatus.NOTHING_RAN, f"the target never started: {reason}")
    return with_log(refused(result.verdict, result.scanner.complaint) or error, result)


def refused(verdict: TargetVerdict | None, complaint: str = "") -> PerfsheetError | None:
    """Why pytest ran nothing, with or without a profiler: it found no test, or rejected the command.

    `complaint` is pytest's own message, if it was found in the output.
    """
    if verdict is None or verdict.source != "pytest":
        return None
    if verdict.exit_status == PYTEST_USAGE_ERROR:
        detail = f": {masked_text(complaint)}" if complaint else ""
        hint = "" if complaint else "see its message for the option or path"
        return PerfsheetError(ExitStatus.USAGE, f"pytest rejected the command{detail}", hint)
    if verdict.exit_status == PYTEST_NOTHING_COLLECTED or (verdict.exit_status == 0 and not verdict.tests):
        return PerfsheetError(
            ExitStatus.NOTHING_RAN, "pytest ran no test", "check the path, the parameters in brackets and -k or -m"
        )
    return None


def stopped(result: ProcessResult) -> PerfsheetError | None:
    """The error for a run that was stopped from outside: by its time limit or by the user."""
    error = _stopped(result)
    return error and with_log(error, result)


def with_log(error: PerfsheetError, result: ProcessResult) -> PerfsheetError:
    """`error` with a hint that says where the log is, and which processes could not be ended."""
    hints = [error.hint, f"the full output is in {result.log}"]
    if result.exit.survivors:
        hints.append(f"process {', '.join(map(str, result.exit.survivors))} survived a kill")
    return RunFailedError(error, "; ".join(filter(None, hints)), result.verdict)


_WHEN = {
    Phase.START: "before the target started",
    Phase.COLLECT: "while pytest collected the tests",
    Phase.CAPTURE: "while the capture tool saved the trace",
    Phase.POST_PROCESS: "during post-processing",
}


def _stopped(result: ProcessResult) -> PerfsheetError | None:
    process, verdict, lock = result.exit, result.verdict, result.scanner.lock
    at = f" in {verdict.running}" if verdict and verdict.running else f" {_WHEN.get(result.phase, '')}".rstrip()
    if lock is not None and result.phase in (Phase.COLLECT, Phase.RUN):
        at += f", {lock.sentence},"
    if process.stopped == "timeout":
        message = f"the run was stopped{at} after its time limit of {result.timeout_s:g} s"
        hint = lock.fix if lock else "give it longer with --timeout"
        return PerfsheetError(ExitStatus.TIMEOUT, message, hint)
    if process.stopped == "interrupt":
        return PerfsheetError(ExitStatus.INTERRUPTED, f"the run was interrupted{at} after {process.duration_s:.0f} s")
    return None


def _no_start(result: ProcessResult) -> PerfsheetError | None:
    """The profiler is missing, or crashed, or the target never ran."""
    process, verdict, scanner = result.exit, result.verdict, result.scanner
    symptom = scanner.symptom(ExitStatus.NO_PROFILER)
    if symptom:
        return PerfsheetError(symptom.status, symptom.message, scanner.hint(symptom))
    if verdict is not None and process.stopped == "stalled":
        return refused(verdict, scanner.complaint) or _nothing_ran(verdict)
    if process.status == CAPTURE_CRASHED:
        return PerfsheetError(
            ExitStatus.PROFILER_FAILED,
            "the profiler's capture tool crashed" + (f" ({verdict.summary})" if verdict else ""),
            "run it again, with fewer layers or iterations if it crashes again",
        )
    if process.status == SIGNALLED and process.stopped != "stalled":
        return PerfsheetError(ExitStatus.INTERRUPTED, "the profiler was ended by a signal from outside")
    if verdict is None:
        return _never_started(result)
    return refused(verdict, scanner.complaint)


def _never_started(result: ProcessResult) -> PerfsheetError:
    """The target's own reason comes first: the profiler only waits for it."""
    scanner, symptom = result.scanner, result.scanner.symptom(ExitStatus.PROFILER_FAILED)
    if result.exit.status == USAGE_ERROR and scanner.complaint:
        return PerfsheetError(ExitStatus.USAGE, f"the profiler rejected its options: {scanner.complaint}")
    own_reason = scanner.exception or scanner.complaint
    reason = own_reason or (symptom.message if symptom else f"status {result.exit.status}")
    hint = scanner.hint(symptom) if symptom and not own_reason else "perfsheet doctor checks what a run needs"
    return PerfsheetError(ExitStatus.PROFILER_FAILED, f"the target never started: {reason}", hint)


def _no_report(result: ProcessResult, device_logged: bool) -> PerfsheetError:
    """The target ran, but there is no ops CSV."""
    status, verdict, scanner = result.exit.status, result.verdict, result.scanner
    tests = verdict.summary if verdict else "the target ran"
    symptom = scanner.symptom(ExitStatus.OUTPUT_NOT_WRITTEN) or scanner.symptom(ExitStatus.PROFILER_FAILED)
    failed = status not in (0, TESTS_FAILED_CHECKED)
    if not failed and not symptom and device_logged and has_option(MULTIPASS, result.argv):
        message = f"the profiler wrote no ops CSV ({tests}), as it does with {MULTIPASS} (tt-metal#56712)"
        return PerfsheetError(ExitStatus.PROFILER_FAILED, message, FEWER_COUNTERS)
    if symptom and symptom.text in NO_CAPTURE and not device_logged:
        failed = False  # the capture tool waited in vain, as it does when nothing opens a device
    reason = symptom.message if symptom else scanner.exception or f"status {status}"
    if symptom and scanner.buffers_full:
        reason = scanner.buffers_full
    if failed and verdict is not None and not verdict.succeeded:
        hint = scanner.hint(symptom) if symptom else ""
        return PerfsheetError(ExitStatus.TESTS_FAILED, f"{tests}, and no ops CSV was written: {reason}", hint)
    if failed:
        hint = scanner.hint(symptom) if symptom else "look at the end of the log"
        error_status = symptom.status if symptom else ExitStatus.PROFILER_FAILED
        return PerfsheetError(error_status, f"the profiler failed after the target ran ({tests}): {reason}", hint)
    return _nothing_ran(verdict)


def _nothing_ran(verdict: TargetVerdict | None) -> PerfsheetError:
    """The target ended by itself, and no device has logged an op."""
    if verdict is not None and not verdict.succeeded:
        reason = f" ({verdict.first_reason})" if verdict.first_reason else ""
        message = f"{verdict.summary}, and no ops CSV was written{reason}"
        return PerfsheetError(ExitStatus.TESTS_FAILED, message)
    tests = f" ({verdict.summary})" if verdict else ""
    return PerfsheetError(
        ExitStatus.NOTHING_RAN,
        f"the target ran{tests}, but no op on a device",
        "check that the target opens a device and that its tests are not skipped",
    )
