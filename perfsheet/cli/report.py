"""`perfsheet report`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from perfsheet.cli import options as shared
from perfsheet.cli.analysing import analyse, show_signposts
from perfsheet.cli.handling import command, say
from perfsheet.errors import usage
from perfsheet.progress import Phase

if TYPE_CHECKING:
    from perfsheet.render.terminal.progress import View

_LONG_OPS = 10_000


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
    start_signpost: shared.StartSignpost = None,
    end_signpost: shared.EndSignpost = None,
    id_range: shared.IdRange = None,
    device: shared.Device = None,
    no_host_ops: shared.NoHostOps = False,
    which_pass: shared.WhichPass = "all",
    signposts: shared.Signposts = False,
    json: shared.Json = False,
) -> None:
    """Write the Excel perf sheet of a capture."""
    from perfsheet.render import jsonout, place
    from perfsheet.render.workbook import book

    window = shared.selection(start_signpost, end_signpost, id_range, device, no_host_ops, which_pass)
    settings = shared.analysis_options(ref_cores, low_cores, board, batch, window)
    if signposts and output is not None:
        raise usage("--signposts lists signposts, and writes no workbook", "leave -o or --signposts out")
    if signposts:
        show_signposts(captures, settings, json)
        return
    if output is not None:
        place.check(output, captures or [], force)  # before the work, not after it
    analysis = analyse(captures, settings)
    workbook = place.default_path(analysis.summary.paths) if output is None else output
    place.check(workbook, analysis.summary.paths, force)
    with _view(len(analysis.ops)) as watch:
        watch.phase(Phase.ANALYSE)
        book.write(analysis, workbook, watch)
    if json:
        typer.echo(jsonout.dumps(jsonout.report(analysis, str(workbook))))
        say(f"Wrote {workbook}")
    else:
        typer.echo(f"Wrote {workbook}")


def _view(ops: int) -> View:
    """A bar on a terminal for a capture that takes its time."""
    from perfsheet.render.terminal.progress import LiveView, View

    return LiveView(sys.stderr) if sys.stderr.isatty() and ops > _LONG_OPS else View(sys.stderr)
