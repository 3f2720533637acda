"""A run from its request to its outcome: with the profiler, or without one for a replay."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from perfsheet.errors import ExitStatus, PerfsheetError, usage
from perfsheet.progress import Phase, Watch
from perfsheet.run import failures
from perfsheet.run.command import parse_command
from perfsheet.run.failures import Leavings
from perfsheet.run.log import Log
from perfsheet.run.log_scanner import Signs
from perfsheet.run.model import RunOutcome, RunRequest
from perfsheet.run.port import reserved_port
from perfsheet.run.probe import ask
from perfsheet.run.report import PrivateRoot, remove_trace_copy
from perfsheet.run.session import Session, session
from perfsheet.run.shellsafe import Aliases
from perfsheet.run.toolbox import Toolbox
from perfsheet.run.toolchain import missing_profiler, target_python, tools_folder
from perfsheet.run.workspace import artifact_root, new_run_id, profiler_argv, target_environment, target_module

_BROKE = (ExitStatus.PROFILER_FAILED, ExitStatus.TESTS_FAILED)
"""Failures after which somebody may want to process the raw logs again."""


def available(request: RunRequest) -> str | None:
    """Why the request cannot be profiled here, in one sentence with what to do; None when a profiler is there."""
    command = parse_command(request.command)
    environment = target_environment(request, command, new_run_id(), Path(os.devnull))
    toolbox = ask(target_python(request, command, environment, "tracy"), environment)
    missing = missing_profiler(toolbox, tools_folder(request.tracy_options, environment))
    return str(missing) if missing else None


def profile(request: RunRequest, watch: Watch) -> RunOutcome:
    """Run the target under the profiler; `watch` hears of its phases, its tests and each line of its output.

    Returns with an ops CSV or raises PerfsheetError; failing tests with a CSV are an outcome (`tests_failed`). After
    either, no process of the run is alive.
    """
    with session(request, watch) as now:
        watch.phase(Phase.START)
        toolbox = ask(target_python(request, now.command, now.environment, "tracy"), now.environment)
        tools = tools_folder(request.tracy_options, now.environment)
        if missing := missing_profiler(toolbox, tools):
            raise missing
        root = artifact_root(request, now.environment)
        private, aliases = PrivateRoot(root, now.run_id), Aliases(now.folder)
        try:
            with reserved_port() as port:
                argv = profiler_argv(toolbox, request, now.command, tools, private.path, aliases, port)
                return _profiled(now, toolbox, argv, Log(root / "run-logs", now.run_id), private, aliases)
        finally:
            private.discard()


def _profiled(
    now: Session, toolbox: Toolbox, argv: tuple[str, ...], log: Log, private: PrivateRoot, aliases: Aliases
) -> RunOutcome:
    left = now.run(argv, Signs(toolbox), log, aliases.of(private.path, "root"))
    # Post-processing that breaks down may leave a CSV that it had only begun.
    complete = not left.ended.stopped and (left.signs.announced is not None or left.ended.status == 0)
    csv = private.csv(left.signs.announced) if complete else None
    if csv is None or left.verdict is None or failures.refused(left.verdict):
        error = failures.failure(left, private.device_logged)
        if error.status in _BROKE and private.device_logged and not left.ended.stopped:
            error.add_hint(f"the raw logs are kept in {private.keep()}")
        raise error
    csv = private.publish(csv)
    if left.signs.trace_copy is not None:
        remove_trace_copy(left.signs.trace_copy)
    return now.outcome(toolbox, left, left.verdict, [csv], log.close(beside=csv), csv)


def replay(request: RunRequest, captures: Sequence[Path], watch: Watch) -> RunOutcome:
    """Run the target without a profiler, for the recorded `captures` to be analysed; `csv` of the outcome is None.

    Raises PerfsheetError when no test ran, the target did not start, or it was stopped; failing tests are an outcome.
    The log goes to `output_dir`, else to the system's folder for temporary files. `name`, `tt_metal_home` and
    `tracy_options` mean nothing without a profiler.
    """
    with session(request, watch) as now:
        argv = _plain_argv(now)
        user = f"perfsheet-{os.getuid()}" if hasattr(os, "getuid") else "perfsheet"  # that folder is everybody's
        left = _plainly(now, argv, request.output_dir or Path(tempfile.gettempdir()) / user)
        if left.verdict is None or failures.refused(left.verdict):
            raise failures.not_started(left)
        toolbox = ask(argv[0], now.environment)
        return now.outcome(toolbox, left, left.verdict, captures, left.log, None)


def collect(request: RunRequest, watch: Watch) -> tuple[str, ...]:
    """The node ids of the tests that the target would run, in order; none of them runs.

    Raises PerfsheetError when pytest refuses the command, fails to collect, or finds no test.
    """
    with session(request, watch) as now:
        if now.command.source != "pytest":
            raise usage("a script has no cases to split", "give a pytest target")
        argv = (*_plain_argv(now), "--collect-only", "-q")
        left = _plainly(now, argv, artifact_root(request, now.environment))
        verdict = left.verdict
        if verdict is not None and verdict.collected and verdict.exit_status == 0:
            left.log.unlink(missing_ok=True)  # a list of names that the caller has now
            return verdict.collected
        if verdict is not None and verdict.tests:
            error = PerfsheetError(ExitStatus.TESTS_FAILED, f"pytest could not collect {verdict.first_reason}")
            raise failures.with_log(error, left)
        raise failures.not_started(left)


def reports_folder(request: RunRequest) -> Path:
    """The folder below which the reports of this request end up."""
    command = parse_command(request.command)
    return artifact_root(request, target_environment(request, command, new_run_id(), Path(os.devnull))) / "reports"


def _plain_argv(now: Session) -> tuple[str, ...]:
    """The target without a profiler."""
    needs = "pytest" if now.command.source == "pytest" else "runpy"
    return (target_python(now.request, now.command, now.environment, needs), "-m", *target_module(now.command))


def _plainly(now: Session, argv: tuple[str, ...], folder: Path) -> Leavings:
    left = now.run(argv, Signs(), Log(folder / "run-logs", now.run_id))
    if error := failures.stopped(left):
        raise error
    return left
