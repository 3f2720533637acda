"""`perfsheet history ops`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from perfsheet.cli import options as shared
from perfsheet.cli.handling import command, tell
from perfsheet.cli.history import options as ours
from perfsheet.cli.options import json_options

if TYPE_CHECKING:
    from perfsheet.history.series import Chosen
    from perfsheet.text.json_view import JsonView

_SCREENFUL = 10


# fmt: off
@command
@json_options
@ours.chosen_options
def ops(
    *,
    store: ours.Store,
    chosen: Chosen,
    op: Annotated[str, typer.Option("--op", metavar="TEXT",
        help="Only ops whose code, shape, tensors or source contain this, or the signature with this id.")] = "",
    count: ours.Count = None,
    engine: ours.EngineName = "duckdb",
    output: ours.Output = None,
    html: ours.Html = None,
    force: shared.Force = False,
    json: JsonView | None = None,
    csv: shared.Csv = False,
) -> None:
    """Follow op signatures over commits, those that got slower first: by how much, since when, on which board.

    Of several models or boards the one with the newest loss is shown; --model and --board choose another one.
    """
    from dataclasses import replace

    from perfsheet.outputs import paths

    shared.one_format(json, csv)
    ours.check_name(output, ".xlsx")
    ours.check_name(html, ".html")
    limit = ours.count(count, _SCREENFUL, False)
    for path in filter(None, (output, html)):
        paths.check_file(path, [], force)
    with ours.engine(engine) as running:
        from perfsheet.history.growth import growth, worst_first
        from perfsheet.history.series import choose
        from perfsheet.history.store import open_store

        contents = open_store(store)
        series = worst_first(choose(contents.runs, replace(chosen, kind="capture")))
        found = growth(running, contents, series[0], limit, op)
    from perfsheet.history.outputs import terminal
    from perfsheet.history.outputs.json_output import ops_json
    from perfsheet.outputs import csv_output, json_output

    if json:
        json_output.write(ops_json(store, series, found, limit), sys.stdout, json)
    elif csv:
        from perfsheet.history.tables import OP_POINTS, op_points

        csv_output.write(sys.stdout, OP_POINTS, op_points(found))
    else:
        terminal.print_ops(series, found, sys.stdout)
    if output is not None:
        from perfsheet.history.outputs.workbook import write_ops_workbook

        write_ops_workbook(found, output, force)
        tell(f"Wrote {output}", err=bool(json) or csv)
    if html is not None:
        from perfsheet.history.outputs.page import write_ops_page

        write_ops_page(store, found, html, force)
        tell(f"Wrote {html}", err=bool(json) or csv)
# fmt: on
