"""The list of commands."""

from __future__ import annotations

from typing import Annotated

import typer

from perfsheet._version import __version__
from perfsheet.cli.budget import app as budget
from perfsheet.cli.check import check
from perfsheet.cli.compare import compare
from perfsheet.cli.doctor import doctor
from perfsheet.cli.hotspots import hotspots
from perfsheet.cli.open import open_report
from perfsheet.cli.report import report
from perfsheet.cli.run import run
from perfsheet.cli.top_ops import top_ops

# Plain help: rich's costs a tenth of a second at every start.
app = typer.Typer(
    name="perfsheet",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("run", short_help="Profile a target, and write its perf sheet.")(run)
app.command("top-ops")(top_ops)
app.command("hotspots", short_help="Show what to fix first, and what it could save.")(hotspots)
app.command("report", short_help="Write the perf sheet of a capture: workbook, HTML, Markdown, trace.")(report)
app.command("compare", short_help="Set captures side by side: what got faster or slower, and why.")(compare)
app.command("check", short_help="Check a capture against a budget or another capture.")(check)
app.add_typer(budget, name="budget")
app.command("open", short_help="Open the newest report.")(open_report)
app.command("doctor", short_help="Check what a profiling run needs here.")(doctor)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"perfsheet {__version__}")
        raise typer.Exit


@app.callback()
def perfsheet(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """From a pytest target, or a tt-metal ops CSV, to the Excel perf sheet: what to fix first."""
