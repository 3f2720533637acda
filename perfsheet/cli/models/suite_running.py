"""What `perfsheet suite run` does with its options: which targets, which view, where results go."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import typer

from perfsheet.analysis import Analysis
from perfsheet.cli.handling import say
from perfsheet.cli.views import view
from perfsheet.errors import ExitStatus, not_written, usage
from perfsheet.machine import checkout
from perfsheet.models.e2e import Limits, merge, write_merged
from perfsheet.models.outputs.results_markdown import in_order
from perfsheet.models.suite import ModelResult, Suite, read_suite
from perfsheet.models.suite.history import read as read_history
from perfsheet.models.suite.keeping import Kept
from perfsheet.models.suite.outcome import judged
from perfsheet.models.suite.running import SuiteInterruptedError, run_suite
from perfsheet.outputs import paths

_ENDS = ("xlsx", "md", "csv", "json")
_HISTORY = "history.csv"


@dataclass(frozen=True)
class Wish:
    """What the user wants."""

    output: Path | None
    resume: bool
    rerun_failed: bool
    replay: tuple[str, ...]
    limits: Limits | None
    sort: str | None
    descending: bool
    quiet: bool
    verbose: bool
    json: bool
    force: bool


def run_all(path: Path, wish: Wish) -> int:
    """Run a suite as wished; the exit status."""
    suite = with_replays(read_suite(path), wish.replay)
    if wish.output is not None:
        suite = replace(suite, output=wish.output.absolute())
    in_order([], wish.sort, wish.descending)  # refuse a column that is not there before hours of runs
    kept = _opened(suite, wish)
    interrupted: SuiteInterruptedError | None = None
    with view(wish.quiet, wish.verbose, wish.json, lines=False) as watch:
        try:
            results = run_suite(suite, kept, watch, _write_sheet, wish.rerun_failed)
        except SuiteInterruptedError as error:
            interrupted, results = error, error.results
    results = judged([kept.relative(result) for result in results], wish.limits)
    if interrupted and interrupted.status == ExitStatus.OUTPUT_NOT_WRITTEN:
        raise interrupted
    files = write_results(suite, kept, results, wish.sort, wish.descending)
    _tell(suite, results, files, wish)
    if interrupted:
        interrupted.add_hint("go on with --resume")
        raise interrupted
    good = all(result.run_success and not result.breaches for result in results)
    return ExitStatus.DONE if good else ExitStatus.TESTS_FAILED


def with_replays(suite: Suite, wanted: Sequence[str]) -> Suite:
    """The suite with the captures of the command line: of one model, or of every target that has none.

    Raises PerfsheetError (exit status 2) for what names no target or no capture.
    """
    own: dict[str, list[Path]] = {}
    for text in wanted:
        model, mark, capture = ("", "", text) if Path(text).exists() else text.partition("=")
        if mark and model not in {one for target in suite.targets for one in (target.model, target.name)}:
            raise usage(f"--replay {text}: the suite has no model {model!r}", "give MODEL=CAPTURE")
        if not mark and not Path(text).exists():
            raise usage(f"--replay {text}: there is no such capture", "give a capture, or MODEL=CAPTURE")
        if mark and not Path(capture).exists():
            raise usage(f"--replay {text}: there is no capture {capture}", "check the path")
        own.setdefault(model, []).append(Path(capture if mark else text).absolute())
    targets = []
    for target in suite.targets:
        mine = own.get(target.name) or own.get(target.model) or ([] if target.replay else own.get("", []))
        targets.append(replace(target, replay=tuple(mine)) if mine else target)
    return replace(suite, targets=tuple(targets))


def write_results(
    suite: Suite, kept: Kept, results: Sequence[ModelResult], sort: str | None, descending: bool
) -> list[Path]:
    """The table in every format, the merge of the perf files, and the history; the files.

    Raises PerfsheetError (exit status 7).
    """
    from perfsheet.atomic_write import replace_text
    from perfsheet.models.outputs import suite_csv, suite_json, suite_markdown, suite_workbook
    from perfsheet.models.suite.history import appended
    from perfsheet.outputs import json_output

    branch, commit = checkout.head(suite.folder)
    output = suite.output
    workbook, page, table, record = (output / f"results.{end}" for end in _ENDS)
    history = appended(output / _HISTORY, results, commit)
    suite_workbook.write(results, history, workbook)
    replace_text(page, suite_markdown.markdown(suite.name, in_order(results, sort, descending)))
    replace_text(table, suite_csv.text(results))
    files = [workbook, page, table, output / _HISTORY, record]
    for stale in (output / "perf.csv", output / "device_perf.csv"):
        stale.unlink(missing_ok=True)
    folders = [kept.folder(number, target) for number, target in enumerate(suite.targets)]
    if perf_files := [path for folder in folders for path in sorted(folder.glob("*perf_*.csv"))]:
        files += write_merged(merge(perf_files), output / "perf.csv", branch, commit)
    replace_text(record, json_output.dumps(suite_json.suite(suite.name, results, list(map(str, files)))) + "\n")
    return files


def _opened(suite: Suite, wish: Wish) -> Kept:
    """The folder of results; those of an earlier run are neither mixed nor thrown away without a word."""
    kept = Kept(suite.output)
    if kept.any and not wish.resume and not wish.force:
        raise not_written(
            f"{suite.output} has the results of an earlier run",
            "go on with --resume, start over with --force, or give another folder with -o",
        )
    try:
        suite.output.mkdir(parents=True, exist_ok=True)
        read_history(suite.output / _HISTORY)
        for end in _ENDS:
            paths.check_file(suite.output / f"results.{end}", [], force=True)
        if wish.force:
            kept.clear()
    except OSError as error:
        raise not_written(f"{suite.output}: {error.strerror}", "give another folder with -o") from None
    return kept


def _write_sheet(analysis: Analysis, path: Path) -> None:
    from perfsheet.outputs.workbook import book

    book.write(analysis, path)


def _tell(suite: Suite, results: Sequence[ModelResult], files: Sequence[Path], wish: Wish) -> None:
    from perfsheet.models.outputs import suite_json
    from perfsheet.models.outputs import suite_terminal as terminal
    from perfsheet.outputs import json_output

    if wish.json:
        typer.echo(json_output.dumps(suite_json.suite(suite.name, results, list(map(str, files)))))
    elif not wish.quiet:
        terminal.render(in_order(results, wish.sort, wish.descending), sys.stdout)
    for result in results:
        for breach in result.breaches:
            say(f"perfsheet: {result.name}: {breach}")
    # Where the user looks for it: standard output, unless that has the JSON.
    typer.echo(f"Results: {files[0]} and {len(files) - 1} more in {suite.output}", err=wish.json)
