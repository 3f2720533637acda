"""`perfsheet app`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from perfsheet.cli.handling import command, say, tell
from perfsheet.errors import PerfsheetError, unusable


@command
def app_page(
    places: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[FOLDER|CAPTURE]...",
            help="A folder whose captures, plans and suites the page offers (default: this one), and captures by name.",
            show_default=False,
        ),
    ] = None,
    port: Annotated[
        int | None, typer.Option("--port", metavar="N", help="Default: the first free one from 8501.")
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Show new captures of the folder as soon as they are there.")
    ] = False,
    python: Annotated[
        str | None,
        typer.Option("--python", metavar="PATH", help="The interpreter of models, and of targets that name none."),
    ] = None,
    output: Annotated[
        Path,
        typer.Option("-o", "--output", metavar="DIR", help="Where runs that are started from the page leave results."),
    ] = Path("generated/app"),
    token: Annotated[
        bool, typer.Option("--token/--no-token", help="Whether the address needs a token, which keeps other users out.")
    ] = True,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Whether to open the browser.")] = True,
) -> None:
    """Open a page in the browser: captures, comparisons, models, runs and suites. Only this machine can reach it."""
    from perfsheet.app.server import check_installed, open_browser, serve
    from perfsheet.app.settings import Settings

    check_installed()
    folders, captures = _sorted(places or [])
    settings = Settings(
        folder=folders[0] if folders else Path.cwd(),
        captures=tuple(captures),
        work=output,
        python=python,
        watch=watch,
    )

    def ready(address: str) -> None:
        tell(f"The page is at {address}  (Ctrl-C ends it)")
        if browser:
            try:
                open_browser(address)
            except PerfsheetError as error:
                say(f"note: {error.message}; open the address by hand")

    serve(settings, port, token, ready)


def _sorted(places: list[Path]) -> tuple[list[Path], list[Path]]:
    """Folders and captures. Raises PerfsheetError: exit status 3 for what is not there, 2 for a second folder."""
    from perfsheet.errors import usage

    for place in places:
        if not place.exists():
            raise unusable(f"{place}: no such file or folder", "check the path")
    folders = [place.absolute() for place in places if place.is_dir()]
    if len(folders) > 1:
        raise usage(f"{folders[1]} is a second folder", "give one folder, and captures by name")
    return folders, [place for place in places if not place.is_dir()]
