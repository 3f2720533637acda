"""`perfsheet report`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from perfsheet.cli import options as shared
from perfsheet.cli import outputs
from perfsheet.cli.analysing import analyse, show_signposts
from perfsheet.cli.handling import command, say
from perfsheet.errors import usage
from perfsheet.progress import Phase

if TYPE_CHECKING:
    from perfsheet.analysis import Analysis
    from perfsheet.outputs.terminal.progress import View

_LONG_OPS = 10_000


@command
def report(
    captures: shared.Captures = None,
    output: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            "-o",
            "--output",
            metavar="FILE.xlsx",
            help="The workbook; default: the capture's name, beside it, unless another output is asked for.",
        ),
    ] = None,
    html: outputs.Html = None,
    md: outputs.Markdown = None,
    trace: outputs.Trace = None,
    raw: outputs.Raw = False,
    open_it: outputs.Open = False,
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
    strict: shared.Strict = False,
    signposts: shared.Signposts = False,
    json: shared.Json = False,
) -> None:
    """Write the perf sheet of a capture: the Excel workbook, and what else is asked for."""
    from perfsheet.outputs import paths

    window = shared.selection(start_signpost, end_signpost, id_range, device, no_host_ops, which_pass)
    settings = shared.analysis_options(ref_cores, low_cores, board, batch, window, strict)
    wanted = outputs.Outputs(html, md, trace, raw, open_it)
    if signposts and (output is not None or wanted.any):
        raise usage("--signposts lists signposts, and writes no report", "leave the outputs or --signposts out")
    if signposts:
        show_signposts(captures, settings, json)
        return
    if output is not None:
        paths.check(output, captures or [], force)  # before the work, not after it
    wanted.check(captures or [], output, force, json)
    analysis = analyse(captures, settings)
    workbook = output
    if workbook is None and not wanted.any:
        workbook = paths.default_path(analysis.summary.paths)
    if workbook is not None:
        paths.check(workbook, analysis.summary.paths, force)
    wanted.check(analysis.summary.paths, workbook, force, json)
    written = _write(analysis, workbook, wanted)
    if json:
        from perfsheet.outputs import json_output

        typer.echo(json_output.dumps(json_output.report(analysis, None if workbook is None else str(workbook))))
    for path in written:
        typer.echo(f"Wrote {path}", err=json or wanted.to_stdout)
    if open_it:
        _open(written)


def _write(analysis: Analysis, workbook: Path | None, wanted: outputs.Outputs) -> list[Path]:
    """Write the workbook and the rest; the files in the order in which they were written."""
    written: list[Path] = []
    with _view(len(analysis.ops)) as watch:
        watch.phase(Phase.ANALYSE)
        if workbook is not None:
            from perfsheet.outputs.workbook import book

            book.write(analysis, workbook, watch, wanted.raw)
            if note := book.left_out(analysis):
                say(f"note: {note}")
            written.append(workbook)
        written += wanted.write(analysis)
    return written


def _open(written: list[Path]) -> None:
    """The workbook, or the page where there is none."""
    from perfsheet.machine.open_file import open_file

    if not written:
        raise usage("--open: there is no file to open", "write a workbook or a page")
    open_file(written[0])


def _view(ops: int) -> View:
    """A bar on a terminal for a capture that takes its time."""
    from perfsheet.outputs.terminal.progress import LiveView, View

    return LiveView(sys.stderr) if sys.stderr.isatty() and ops > _LONG_OPS else View(sys.stderr)
