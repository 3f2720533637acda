"""`perfsheet suite`: many models."""

from __future__ import annotations

import typer

from perfsheet.cli.models.suite_merge import merge
from perfsheet.cli.models.suite_run import run
from perfsheet.cli.models.suite_table import table

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="Many models: run them, merge, one table.")
app.command("run", short_help="Run the targets of a suite.toml, and put them into one table.")(run)
app.command("merge", short_help="Merge the perf files of models, and check them.")(merge)
app.command("table", short_help="Sort a results table in Markdown, or turn it into CSV or Excel.")(table)
