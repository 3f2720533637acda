"""`perfsheet suite run`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from perfsheet.cli.handling import command, load_numpy, say, tell
from perfsheet.cli.models import suite_options as ours
from perfsheet.cli.options import json_options
from perfsheet.errors import ExitStatus, not_written, usage
from perfsheet.light_dataclass import dataclass

if TYPE_CHECKING:
    from perfsheet.analysis import Analysis
    from perfsheet.models.e2e import Limits
    from perfsheet.models.suite import ModelResult, Suite
    from perfsheet.models.suite.results_store import ResultsStore
    from perfsheet.text.json_view import JsonView

_SUFFIXES = ("xlsx", "md", "csv", "json")
_HISTORY = "history.csv"


@dataclass(frozen=True)
class SuiteRunOptions:
    """The options of the command line."""

    output: Path | None
    resume: bool
    rerun_failed: bool
    replay: tuple[str, ...]
    limits: Limits | None
    sort: str | None
    descending: bool
    quiet: bool
    verbose: bool
    json: JsonView | None
    force: bool


@command
@json_options
def run(
    path: Annotated[Path, typer.Argument(metavar="SUITE.toml", help="The targets (docs/suite.md).")],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="DIR", help="Folder for the results; default: generated/suite/NAME."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Continue an interrupted run; finished targets are not run again.")
    ] = False,
    rerun_failed: Annotated[
        bool, typer.Option("--rerun-failed", help="With --resume: also run failed targets again.")
    ] = False,
    replay: Annotated[
        list[str] | None,
        typer.Option(
            "--replay",
            metavar="[MODEL=]CAPTURE",
            help="Run a target without a profiler, and analyse this recorded capture. Without MODEL: every target that "
            "has none.",
        ),
    ] = None,
    lower: ours.Lower = 0.80,
    upper: ours.Upper = 1.0,
    no_check: ours.NoCheck = False,
    sort: ours.Sort = None,
    descending: ours.Descending = False,
    quiet: Annotated[
        bool, typer.Option("-q", "--quiet", help="Only warnings, errors and where the results are.")
    ] = False,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Show all output of the targets.")] = False,
    json: JsonView | None = None,
    force: Annotated[bool, typer.Option("--force", help="Start over: delete the results of the last run.")] = False,
) -> int:
    """Run the targets of a suite one after another, and write their results as one table and one workbook."""
    load_numpy()
    from perfsheet.models.e2e import Limits

    if resume and force:
        raise usage("--resume and --force exclude each other", "choose one")
    if rerun_failed and not resume:
        raise usage("--rerun-failed needs --resume", "give both")
    if quiet and verbose:
        raise usage("--quiet and --verbose exclude each other", "choose one")
    limits = None if no_check else Limits(lower, upper)
    options = SuiteRunOptions(
        output, resume, rerun_failed, tuple(replay or ()), limits, sort, descending, quiet, verbose, json, force
    )
    return _run_all(path, options)


def _run_all(path: Path, options: SuiteRunOptions) -> int:
    """Run the suite, and write and show the results; returns the exit status."""
    from perfsheet.cli.handling import view
    from perfsheet.models.outputs.suite import sort_results
    from perfsheet.models.suite import read_suite
    from perfsheet.models.suite.central_targets import check_central_targets
    from perfsheet.models.suite.model import check_limits, every_row
    from perfsheet.models.suite.running import SuiteInterruptedError, run_suite
    from perfsheet.models.targets import read_targets

    suite = with_replays(read_suite(path), options.replay)
    central = read_targets(suite.central_targets) if suite.central_targets else None
    if central is not None:
        central.check_board(suite.sku)
    if options.output is not None:
        suite = replace(suite, output=options.output.absolute())
    sort_results([], options.sort, options.descending)  # refuse an unknown column before hours of runs
    store = _open_store(suite, options)
    interrupted: SuiteInterruptedError | None = None
    with view(options.quiet, options.verbose, options.json is not None, lines=False) as watch:
        try:
            results = run_suite(suite, store, watch, _write_sheet, options.rerun_failed)
        except SuiteInterruptedError as error:
            interrupted, results = error, error.results
    results = check_limits([store.with_relative_paths(result) for result in results], options.limits)
    if central is not None:
        results = check_central_targets(suite, results, central)
    if interrupted and interrupted.status == ExitStatus.OUTPUT_NOT_WRITTEN:
        raise interrupted
    files = write_results(suite, store, results, options.sort, options.descending)
    _show(suite, results, files, options)
    if interrupted:
        interrupted.add_hint("continue with --resume")
        raise interrupted
    passed = all(row.run_success and not row.breaches for row in every_row(results))
    return ExitStatus.DONE if passed else ExitStatus.TESTS_FAILED


def with_replays(suite: Suite, replays: Sequence[str]) -> Suite:
    """The suite with the captures of the command line: for one model, or for every target that has none.

    Raises PerfsheetError (exit status 2) for an unknown model or capture.
    """
    captures: dict[str, list[Path]] = {}
    names = {name for target in suite.targets for name in (target.model, target.name)}
    for text in replays:
        model, equals, capture = ("", "", text) if Path(text).exists() else text.partition("=")
        if equals and model not in names:
            raise usage(f"--replay {text}: the suite has no model {model!r}", "give MODEL=CAPTURE")
        if not equals and not Path(text).exists():
            raise usage(f"--replay {text}: there is no such capture", "give a capture, or MODEL=CAPTURE")
        if equals and not Path(capture).exists():
            raise usage(f"--replay {text}: there is no capture {capture}", "check the path")
        captures.setdefault(model, []).append(Path(capture if equals else text).absolute())
    targets = []
    for target in suite.targets:
        default = [] if target.replay else captures.get("", [])
        own = captures.get(target.name) or captures.get(target.model) or default
        targets.append(replace(target, replay=tuple(own)) if own else target)
    return replace(suite, targets=tuple(targets))


def write_results(
    suite: Suite, store: ResultsStore, results: Sequence[ModelResult], sort: str | None, descending: bool
) -> list[Path]:
    """Write the table in every format, the history, and the merge of the perf files; returns the files.

    Raises PerfsheetError (exit status 7).
    """
    from perfsheet.atomic_write import replace_text
    from perfsheet.machine import checkout
    from perfsheet.models.e2e import merge, write_merge
    from perfsheet.models.outputs import suite as outputs
    from perfsheet.models.outputs.suite_workbook import write_workbook
    from perfsheet.models.suite.model import every_row
    from perfsheet.models.suite.results_store import append_history
    from perfsheet.outputs import json_output

    branch, commit = checkout.head(suite.folder)
    output = suite.output
    workbook, page, table, record = (output / f"results.{suffix}" for suffix in _SUFFIXES)
    rows = every_row(results)
    history = append_history(output / _HISTORY, rows, commit)
    write_workbook(rows, history, workbook)
    replace_text(page, outputs.suite_markdown(suite.name, outputs.sort_results(rows, sort, descending)))
    replace_text(table, outputs.suite_csv(rows))
    files = [workbook, page, table, output / _HISTORY, record]
    for stale in (output / "perf.csv", output / "device_perf.csv"):
        stale.unlink(missing_ok=True)
    # Only of targets that have run: the folder of one that still has to may have the files of an earlier run.
    ran = [store.folder(at, suite.targets[at]) for at, result in enumerate(results) if result.has_run]
    if perf_files := [path for folder in ran for path in sorted(folder.glob("*perf_*.csv"))]:
        files += write_merge(merge(perf_files), output / "perf.csv", branch, commit)
    files += _write_records(output / "benchmark_data", rows, suite, branch, commit)
    replace_text(record, json_output.dumps(outputs.suite_json(suite.name, rows, list(map(str, files)))) + "\n")
    return files


def _write_records(
    folder: Path, rows: Sequence[ModelResult], suite: Suite, branch: str | None, commit: str | None
) -> list[Path]:
    """A benchmark record for every result with figures; those of an earlier run go."""
    from perfsheet.models.records import write_record
    from perfsheet.models.suite.central_targets import record_of

    for stale in folder.glob("partial_run_*.json"):
        stale.unlink(missing_ok=True)
    records = [record_of(row, suite.sku, branch, commit) for row in rows]
    return [write_record(record, folder) for record in records if record is not None]


def _open_store(suite: Suite, options: SuiteRunOptions) -> ResultsStore:
    """The results folder. Refuses results of an earlier run without --resume or --force."""
    from perfsheet.models.suite.results_store import ResultsStore, read_history
    from perfsheet.outputs import paths

    store = ResultsStore(suite.output, say)
    if store.has_results and not options.resume and not options.force:
        raise not_written(
            f"{suite.output} has the results of an earlier run",
            "continue it with --resume, start over with --force, or give another folder with -o",
        )
    try:
        suite.output.mkdir(parents=True, exist_ok=True)
        read_history(suite.output / _HISTORY)
        for suffix in _SUFFIXES:
            paths.check_file(suite.output / f"results.{suffix}", [], force=True)
        if options.force:
            store.clear()
    except OSError as error:
        raise not_written(f"{suite.output}: {error.strerror}", "give another folder with -o") from None
    return store


def _write_sheet(analysis: Analysis, path: Path) -> None:
    from perfsheet.outputs.workbook import book

    book.write(analysis, path)


def _show(suite: Suite, results: Sequence[ModelResult], files: Sequence[Path], options: SuiteRunOptions) -> None:
    from perfsheet.models.outputs import suite as outputs
    from perfsheet.models.suite.model import every_row
    from perfsheet.outputs import json_output

    results = every_row(results)
    if options.json:
        json_output.write(outputs.suite_json(suite.name, results, list(map(str, files))), sys.stdout, options.json)
    elif not options.quiet:
        outputs.print_results(outputs.sort_results(results, options.sort, options.descending), sys.stdout)
    for result in results:
        if options.json or options.quiet:
            for note in outputs.impossible_notes(result).values():
                say(f"warning: {result.name}: {note}")
        for breach in result.breaches:
            say(f"perfsheet: {result.name}: {breach}")
    # On standard output, unless that has the JSON.
    tell(f"Results: {files[0]} and {len(files) - 1} more in {suite.output}", err=options.json is not None)
