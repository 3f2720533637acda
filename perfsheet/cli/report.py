"""`perfsheet report`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from perfsheet.cli import options as shared
from perfsheet.cli.analysing import analyse
from perfsheet.cli.handling import command, say

if TYPE_CHECKING:
    from perfsheet.analysis import Analysis


@command
def report(
    captures: shared.Captures = None,
    output: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            "-o", "--output", metavar="FILE.xlsx", help="The workbook; default: the capture's name, beside it."
        ),
    ] = None,
    force: shared.Force = False,
    ref_cores: shared.RefCores = "108",
    low_cores: shared.LowCores = 25.0,
    board: shared.Board = None,
    batch: shared.Batch = 1.0,
    json: shared.Json = False,
) -> None:
    """Write the Excel perf sheet of a capture."""
    from perfsheet.render import place

    settings = shared.analysis_options(ref_cores, low_cores, board, batch)
    if output is not None:
        place.check(output, captures or [], force)  # before the work, not after it
    analysis = analyse(captures, settings)
    workbook = write_workbook(analysis, output, force)
    if json:
        print_json(analysis, workbook)
    else:
        typer.echo(f"Wrote {workbook}")


def print_json(analysis: Analysis, workbook: Path) -> None:
    """Everything as JSON on standard output; where the workbook is then goes to standard error."""
    from perfsheet.render import jsonout

    typer.echo(jsonout.dumps(jsonout.report(analysis, str(workbook))))
    say(f"Wrote {workbook}")


def write_workbook(analysis: Analysis, output: Path | None, force: bool) -> Path:
    """Write the workbook where it belongs, and tell where that is."""
    from perfsheet.render import place
    from perfsheet.render.workbook import book

    captures = analysis.summary.paths
    path = place.default_path(captures) if output is None else output
    place.check(path, captures, force)
    book.write(analysis, path)
    return path
