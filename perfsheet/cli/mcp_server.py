"""`perfsheet mcp` and `perfsheet skill`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from perfsheet.cli import options as shared
from perfsheet.cli.handling import command, load_numpy, say, tell
from perfsheet.errors import usage


@command
def mcp_server(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[FOLDER]...",
            help="What may be read: nothing outside of these folders is (default: the current one).",
            show_default=False,
        ),
    ] = None,
    allow_run: Annotated[
        bool, typer.Option("--allow-run", help="Also offer the tools that run targets: plan and run.")
    ] = False,
    python: Annotated[
        str | None,
        typer.Option("--python", metavar="PATH", help="The interpreter that has ttnn, for try, plan and run."),
    ] = None,
) -> None:
    """Serve captures to coding agents over standard input and output (Model Context Protocol): docs/agents."""
    roots = folders or [Path()]
    for root in roots:
        if not root.is_dir():
            raise usage(f"{root} is no folder", "name the folders that may be read")
    load_numpy()
    try:
        import mcp_types  # noqa: F401
        from mcp.server.lowlevel import Server  # noqa: F401
    except ImportError:
        raise usage("the server needs the SDK of the protocol", "pip install 'perfsheet[mcp]'") from None
    from perfsheet.mcp.server import serve
    from perfsheet.mcp.session import Session

    serve(Session(roots, allow_run, python))


@command
def skill(
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", metavar="FOLDER", help="Write it as FOLDER/perfsheet/SKILL.md; default: print it."
        ),
    ] = None,
    force: shared.Force = False,
) -> None:
    """Print the skill for coding agents, or install it where an agent looks for skills."""
    from perfsheet import pages

    text = pages.text(pages.SKILL)
    if output is None:
        typer.echo(text, nl=False)
        return
    from perfsheet.atomic_write import replace_text
    from perfsheet.outputs import paths

    path = output / "perfsheet" / "SKILL.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    paths.check_file(path, [], force)
    replace_text(path, text)
    tell(f"Wrote {path}")
    say("Agents also answer through the server: perfsheet mcp")
