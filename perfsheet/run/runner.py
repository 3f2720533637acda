"""A run from its request to its outcome: with the profiler, or without it for a replay."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from perfsheet.errors import ExitStatus, PerfsheetError, not_written, usage
from perfsheet.progress import Phase, Watch
from perfsheet.provenance import debug_tools, debug_tools_problem
from perfsheet.run import failures, leftovers, process
from perfsheet.run.artifacts import Log, PrivateRoot, has_device_log, remove_trace_copy
from perfsheet.run.command import parse_command
from perfsheet.run.failures import ProcessResult
from perfsheet.run.log_scanner import LogScanner
from perfsheet.run.model import RUN_ID, MockRun, RunContext, RunOutcome, RunRequest
from perfsheet.run.output import LogError
from perfsheet.run.profiler_command import (
    FEWER_COUNTERS,
    MULTIPASS,
    Aliases,
    has_option,
    profiler_argv,
    target_module,
)
from perfsheet.run.record import record
from perfsheet.run.toolchain import TargetPython, find_interpreter, missing_profiler, probe, tools_folder
from perfsheet.run.tracking import StallDetector, Tracker
from perfsheet.run.verdict import EventFile, TargetVerdict, read_verdict
from perfsheet.run.workspace import (
    artifact_root,
    graph_environment,
    new_run_id,
    own_temporary_folder,
    reserved_port,
    target_environment,
    temporary_folder,
)

_LAST_BYTES = 1 << 14
"""As much of the end of a log is looked at for its last line."""

_WORTH_KEEPING = (ExitStatus.PROFILER_FAILED, ExitStatus.TESTS_FAILED)
"""Failures after which the raw logs may be worth processing again."""
GRAPH_FOLDER = "graph"
"""The folder of a graph report, beside the ops CSV."""
_REPORT_FILES = (".sqlite", ".json")
_TARGET_MARK = "--no-capture-tool"
"""An option that only the target's process has, not those of the profiler around it."""


def available(request: RunRequest) -> str | None:
    """Why the request cannot be profiled here, in one sentence with what to do; None if a profiler is available."""
    command = parse_command(request.command)
    environment = target_environment(request, command, new_run_id(), Path(os.devnull))
    python = probe(find_interpreter(request, command, environment, "tracy"), environment)
    missing = missing_profiler(python, tools_folder(request.tracy_options, environment))
    return str(missing) if missing else None


def profile(request: RunRequest, watch: Watch) -> RunOutcome:
    """Run the target under the profiler; `watch` is notified of phases, tests and each line of output.

    Returns with an ops CSV or raises PerfsheetError; failing tests with a CSV are an outcome (`tests_failed`). After
    either, no process of the run is alive.
    """
    with _context(request, watch) as context:
        watch.phase(Phase.START)
        environment = context.environment
        python = probe(find_interpreter(request, context.command, environment, "tracy"), environment)
        tools = tools_folder(request.tracy_options, environment)
        if missing := missing_profiler(python, tools):
            raise missing
        for doubt in _doubts(context):
            watch.notice(f"warning: {doubt}")
        root = artifact_root(request, environment)
        for sentence in leftovers.remove(leftovers.find([root])):
            watch.notice(f"perfsheet: {sentence}")
        private, aliases = PrivateRoot(root, context.run_id), Aliases(context.folder)
        try:
            with reserved_port() as port:
                argv = profiler_argv(python, request, context.command, tools, private.path, aliases, port)
                log = Log(root / "run-logs", context.run_id)
                return _profile(context, python, argv, log, private, aliases)
        finally:
            private.discard()


def _doubts(context: RunContext) -> Iterator[str]:
    """What is known before the run to spoil its report."""
    if found := debug_tools(context.environment):
        yield f"{debug_tools_problem(found)}; unset {' '.join(found)}"
    if has_option(MULTIPASS, context.request.tracy_options):
        yield f"profilers up to ttnn 0.81 write no ops CSV with {MULTIPASS} (tt-metal#56712); {FEWER_COUNTERS}"


def _profile(
    context: RunContext, python: TargetPython, argv: tuple[str, ...], log: Log, private: PrivateRoot, aliases: Aliases
) -> RunOutcome:
    result = _run(context, argv, LogScanner(python), log, aliases.of(private.path, "root"))
    scanner, verdict = result.scanner, result.verdict
    # Post-processing that crashes may leave an incomplete CSV.
    complete = not result.exit.stopped and (scanner.announced is not None or result.exit.status == 0)
    csv = private.csv(scanner.announced) if complete else None
    if csv is None or verdict is None or failures.refused(verdict):
        error = failures.failure(result, private.device_logged)
        if error.status in _WORTH_KEEPING and private.device_logged and not result.exit.stopped:
            error.add_hint(f"the raw logs are kept in {private.keep()}")
        raise error
    csv = private.publish(csv)
    if scanner.trace_copy is not None:
        remove_trace_copy(scanner.trace_copy)
    return _outcome(context, python, result, verdict, [csv], log.close(beside=csv), csv)


def replay(request: RunRequest, captures: Sequence[Path], watch: Watch) -> RunOutcome:
    """Run the target without a profiler, so that the recorded `captures` can be analysed; the outcome has no `csv`.

    Raises PerfsheetError when no test ran, the target did not start, or it was stopped; failing tests are an outcome.
    The log goes to `output_dir`, else to the system's folder for temporary files. `name`, `tt_metal_home` and
    `tracy_options` have no effect without a profiler.
    """
    with _context(request, watch) as context:
        argv = _plain_argv(context)
        result = _run_plain(context, argv, request.output_dir or own_temporary_folder())
        if result.verdict is None or failures.refused(result.verdict):
            raise failures.not_started(result)
        python = probe(argv[0], context.environment)
        return _outcome(context, python, result, result.verdict, captures, result.log, None)


def capture_graph(request: RunRequest, outcome: RunOutcome, watch: Watch, pcc: bool = False) -> RunOutcome:
    """Run the target of `outcome` once more, without the profiler but with TTNN's graph capture, which slows it down.

    `pcc`: TTNN compares each op with its golden function in that run.
    Returns `outcome` with the report, which lies beside its ops CSV like the log of this run. Whatever goes wrong is
    one notice on `watch` and changes nothing of the profiled run; PerfsheetError is raised for an interrupt only.
    """
    assert outcome.csv is not None
    watch.phase(Phase.GRAPH)
    folder = outcome.csv.with_name(GRAPH_FOLDER)
    try:
        with _context(request, _InPhase(watch)) as context:
            environment = graph_environment(context.environment, folder, pcc)
            problems = _captured(replace(context, environment=environment), outcome.csv.parent)
    except PerfsheetError as error:
        if error.status == ExitStatus.INTERRUPTED:
            error.add_hint(f"the report of the profiled run is kept: {outcome.csv}")
            raise
        problems = [str(error)]
    if not any(path.suffix in _REPORT_FILES for path in folder.rglob("*")):
        watch.notice(f"warning: there is no graph report: {'; '.join(problems) or 'TTNN wrote none'}")
        return outcome
    if problems:
        watch.notice(f"warning: the graph report may be incomplete: {'; '.join(problems)}")
    return replace(outcome, graph_report=folder, record=replace(outcome.record, graph_report=folder.name))


def _captured(context: RunContext, folder: Path) -> list[str]:
    """Run the target of a graph capture, whose log goes to `folder`; returns what went wrong."""
    interpreter = find_interpreter(context.request, context.command, context.environment, "tracy")
    argv = (interpreter, "-m", *target_module(context.command))
    result = _run(context, argv, LogScanner(), Log(folder, context.run_id, "graph"))
    if error := failures.stopped(result):
        raise error
    verdict = result.verdict
    if verdict is None or failures.refused(verdict):
        raise failures.not_started(result)
    problems = _graph_problems(context)
    if not verdict.succeeded:
        reason = f" ({verdict.first_reason})" if verdict.first_reason else ""
        what = "tests" if verdict.source == "pytest" else "the target"
        problems.append(f"{what} failed: {verdict.summary}{reason}; the full output is in {result.log}")
    return problems


def _graph_problems(context: RunContext) -> list[str]:
    """What went wrong with the graph capture itself."""
    events = EventFile(context.verdict_file).new()
    return [event["problem"] for event in events if event["event"] == "graph"]


def run_on_mock_board(
    request: RunRequest,
    variables: Callable[[Mapping[str, str | None], str | None], Mapping[str, str]],
    folder: Path,
    watch: Watch,
) -> MockRun:
    """Run the target on a mock board, with TTNN's graph capture; captures go to `folder`.

    `variables` makes the board for the interpreter with these versions, whose ttnn is that file (None = it has none),
    and names its environment. Raises PerfsheetError if the target never started, or was interrupted.
    """
    with _context(request, watch) as context:
        watch.phase(Phase.START)
        interpreter = find_interpreter(request, context.command, context.environment, "ttnn")
        python = probe(interpreter, context.environment)
        quiet = {"TT_LOGGER_LEVEL": "Error", "TT_METAL_LOGS_PATH": str(folder / "logs")}
        board = {**quiet, **context.environment, **variables(python.versions, python.ttnn_file)}
        captures = folder / "captures"
        own = replace(context, environment=graph_environment(board, captures, plan=True))
        argv = (interpreter, "-m", *target_module(context.command))
        logs = artifact_root(request, context.environment) / "run-logs"
        result = _run(own, argv, LogScanner(), Log(logs, context.run_id, "plan"))
        stopped = failures.stopped(result)
        if stopped is not None and stopped.status == ExitStatus.INTERRUPTED:
            raise stopped
        if stopped is None and (result.verdict is None or failures.refused(result.verdict)):
            raise failures.not_started(result)
        verdict, found = result.verdict, tuple(_captures(captures))
        failed = verdict is not None and not verdict.succeeded
        if stopped is None and found and not failed:
            _remove_log(result.log)
        return MockRun(
            verdict,
            python.versions,
            result.log,
            found,
            tuple(_graph_problems(own)),
            _reason(result) if failed else "",
            "" if stopped is None else stopped.message,
        )


def _captures(folder: Path) -> list[Path]:
    """The captures of the first process in order, then those of each further one (its folder is `process_N`)."""
    found = [path for path in folder.rglob("graph_*.json") if path.suffixes == [".json"]]
    return sorted(found, key=lambda path: (_number(path.parent.name), _number(path.stem)))


def _reason(result: ProcessResult) -> str:
    """Why a target failed: its first failed test, its exception, or the last line that it printed."""
    own = result.verdict.first_reason if result.verdict is not None else ""
    return own or result.scanner.exception or _last_line(result.log)


def _last_line(log: Path) -> str:
    with contextlib.suppress(OSError), log.open("rb") as file:
        file.seek(max(log.stat().st_size - _LAST_BYTES, 0))
        lines = file.read().decode("utf-8", errors="replace").splitlines()
        return next(
            (line.strip() for line in reversed(lines) if line.strip() and not line.startswith("perfsheet:")), ""
        )
    return ""


def _number(name: str) -> int:
    number = name.rpartition("_")[2]
    return int(number) if number.isdigit() else 0


def _remove_log(log: Path) -> None:
    """Remove a log that nobody needs, and the folders that were made for it."""
    log.unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # something else is in one of them
        for folder in list(log.parents)[:3]:
            folder.rmdir()


class _InPhase(Watch):
    """Passes everything on but the phases: the whole run is one."""

    def __init__(self, watch: Watch) -> None:
        for name in ("test", "progress", "line", "notice", "alive"):
            setattr(self, name, getattr(watch, name))


def collect(request: RunRequest, watch: Watch) -> tuple[str, ...]:
    """The node ids of the tests that the target would run, in order; none of them runs.

    Raises PerfsheetError when pytest rejects the command, fails to collect, or finds no test.
    """
    with _context(request, watch) as context:
        if context.command.source != "pytest":
            raise usage("a script has no cases to split", "give a pytest target")
        argv = (*_plain_argv(context), "--collect-only", "-q")
        result = _run_plain(context, argv, artifact_root(request, context.environment))
        verdict = result.verdict
        if verdict is not None and verdict.collected and verdict.exit_status == 0:
            result.log.unlink(missing_ok=True)  # it only lists the names that are returned
            return verdict.collected
        if verdict is not None and verdict.tests:
            error = PerfsheetError(ExitStatus.TESTS_FAILED, f"pytest could not collect {verdict.first_reason}")
            raise failures.with_log(error, result)
        raise failures.not_started(result)


def reports_folder(request: RunRequest) -> Path:
    """The folder below which the reports of this request end up."""
    command = parse_command(request.command)
    return artifact_root(request, target_environment(request, command, new_run_id(), Path(os.devnull))) / "reports"


@contextlib.contextmanager
def _context(request: RunRequest, watch: Watch) -> Iterator[RunContext]:
    """What one run works with. Raises PerfsheetError (usage) for an invalid command."""
    command = parse_command(request.command)
    if command.script and not Path(command.script).is_file():
        raise usage(f"there is no script {command.script!r}", "name it from the current folder")
    run_id = new_run_id()
    with temporary_folder() as name:
        verdict_file = Path(name) / "verdict.jsonl"
        environment = target_environment(request, command, run_id, verdict_file)
        yield RunContext(request, command, run_id, Path(name), verdict_file, environment, watch)


def _run(
    context: RunContext, argv: tuple[str, ...], scanner: LogScanner, log: Log, root: Path | None = None
) -> ProcessResult:
    """Run `argv` to its end and close the log; `root` is where the profiler, if any, leaves logs and reports."""
    from perfsheet.machine.processes import ProcessTree

    # Some parts of the profiler read the variable instead of its option.
    variables = {} if root is None else {"TT_METAL_PROFILER_DIR": str(root)}
    source, timeout_s = context.command.source, context.request.timeout_s
    tracker = Tracker(context.verdict_file, source, context.watch, root is not None, scanner.read)
    tree = ProcessTree(None, RUN_ID, context.run_id)
    stall_detector = StallDetector(
        tracker,
        context.verdict_file,
        source,
        device_logged=lambda: root is None or has_device_log(root),
        target_lives=lambda: tree.has(_TARGET_MARK),
        reruns=has_option(MULTIPASS, context.request.tracy_options),
    )

    def read(line: str) -> None:
        lock = scanner.lock
        scanner.read(line)
        tracker.read(line)
        if scanner.lock != lock and scanner.lock is not None:
            context.watch.notice(f"perfsheet: {scanner.lock.sentence}")

    try:
        environment = {**context.environment, **variables}
        ended = process.run(argv, environment, context.run_id, read, timeout_s, stall_detector, log.write)
    except LogError as error:
        raise not_written(f"cannot write the log {log.path} ({error})", "make room for it") from error
    except process.NotStartedError as error:
        raise usage(f"cannot start {argv[0]} ({error})", "name another interpreter with --python") from error
    finally:
        log.close()
    phase = tracker.phase  # a stopped target's end is an event too, and would change the phase
    tracker.poll()
    verdict = read_verdict(context.verdict_file, source)
    phase = phase if ended.stopped else tracker.phase
    if ended.lost_output:
        context.watch.notice(
            f"warning: a process that cannot be ended is still printing; {log.path} lacks what follows"
        )
    return ProcessResult(argv, ended, verdict, scanner, phase, log.path, timeout_s)


def _run_plain(context: RunContext, argv: tuple[str, ...], folder: Path) -> ProcessResult:
    """Run without a profiler; the log goes to `folder`."""
    result = _run(context, argv, LogScanner(), Log(folder / "run-logs", context.run_id))
    if error := failures.stopped(result):
        raise error
    return result


def _plain_argv(context: RunContext) -> tuple[str, ...]:
    """The command line of the target without a profiler."""
    needs = "pytest" if context.command.source == "pytest" else "runpy"
    interpreter = find_interpreter(context.request, context.command, context.environment, needs)
    return (interpreter, "-m", *target_module(context.command))


def _outcome(
    context: RunContext,
    python: TargetPython,
    result: ProcessResult,
    verdict: TargetVerdict,
    captures: Sequence[Path],
    log: Path,
    csv: Path | None,
) -> RunOutcome:
    """The outcome of a run that worked: with `csv`, or in a replay with the recorded `captures`."""
    run_record = record(context, python, result, verdict, captures, log)
    return RunOutcome(csv, log, verdict, run_record, result.scanner.losses, replayed=csv is None)
