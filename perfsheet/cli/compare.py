"""`perfsheet compare`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from perfsheet.cli import options as shared
from perfsheet.cli import outputs
from perfsheet.cli.analysing import analyse_side, inputs
from perfsheet.cli.handling import command, say
from perfsheet.errors import usage

if TYPE_CHECKING:
    from perfsheet.compare import Comparison

_SCREENFUL = 8


@command
def compare(
    base: Annotated[str, typer.Argument(metavar="BASE", help="The capture before. Several runs: A.csv,B.csv.")],
    new: Annotated[
        list[str], typer.Argument(metavar="NEW...", help="The capture now; with several, each beside the base.")
    ],
    count: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option("-n", "--top", metavar="N", help="Gains and losses to show, 0 = all (default: 8)."),
    ] = None,
    output: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("-o", "--output", metavar="FILE.xlsx", help="The comparison as an Excel workbook."),
    ] = None,
    html: outputs.Html = None,
    md: outputs.Markdown = None,
    force: shared.Force = False,
    noise: shared.Noise = 5.0,
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
    json: shared.Json = False,
) -> None:
    """Set captures side by side: what got faster or slower, what appeared or vanished, what changed about each op.

    A side is an ops CSV, a folder (its newest report) or an .xlsx copy; several runs of it are joined by commas, or
    matched by a pattern in quotes ('runs/*/ops_perf_results*.csv').
    """
    from perfsheet.capture.sources import STDIN
    from perfsheet.compare import compare as compared
    from perfsheet.outputs import paths

    window = shared.selection(start_signpost, end_signpost, id_range, device, no_host_ops, which_pass)
    settings = shared.analysis_options(ref_cores, low_cores, board, batch, window, strict)
    limit = shared.first(_SCREENFUL if count is None else count)
    allowed = shared.percentage("--noise", noise)
    wanted = outputs.Outputs(html, md)
    captures = inputs((base, *new))
    if captures.count(STDIN) > 1:
        raise usage("standard input can be read once only", "name files")
    if output is not None:
        paths.check(output, captures, force)
    wanted.check(captures, output, force, json)
    before = analyse_side(base, settings, "before: ")
    found: list[Comparison] = []
    for number, capture in enumerate(new, 1):
        name = "now: " if len(new) == 1 else f"now {number}: "
        found.append(compared(before, analyse_side(capture, settings, name), allowed))
    for note in dict.fromkeys(note for one in found for note in one.notes):
        say(f"note: {note}")
    if json:
        from perfsheet.outputs import json_output

        typer.echo(json_output.dumps(json_output.compare(found[0], found[1:])))
    elif not wanted.to_stdout:
        from perfsheet.outputs.terminal import comparison as terminal

        terminal.render(found, limit, sys.stdout)
    for path in _written(found, output, wanted):
        typer.echo(f"Wrote {path}", err=json or wanted.to_stdout)


def _written(found: Sequence[Comparison], workbook: Path | None, wanted: outputs.Outputs) -> Iterator[Path]:
    if workbook is not None:
        from perfsheet.outputs.workbook.comparison import book

        book.write(found, workbook)
        yield workbook
    yield from wanted.write_comparison(found)
