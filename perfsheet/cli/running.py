"""Carries out `perfsheet run`: profiles or replays the target, writes the outputs, shows the result."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from perfsheet.cli.captures import open_first, report_left_out
from perfsheet.cli.handling import say, tell
from perfsheet.cli.handling import view as chosen_view
from perfsheet.errors import ExitStatus, not_written
from perfsheet.light_dataclass import dataclass
from perfsheet.progress import Phase
from perfsheet.provenance import RECORD_NAME, RECORD_VERSION, STANDS_IN

if TYPE_CHECKING:
    from perfsheet.analysis import Options
    from perfsheet.analysis.cases import Case
    from perfsheet.budget.model import ExpectationResult
    from perfsheet.outputs.progress_view import View
    from perfsheet.outputs.writing import Outputs
    from perfsheet.profiling import Plan, ProfilingResult
    from perfsheet.profiling.model import MeasuredRun
    from perfsheet.run import RunRequest
    from perfsheet.text.json_view import JsonView

_TOP = 10


@dataclass(frozen=True)
class RunOptions:
    """The options of a run that are not about the profiler."""

    analysis: Options
    outputs: Outputs
    json: JsonView | None
    quiet: bool
    verbose: bool


def run_target(request: RunRequest, plan: Plan, options: RunOptions) -> int:
    """Profile the target; without a profiler, replay the capture recorded for it, if there is one."""
    from perfsheet.profiling import profile_target

    if plan.repeat == 1 and not plan.warmup and not plan.graph and (recorded := _recorded(request)):
        return run_replay(request, recorded, options)
    with chosen_view(options.quiet, options.verbose, options.json is not None) as view:
        done = profile_target(request, plan, options.analysis, view, _keep_record)
        written = _written(done, Path(str(done.shown.csv)).with_suffix(".xlsx"), options, view)
    return _show_result(done, written, options)


def run_replay(request: RunRequest, captures: Sequence[str], options: RunOptions) -> int:
    """Run the target without a profiler, and analyse recorded captures instead of its own."""
    from perfsheet.profiling import replay_target

    workbook = _replayed_workbook(captures, request.output_dir, options.outputs.force)
    with chosen_view(options.quiet, options.verbose, options.json is not None) as view:
        done = replay_target(request, captures, options.analysis, view)
        written = _written(done, workbook, options, view)
        if request.output_dir is not None:  # beside a capture, it would seem to be the record of that
            _write_record(done.runs[0], _free_record(workbook, options.outputs.force))
    return _show_result(done, written, options)


def _free_record(workbook: Path, force: bool) -> Path:
    """run.json beside the workbook, or under its name where one of another replay is there already."""
    record = workbook.with_name(RECORD_NAME)
    return workbook.with_suffix(f".{RECORD_NAME}") if record.exists() and not force else record


def run_cases(request: RunRequest, plan: Plan, options: RunOptions) -> int:
    """Profile every case of the target in a run of its own, and show the cases side by side."""
    from perfsheet.atomic_write import replace_text
    from perfsheet.outputs import json_output
    from perfsheet.outputs.workbook import case_book
    from perfsheet.profiling import profile_cases

    with chosen_view(options.quiet, options.verbose, options.json is not None) as view:
        cases, status = profile_cases(request, plan, options.analysis, view, _keep_record)
        for warning, numbers in _warnings(cases).items():
            view.notice(f"warning: {'case' if len(numbers) == 1 else 'cases'} {', '.join(numbers)}: {warning}")
        folder = _cases_folder(request)
        workbook = folder / f"{folder.name}.xlsx"
        case_book.write(cases, workbook, view)
        replace_text(folder / RECORD_NAME, json_output.dumps(json_output.case_records(cases)) + "\n")
    if options.json:
        json_output.write(json_output.cases(cases, str(workbook)), sys.stdout, options.json)
    _finish([workbook], options, lambda: _show_cases(cases))
    return status


def _recorded(request: RunRequest) -> list[str]:
    """The recorded capture of this target, if there is one and no profiler."""
    from perfsheet.cli.settings import recorded_capture
    from perfsheet.run import available

    recorded = recorded_capture(Path.cwd(), request.command)
    if recorded is None:
        return []
    missing = available(request)
    if missing is None:
        return []
    say(f"perfsheet: {missing}")
    say(f"{STANDS_IN}{recorded}")
    return [str(recorded)]


def _replayed_workbook(captures: Sequence[str], output: Path | None, force: bool) -> Path:
    """The workbook of a replay; it and the captures are checked before the target runs."""
    from perfsheet.capture.sources import locate
    from perfsheet.outputs import paths

    located = [source.label for source in locate(list(captures))]
    path = paths.default_path(located)
    if output is not None:
        try:
            output.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise not_written(f"{output} cannot be made: {error.strerror}", "give another folder with -o") from None
        path = output / path.name
    paths.check_file(path, located, force)
    return path


def _written(done: ProfilingResult, workbook: Path, options: RunOptions, view: View) -> list[Path]:
    """Print the warnings, and write the workbook and the other outputs; return the files, the workbook first."""
    for warning in done.analysis.summary.warnings:
        view.notice(f"warning: {warning}")
    outputs = options.outputs.with_workbook(workbook)
    outputs.check(done.analysis.summary.paths)
    written = outputs.write(done.analysis, view)
    report_left_out(done.analysis, outputs)
    view.phase(Phase.DONE)
    return written


def _keep_record(run: MeasuredRun) -> None:
    """Write run.json beside the report of a run, as soon as there is one."""
    if run.outcome.csv is not None:
        _write_record(run, run.outcome.csv.with_name(RECORD_NAME))


def _write_record(run: MeasuredRun, path: Path) -> None:
    from perfsheet.atomic_write import replace_text
    from perfsheet.outputs import json_output

    record = {"schema_version": RECORD_VERSION, **json_output.run(run.outcome.provenance, run.summary)}
    replace_text(path, json_output.dumps(record) + "\n")


def _warnings(cases: Sequence[Case]) -> dict[str, list[str]]:
    """The warnings about all cases, each with the numbers of its cases."""
    numbers: dict[str, list[str]] = {}
    for case in cases:
        for warning in case.summary.warnings if case.summary else ():
            numbers.setdefault(warning, []).append(str(case.number))
    return numbers


def _show_result(done: ProfilingResult, written: list[Path], options: RunOptions) -> int:
    """Show the result, and return the exit status; limits of tests count like tests."""
    from perfsheet.outputs import json_output
    from perfsheet.profiling import check_expectations
    from perfsheet.text import limits

    results = tuple(check_expectations(done.analysis, done.shown.verdict.expectations))
    if options.json:
        result = json_output.report(done.analysis, str(written[0]), options.json.is_brief)
        json_output.write({**result, **json_output.expectations(done.analysis, results)}, sys.stdout, options.json)
    _finish(written, options, lambda: _show(done, results))
    if done.tests_failed:
        failed = next((run for run in done.runs if run.outcome.tests_failed), None)
        if failed is not None:
            say(f"perfsheet: {_failed(failed, of_several=len(done.runs) > 1)}")
    for failure in done.failures:
        say(f"perfsheet: {failure.label}: {failure.error}")
    for sentence in (line for result in results for line in limits.breached(result)):
        say(f"perfsheet: {sentence}")
    if options.outputs.open:
        open_first(written)
    if done.status or all(result.passed for result in results):
        return done.status
    return ExitStatus.BUDGET_BREACHED


def _failed(run: MeasuredRun, of_several: bool) -> str:
    verdict = run.outcome.verdict
    what = "tests" if verdict.source == "pytest" else "the target"
    where = f" in {run.label}" if of_several else ""
    because = f" ({verdict.first_reason})" if verdict.first_reason else ""
    return f"{what} failed{where}: {verdict.summary}{because}; the full output is in {run.outcome.log}"


def _show(done: ProfilingResult, results: Sequence[ExpectationResult]) -> None:
    from perfsheet.outputs.terminal.checks import print_test_limits
    from perfsheet.outputs.terminal.ops import print_top_ops
    from perfsheet.outputs.terminal.runs import print_repeats, print_tests
    from perfsheet.outputs.terminal.screen import screen_for

    print_tests(screen_for(sys.stdout), done.shown.verdict.tests)
    print_test_limits(screen_for(sys.stdout), results)
    if done.analysis.repeats:
        print_repeats(done.analysis, done.analysis.repeats, _TOP, sys.stdout)
    else:
        print_top_ops(done.analysis, _TOP, sys.stdout)


def _show_cases(cases: Sequence[Case]) -> None:
    from perfsheet.outputs.terminal.runs import print_cases

    print_cases(cases, sys.stdout)


def _finish(written: Sequence[Path], options: RunOptions, show: Callable[[], None]) -> None:
    """Show the result on standard output, then where the outputs are, the workbook last."""
    lines = [f"Wrote {path}" for path in reversed(written)]
    if options.json:
        for line in lines:
            say(line)
        return
    with contextlib.suppress(BrokenPipeError):
        if not options.quiet:
            typer.echo()
            show()
            typer.echo()
        for line in lines:
            tell(line)


def _cases_folder(request: RunRequest) -> Path:
    """A new folder beside the reports of the cases."""
    from perfsheet.run import reports_folder

    folder = reports_folder(request) / "_".join(
        filter(None, ("cases", request.name, time.strftime("%Y_%m_%d_%H_%M_%S")))
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise not_written(f"{folder} cannot be made: {error.strerror}", "give another folder with -o") from None
    return folder
