"""The commands about many models; `perfsheet suite` is declared here."""

from __future__ import annotations

import typer

from perfsheet.cli.models.suite_merge import merge
from perfsheet.cli.models.suite_run import run
from perfsheet.cli.models.suite_table import table

app = typer.Typer(
    rich_markup_mode=None, no_args_is_help=True, help="Run many models, merge their perf files, make one table."
)
app.command("run", short_help="Run the targets of a suite.toml, and write one table.")(run)
app.command("merge", short_help="Merge perf files, and check them.")(merge)
app.command("table", short_help="Sort a Markdown results table, or convert it to CSV, Excel or JSON.")(table)
