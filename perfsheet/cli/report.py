"""`perfsheet report` and `perfsheet open`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from perfsheet.cli import options as shared
from perfsheet.cli.captures import analyse, inputs, open_first, report_left_out, show_signposts, with_tried
from perfsheet.cli.handling import command, tell
from perfsheet.cli.options import analysis_options, json_options, output_options
from perfsheet.errors import unusable, usage
from perfsheet.progress import Phase

if TYPE_CHECKING:
    from perfsheet.analysis import Options
    from perfsheet.outputs.progress_view import View
    from perfsheet.outputs.writing import Outputs
    from perfsheet.text.json_view import JsonView

_LONG_OPS = 10_000
_TRIED = 10
"""Causes that a report tries."""


@command
@json_options
@analysis_options
@output_options()
def report(
    *,
    captures: shared.Captures = None,
    outputs: Outputs,
    reference: shared.Reference = None,
    graph: shared.Graph = None,
    tried: shared.Try = False,
    python: shared.TtnnPython = None,
    options: Options,
    signposts: shared.Signposts = False,
    json: JsonView | None = None,
) -> None:
    """Write the perf sheet of a capture: the Excel workbook, and what else is asked for."""
    from perfsheet.outputs import paths

    if signposts and outputs.files:
        raise usage("--signposts lists signposts, and writes no report", "leave the outputs or --signposts out")
    if signposts:
        show_signposts(captures, options, json)
        return
    outputs.check(inputs(captures, reference), bool(json))  # before the work, not after it
    analysis = analyse(captures, options, reference=reference, graph=graph)
    if tried:
        analysis = with_tried(analysis, _TRIED, python)
    if not outputs.files:
        outputs = outputs.with_workbook(paths.default_path(analysis.summary.paths))
    outputs.check(inputs(analysis.summary.paths, reference), bool(json))
    with _view(len(analysis.ops)) as watch:
        watch.phase(Phase.ANALYSE)
        written = outputs.write(analysis, watch)
    report_left_out(analysis, outputs)
    if json:
        from perfsheet.outputs import json_output

        workbook = None if outputs.workbook is None else str(outputs.workbook)
        json_output.write(json_output.report(analysis, workbook, json.is_brief), sys.stdout, json)
    for path in written:
        tell(f"Wrote {path}", err=bool(json) or outputs.to_stdout)
    if outputs.open:
        open_first(written)


def _view(ops: int) -> View:
    """A bar on a terminal for a capture that takes its time."""
    from perfsheet.outputs.progress_view import LiveView, View

    return LiveView(sys.stderr) if sys.stderr.isatty() and ops > _LONG_OPS else View(sys.stderr)


@command
def open_report(
    report: Annotated[
        Path | None,
        typer.Argument(
            metavar="[REPORT]",
            help="A report, or a folder (its newest). By default the newest in this folder, in ./generated, or where "
            "the profiler leaves its reports.",
            show_default=False,
        ),
    ] = None,
    html: Annotated[bool, typer.Option("--html", help="Open the newest HTML page instead of a workbook.")] = False,
) -> None:
    """Open the newest report with the system's application for it."""
    from perfsheet.capture.sources import profiler_folders
    from perfsheet.machine import open_file
    from perfsheet.outputs.paths import PAGE, WORKBOOK, newest_report, report_at

    suffix = PAGE if html else WORKBOOK
    if report is not None:
        path = report_at(report, suffix)
    else:
        folders = [Path(), Path("generated"), *profiler_folders()]
        newest = newest_report(folders, suffix) or newest_report(folders, WORKBOOK if html else PAGE)
        if newest is None:
            looked = ", ".join(dict.fromkeys(str(folder) for folder in folders))
            raise unusable(f"no report of perfsheet in {looked}", "write one with `perfsheet report`, or name it")
        path = newest
    open_file(path)
    tell(f"Opened {path}")
