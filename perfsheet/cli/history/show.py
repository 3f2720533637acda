"""`perfsheet history list` and `perfsheet history show`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from perfsheet.cli import options as shared
from perfsheet.cli.handling import command
from perfsheet.cli.history import options as ours
from perfsheet.cli.options import json_options

if TYPE_CHECKING:
    from perfsheet.history.series import Chosen
    from perfsheet.text.json_view import JsonView

_SCREENFUL, _FIRST = 20, 8


@command
@json_options
@ours.chosen_options
def list_runs(
    *,
    store: ours.Store,
    chosen: Chosen,
    runs: Annotated[bool, typer.Option("--runs", help="The runs one by one, the newest first.")] = False,
    count: ours.Count = None,
    json: JsonView | None = None,
    csv: shared.Csv = False,
) -> None:
    """List what a store has: a line per model and board, or per run."""
    shared.one_format(json, csv)
    from perfsheet.cli.handling import load_arrow

    load_arrow()
    from perfsheet.history.outputs import terminal
    from perfsheet.history.outputs.json_output import list_json
    from perfsheet.history.series import choose, newest_first
    from perfsheet.history.store import open_store
    from perfsheet.history.tables import RUNS, SERIES
    from perfsheet.outputs import csv_output, json_output

    found = choose(open_store(store).runs, chosen)
    limit = ours.count(count, _SCREENFUL, bool(json) or csv)
    newest = newest_first(found)[:limit]
    if json:
        json_output.write(list_json(store, found[:limit], newest if runs else None, found), sys.stdout, json)
    elif csv:
        if runs:
            csv_output.write(sys.stdout, RUNS, newest)
        else:
            csv_output.write(sys.stdout, SERIES, found[:limit])
    elif runs:
        terminal.print_runs(found, newest, sys.stdout)
    else:
        terminal.print_series(store, found, limit, sys.stdout)


@command
@json_options
def show(
    store: ours.Store,
    run: Annotated[str, typer.Argument(metavar="RUN", help="The first digits of its id, its commit, or its capture.")],
    count: ours.Count = None,
    engine: ours.EngineName = "duckdb",
    json: JsonView | None = None,
) -> None:
    """Show one run: what it was of, its totals, its causes, and the ops that take most time."""
    with ours.engine(engine) as running:
        from perfsheet.history.outputs import terminal
        from perfsheet.history.outputs.json_output import run_json
        from perfsheet.history.shown import shown_run
        from perfsheet.history.store import open_store
        from perfsheet.outputs import json_output

        found = shown_run(running, open_store(store), run, ours.count(count, _FIRST, bool(json)))
        if json:
            json_output.write(run_json(store, found), sys.stdout, json)
        else:
            terminal.print_run(found, sys.stdout)
