"""`perfsheet suite run`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from perfsheet.cli import numerics
from perfsheet.cli import options as shared
from perfsheet.cli.handling import command
from perfsheet.cli.models import suite_options as ours
from perfsheet.errors import usage


@command
def run(
    path: Annotated[Path, typer.Argument(metavar="SUITE.toml", help="The targets (docs/suite.md).")],
    output: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("-o", "--output", metavar="DIR", help="Folder of results; default: generated/suite/NAME."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where the last run was interrupted; what is done stays.")
    ] = False,
    rerun_failed: Annotated[
        bool, typer.Option("--rerun-failed", help="With --resume: run those again that failed, too.")
    ] = False,
    replay: Annotated[
        Optional[list[str]],  # noqa: UP045
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
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="All output of the targets as it comes.")] = False,
    json: shared.Json = False,
    force: Annotated[
        bool, typer.Option("--force", help="Start over: the results of the last run are thrown away.")
    ] = False,
) -> int:
    """Run the targets of a suite one after another, and put what they come to into one table and one workbook."""
    numerics.load()
    from perfsheet.cli.models.suite_running import Wish, run_all
    from perfsheet.models.e2e import Limits

    if resume and force:
        raise usage("--resume and --force exclude each other", "choose one")
    if rerun_failed and not resume:
        raise usage("--rerun-failed means nothing without --resume", "give both")
    if quiet and verbose:
        raise usage("--quiet and --verbose exclude each other", "choose one")
    limits = None if no_check else Limits(lower, upper)
    wish = Wish(
        output, resume, rerun_failed, tuple(replay or ()), limits, sort, descending, quiet, verbose, json, force
    )
    return run_all(path, wish)
