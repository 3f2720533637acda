"""The commands about a history of many runs; `perfsheet history` is declared here."""

from __future__ import annotations

import typer

from perfsheet.cli.history.add import add
from perfsheet.cli.history.ops import ops
from perfsheet.cli.history.show import list_runs, show
from perfsheet.cli.history.targets import targets
from perfsheet.cli.history.trend import trend
from perfsheet.cli.history.upkeep import compact, export, sql

app = typer.Typer(
    rich_markup_mode=None, no_args_is_help=True, help="Keep the runs of months: trends, change points, targets."
)
app.command("add", short_help="Add captures and benchmark records to a store.")(add)
app.command("list", short_help="List the models of a store, or its runs.")(list_runs)
app.command("show", short_help="Show one run: its facts, totals, causes, largest ops.")(show)
app.command("trend", short_help="Follow a figure over commits: where it changed for good, and with which ops.")(trend)
app.command("ops", short_help="Follow ops over commits: which got slower, and since when.")(ops)
app.command("targets", short_help="Hold all models against their targets.")(targets)
app.command("sql", short_help="Ask a store anything else in SQL.")(sql)
app.command("export", short_help="Write the runs as benchmark records of tt-metal.")(export)
app.command("compact", short_help="Merge the small files of a store.")(compact)
