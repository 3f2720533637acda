"""`perfsheet run`."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from perfsheet.cli import options as shared
from perfsheet.cli.analysing import analyse
from perfsheet.cli.handling import command, say
from perfsheet.cli.report import print_json, write_workbook
from perfsheet.errors import ExitStatus, NoDeviceOpError, PerfsheetError, usage

if TYPE_CHECKING:
    from perfsheet.analysis import Analysis, Options
    from perfsheet.run import RunOutcome, RunRequest

_TOP = 10


@command
def run(
    target: Annotated[
        str, typer.Option("-c", "--command", metavar="COMMAND", help='The target: "pytest path::test[x]".')
    ],
    name: Annotated[
        str, typer.Option("-n", "--name", help="Name of the report: a folder and part of its file name.")
    ] = "",
    output: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("-o", "--output-folder", metavar="DIR", help="Where the profiler leaves its logs and reports."),
    ] = None,
    timeout: Annotated[
        Optional[float],  # noqa: UP045
        typer.Option("--timeout", metavar="SECONDS", help="End the run, and all its processes, after that time."),
    ] = None,
    tt_metal_home: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--tt-metal-home", metavar="DIR", help="The tt-metal checkout; default: $TT_METAL_HOME."),
    ] = None,
    python: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--python", metavar="PATH", help="The target's interpreter, if the command names none."),
    ] = None,
    replay: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(
            "--replay",
            metavar="CAPTURE",
            help="Run the target without a profiler, and analyse this recorded capture instead.",
        ),
    ] = None,
    tracy_options: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Argument(metavar="-- TRACY_OPTION", help="Further options of python -m tracy.", show_default=False),
    ] = None,
    force: shared.Force = False,
    ref_cores: shared.RefCores = "108",
    low_cores: shared.LowCores = 25.0,
    board: shared.Board = None,
    batch: shared.Batch = 1.0,
    json: shared.Json = False,
) -> int:
    """Run a target under the profiler, and write the Excel perf sheet of its ops."""
    from perfsheet import run as profiler

    if tracy_options and not tracy_options[0].startswith("-"):
        raise usage(f"unexpected argument {tracy_options[0]!r}", "give the whole target in -c; tracy options follow --")
    if timeout is not None and timeout <= 0:
        raise usage(f"--timeout {timeout:g}: not a time", "give seconds above 0")
    settings = shared.analysis_options(ref_cores, low_cores, board, batch)
    request = profiler.RunRequest(target, name, output, timeout, tt_metal_home, python, tuple(tracy_options or ()))

    def echo(line: str) -> None:
        # Who reads our output may stop reading (| head); the run goes on, and its log has everything.
        with contextlib.suppress(BrokenPipeError):
            typer.echo(line.rstrip("\r\n"), err=json)

    captures = replay or _recorded(request)
    if captures:
        workbook = _replayed_workbook(captures, output, force)
        outcome = profiler.replay(request, echo)
        analysis = _analyse(captures, settings, request, outcome)
    else:
        outcome = profiler.profile(request, echo)
        analysis = _analyse([str(outcome.csv)], settings, request, outcome)
        workbook = None
    workbook = write_workbook(analysis, workbook, force)
    if outcome.tests_failed:
        say(f"perfsheet: tests failed: {outcome.verdict.summary}; the full output is in {outcome.log}")
    with contextlib.suppress(BrokenPipeError):
        _show(analysis, workbook, json)
    return ExitStatus.TESTS_FAILED if outcome.tests_failed else ExitStatus.DONE


def _recorded(request: RunRequest) -> list[str]:
    """The recorded capture of this target, when there is one and no profiler is here."""
    from perfsheet.cli.settings import recorded_capture
    from perfsheet.run import available

    recorded = recorded_capture(Path.cwd(), request.command)
    if recorded is None:
        return []
    missing = available(request)
    if missing is None:
        return []
    say(f"perfsheet: {missing}")
    say(f"The recorded capture of this target is replayed: {recorded}")
    return [str(recorded)]


def _replayed_workbook(captures: list[str], output: Path | None, force: bool) -> Path:
    """Where the workbook of a replay goes; it and the captures are looked at before the target runs for nothing."""
    from perfsheet.capture.sources import locate
    from perfsheet.errors import not_written
    from perfsheet.render.workbook import place

    captures = [source.label for source in locate(captures)]
    path = place.default_path(captures)
    if output is not None:
        try:
            output.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise not_written(f"{output} cannot be made: {error.strerror}", "give another folder with -o") from None
        path = output / path.name
    place.check(path, captures, force)
    return path


def _analyse(captures: list[str], settings: Options, request: RunRequest, outcome: RunOutcome) -> Analysis:
    from perfsheet.analysis.result import Provenance

    verdict = outcome.verdict
    provenance = Provenance(request.command, verdict.summary, outcome.tests_failed, outcome.replayed)
    try:
        return analyse(captures, settings, provenance=provenance)
    except NoDeviceOpError as error:
        if outcome.replayed:
            raise
        status = ExitStatus.TESTS_FAILED if outcome.tests_failed else ExitStatus.NOTHING_RAN
        raise PerfsheetError(status, f"{error.message} (tests: {verdict.summary})", error.hint) from None


def _show(analysis: Analysis, workbook: Path, json: bool) -> None:
    if json:
        print_json(analysis, workbook)
        return
    from perfsheet.render.terminal import top_ops

    typer.echo()
    top_ops.render(analysis, _TOP, sys.stdout)
    typer.echo(f"\nWrote {workbook}")
