"""`perfsheet hotspots`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from perfsheet.cli import options as shared
from perfsheet.cli.captures import analyse, show_signposts
from perfsheet.cli.handling import command
from perfsheet.cli.options import analysis_options

if TYPE_CHECKING:
    from perfsheet.analysis import Options

_SCREENFUL = 10


@command
@analysis_options
def hotspots(
    *,
    captures: shared.Captures = None,
    count: Annotated[
        int | None,
        typer.Option("-n", "--top", metavar="N", help="Findings to show, 0 = all (default: 10; all in JSON and CSV)."),
    ] = None,
    options: Options,
    signposts: shared.Signposts = False,
    json: shared.Json = False,
    csv: shared.Csv = False,
) -> None:
    """Show what to fix first: findings of all rules, what each could save at most, and what to try."""
    shared.one_format(json, csv)
    if signposts:
        show_signposts(captures, options, json, csv)
        return
    limit = shared.first(count or 0)
    analysis = analyse(captures, options)
    if json:
        from perfsheet.outputs import json_output

        typer.echo(json_output.dumps(json_output.hotspots(analysis, limit)))
    elif csv:
        from perfsheet.outputs import csv_output
        from perfsheet.tables.findings import FINDINGS, findings

        csv_output.write(sys.stdout, FINDINGS, findings(analysis, limit))
    else:
        from perfsheet.outputs.terminal.hotspots import print_hotspots

        print_hotspots(analysis, _SCREENFUL if count is None else limit, sys.stdout)
