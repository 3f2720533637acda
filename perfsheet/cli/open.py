"""`perfsheet open`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from perfsheet.cli.handling import command
from perfsheet.errors import unusable


@command
def open_report(
    report: Annotated[
        Path | None,
        typer.Argument(
            metavar="[REPORT]",
            help="A report, or a folder (its newest). By default the newest in this folder, in ./generated, or where "
            "the profiler leaves its reports.",
            show_default=False,
        ),
    ] = None,
    html: Annotated[bool, typer.Option("--html", help="Open the newest HTML page instead of a workbook.")] = False,
) -> None:
    """Open the newest report with the system's application for it."""
    from perfsheet.capture.sources import profiler_folders
    from perfsheet.machine import open_file
    from perfsheet.outputs.paths import PAGE, WORKBOOK, newest_report, report_at

    suffix = PAGE if html else WORKBOOK
    if report is not None:
        path = report_at(report, suffix)
    else:
        folders = [Path(), Path("generated"), *profiler_folders()]
        newest = newest_report(folders, suffix) or newest_report(folders, WORKBOOK if html else PAGE)
        if newest is None:
            looked = ", ".join(dict.fromkeys(str(folder) for folder in folders))
            raise unusable(f"no report of perfsheet in {looked}", "write one with `perfsheet report`, or name it")
        path = newest
    open_file(path)
    typer.echo(f"Opened {path}")
