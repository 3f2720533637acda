"""`perfsheet report`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from perfsheet.cli import options as shared
from perfsheet.cli.captures import analyse, open_first, report_left_out, show_signposts
from perfsheet.cli.handling import command
from perfsheet.cli.options import analysis_options, output_options
from perfsheet.errors import usage
from perfsheet.progress import Phase

if TYPE_CHECKING:
    from perfsheet.analysis import Options
    from perfsheet.outputs.progress_view import View
    from perfsheet.outputs.writing import Outputs

_LONG_OPS = 10_000


@command
@analysis_options
@output_options()
def report(
    *,
    captures: shared.Captures = None,
    outputs: Outputs,
    force: shared.Force = False,
    options: Options,
    signposts: shared.Signposts = False,
    json: shared.Json = False,
) -> None:
    """Write the perf sheet of a capture: the Excel workbook, and what else is asked for."""
    from perfsheet.outputs import paths

    if signposts and outputs.files:
        raise usage("--signposts lists signposts, and writes no report", "leave the outputs or --signposts out")
    if signposts:
        show_signposts(captures, options, json)
        return
    outputs.check(captures or [], force, json)  # before the work, not after it
    analysis = analyse(captures, options)
    if not outputs.files:
        outputs = outputs.with_workbook(paths.default_path(analysis.summary.paths))
    outputs.check(analysis.summary.paths, force, json)
    with _view(len(analysis.ops)) as watch:
        watch.phase(Phase.ANALYSE)
        written = outputs.write(analysis, watch)
    report_left_out(analysis, outputs)
    if json:
        from perfsheet.outputs import json_output

        workbook = outputs.workbook
        typer.echo(json_output.dumps(json_output.report(analysis, None if workbook is None else str(workbook))))
    for path in written:
        typer.echo(f"Wrote {path}", err=json or outputs.to_stdout)
    if outputs.open:
        open_first(written)


def _view(ops: int) -> View:
    """A bar on a terminal for a capture that takes its time."""
    from perfsheet.outputs.progress_view import LiveView, View

    return LiveView(sys.stderr) if sys.stderr.isatty() and ops > _LONG_OPS else View(sys.stderr)
