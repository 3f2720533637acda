"""`perfsheet budget init`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from perfsheet.cli import options as shared
from perfsheet.cli.captures import analyse_runs, inputs
from perfsheet.cli.check import DEFAULT_BUDGET
from perfsheet.cli.handling import command
from perfsheet.cli.options import analysis_options

if TYPE_CHECKING:
    from perfsheet.analysis import Options

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="Limits that a capture must keep.")


@app.callback()
def budget() -> None:
    """Limits that a capture must keep; `perfsheet check` checks them."""


@app.command("init")
@command
@analysis_options
def init(
    *,
    captures: shared.Captures = None,
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FILE.toml", help="The budget; - for standard output.")
    ] = DEFAULT_BUDGET,
    tolerance: Annotated[
        str, typer.Option("--tolerance", metavar="PCT", help="What is allowed beyond times, rates and shares.")
    ] = "5%",
    force: shared.Force = False,
    options: Options,
) -> None:
    """Write a first budget from a capture: its figures today as limits, and its window."""
    from perfsheet.atomic_write import replace_text
    from perfsheet.budget.writing import first_budget
    from perfsheet.outputs import paths

    share = shared.share("--tolerance", tolerance)
    to_stdout = str(output) == "-"
    if not to_stdout:
        paths.check_file(output, inputs(captures), force)
    analysis = analyse_runs(captures, options)
    text = first_budget(analysis, share)
    if to_stdout:
        typer.echo(text, nl=False)
        return
    paths.check_file(output, analysis.summary.paths, force)
    replace_text(output, text)
    typer.echo(f"Wrote {output}")
