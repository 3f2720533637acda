"""`perfsheet hotspots`."""

from __future__ import annotations

import sys
from typing import Annotated, Optional

import typer

from perfsheet.cli import options as shared
from perfsheet.cli.analysing import analyse, show_signposts
from perfsheet.cli.handling import command

_SCREENFUL = 10


@command
def hotspots(
    captures: shared.Captures = None,
    count: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option("-n", "--top", metavar="N", help="Findings to show, 0 = all (default: 10; all in JSON and CSV)."),
    ] = None,
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
    csv: shared.Csv = False,
) -> None:
    """Show what to fix first: findings of all rules, what each could save at most, and what to try."""
    shared.one_format(json, csv)
    window = shared.selection(start_signpost, end_signpost, id_range, device, no_host_ops, which_pass)
    settings = shared.analysis_options(ref_cores, low_cores, board, batch, window, strict)
    if signposts:
        show_signposts(captures, settings, json, csv)
        return
    limit = shared.first(count or 0)
    analysis = analyse(captures, settings)
    if json:
        from perfsheet.outputs import json_output

        typer.echo(json_output.dumps(json_output.hotspots(analysis, limit)))
    elif csv:
        from perfsheet.outputs import csv_output
        from perfsheet.tables.findings import FINDINGS, findings

        csv_output.write(sys.stdout, FINDINGS, findings(analysis, limit))
    else:
        from perfsheet.outputs.terminal import hotspots as terminal

        terminal.render(analysis, _SCREENFUL if count is None else limit, sys.stdout)
