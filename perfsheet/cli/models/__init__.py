"""The commands about many models; `perfsheet suite` is declared here."""

from __future__ import annotations

import typer

from perfsheet.cli.models.suite_init import init
from perfsheet.cli.models.suite_merge import merge
from perfsheet.cli.models.suite_run import run
from perfsheet.cli.models.suite_table import table
from perfsheet.cli.models.suite_targets import targets

app = typer.Typer(
    rich_markup_mode=None, no_args_is_help=True, help="Run many models, merge their perf files, make one table."
)
app.command("init", short_help="Find perf tests, and write a suite.toml of them.")(init)
app.command("run", short_help="Run the targets of a suite.toml, and write one table.")(run)
app.command("merge", short_help="Merge perf files, and check them.")(merge)
app.command("targets", short_help="Hold benchmark records against tt-metal's model_targets.yaml.")(targets)
app.command("table", short_help="Sort a Markdown results table, or convert it to CSV, Excel or JSON.")(table)
