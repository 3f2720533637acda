"""`perfsheet budget init`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from perfsheet.cli import options as shared
from perfsheet.cli.analysing import analyse_runs, inputs
from perfsheet.cli.check import DEFAULT_BUDGET
from perfsheet.cli.handling import command

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="Limits that a capture must keep.")


@app.callback()
def budget() -> None:
    """Limits that a capture must keep; `perfsheet check` checks them."""


@app.command("init")
@command
def init(
    captures: shared.Captures = None,
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FILE.toml", help="The budget; - for standard output.")
    ] = DEFAULT_BUDGET,
    tolerance: Annotated[
        str, typer.Option("--tolerance", metavar="PCT", help="What is allowed beyond times, rates and shares.")
    ] = "5%",
    force: shared.Force = False,
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
) -> None:
    """Write a first budget from a capture: what it takes today, and the window that it is about."""
    from perfsheet.atomic_write import replace_text
    from perfsheet.budget.writing import first_budget
    from perfsheet.outputs import paths

    window = shared.selection(start_signpost, end_signpost, id_range, device, no_host_ops, which_pass)
    settings = shared.analysis_options(ref_cores, low_cores, board, batch, window, strict)
    share = shared.share("--tolerance", tolerance)
    to_stdout = str(output) == "-"
    if not to_stdout:
        paths.check_file(output, inputs(captures), force)
    analysis = analyse_runs(captures, settings)
    text = first_budget(analysis, share)
    if to_stdout:
        typer.echo(text, nl=False)
        return
    paths.check_file(output, analysis.summary.paths, force)
    replace_text(output, text)
    typer.echo(f"Wrote {output}")
