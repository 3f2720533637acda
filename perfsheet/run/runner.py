"""A run from its request to its outcome: with the profiler, or without one for a replay."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from perfsheet.errors import ExitStatus, PerfsheetError, not_written, usage
from perfsheet.run import failures, process
from perfsheet.run.command import TargetCommand, parse_command
from perfsheet.run.failures import Hopeless, Signs
from perfsheet.run.model import RunOutcome, RunRequest
from perfsheet.run.report import Reports
from perfsheet.run.shellsafe import Aliases
from perfsheet.run.toolchain import missing_profiler, target_python, tools_folder
from perfsheet.run.verdict import Verdict, read_verdict
from perfsheet.run.workspace import (
    Log,
    artifact_root,
    new_run_id,
    profiler_argv,
    target_environment,
    target_module,
    temporary_folder,
)

Echo = Callable[[str], None]


def available(request: RunRequest) -> str | None:
    """Why the request cannot be profiled here, in one sentence with what to do; None when a profiler is there."""
    command = parse_command(request.command)
    environment = target_environment(request, command, new_run_id(), Path(os.devnull))
    python = target_python(request, command, environment, "tracy")
    missing = missing_profiler(python, tools_folder(request.tracy_options, environment), environment)
    return str(missing) if missing else None


def profile(request: RunRequest, echo: Echo) -> RunOutcome:
    """Run the target under the profiler; `echo` gets each line of its output as it comes.

    Returns with an ops CSV or raises PerfsheetError; failing tests with a CSV are an outcome (`tests_failed`). After
    either, no process of the run is alive.
    """
    command, run_id, signs = _checked(request), new_run_id(), Signs()
    with temporary_folder() as own:
        verdict_file = Path(own) / "verdict.jsonl"
        environment = target_environment(request, command, run_id, verdict_file)
        python = target_python(request, command, environment, "tracy")
        argv = profiler_argv(python, request, command, environment, Aliases(Path(own)))
        tools = tools_folder(request.tracy_options, environment)
        if missing := missing_profiler(python, tools, environment):
            raise missing
        root = artifact_root(request, environment)
        log = Log(_made(root) / "run-logs", run_id)
        try:
            reports = Reports(root)
            hopeless = Hopeless(verdict_file, command.source)
            ended = _started(argv, environment, run_id, log.tee(signs.read, echo), request.timeout_s, hopeless)
            signs.device_logged = (root / ".logs" / "profile_log_device.csv").is_file()
            csv = None if ended.stopped else reports.of_this_run(signs.announced, ended.started)
        finally:
            log.close()
        verdict = read_verdict(verdict_file, command.source)
    if csv is None or verdict is None or failures.refused(verdict):
        raise failures.failure(ended, verdict, signs, log.path, request.timeout_s)
    return _outcome(argv, ended, verdict, log.close(beside=csv), csv)


def replay(request: RunRequest, echo: Echo) -> RunOutcome:
    """Run the target without a profiler, for a recorded capture to be analysed; `csv` of the outcome is None.

    Raises PerfsheetError when no test ran, the target did not start, or it was stopped; failing tests are an outcome.
    The log goes to `output_dir`, else to the system's folder for temporary files. `name`, `tt_metal_home` and
    `tracy_options` mean nothing without a profiler.
    """
    command, run_id = _checked(request), new_run_id()
    with temporary_folder() as own:
        verdict_file = Path(own) / "verdict.jsonl"
        environment = target_environment(request, command, run_id, verdict_file)
        needs = "pytest" if command.source == "pytest" else "runpy"
        argv = (target_python(request, command, environment, needs), "-m", *target_module(command))
        log = Log((request.output_dir or Path(tempfile.gettempdir())) / "run-logs", run_id)
        signs = Signs()
        try:
            ended = _started(argv, environment, run_id, log.tee(signs.read, echo), request.timeout_s)
        finally:
            log.close()
        verdict = read_verdict(verdict_file, command.source)
    if error := failures.stopped(ended, verdict, log.path, request.timeout_s):
        raise error
    if verdict is None:
        why = signs.exception or f"status {ended.status}"
        error = PerfsheetError(ExitStatus.NOTHING_RAN, f"the target never started: {why}")
        raise failures.with_log(error, log.path, ended)
    if error := failures.refused(verdict):
        raise failures.with_log(error, log.path, ended)
    return _outcome(argv, ended, verdict, log.path, None)


def _checked(request: RunRequest) -> TargetCommand:
    command = parse_command(request.command)
    if command.script and not Path(command.script).is_file():
        raise usage(f"there is no script {command.script!r}", "name it from the current folder")
    return command


def _made(root: Path) -> Path:
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise not_written(f"cannot make the report folder {root} ({error.strerror})", "choose another one") from error
    return root


def _started(
    argv: tuple[str, ...],
    environment: Mapping[str, str],
    run_id: str,
    on_line: Echo,
    timeout_s: float | None,
    useless: Callable[[], bool] = lambda: False,
) -> process.Ended:
    try:
        return process.run(argv, environment, run_id, on_line, timeout_s, useless)
    except OSError as error:
        raise usage(f"cannot start {argv[0]} ({error.strerror})", "name another interpreter with --python") from error


def _outcome(argv: tuple[str, ...], ended: process.Ended, verdict: Verdict, log: Path, csv: Path | None) -> RunOutcome:
    return RunOutcome(csv, log, verdict, argv, ended.started, ended.duration_s, ended.status, replayed=csv is None)
