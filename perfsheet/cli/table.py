"""`perfsheet table`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from perfsheet.cli import options as shared
from perfsheet.cli.captures import analyse, inputs
from perfsheet.cli.handling import command, tell
from perfsheet.cli.options import analysis_options, json_options
from perfsheet.errors import usage

if TYPE_CHECKING:
    from perfsheet.analysis import Options
    from perfsheet.text.json_view import JsonView

KINDS = ("ops", "host-fallback", "matmul-geometry", "attention", "norms", "collectives", "layers")


# fmt: off
@command
@json_options
@analysis_options
def table(
    *,
    kind: Annotated[str, typer.Argument(metavar="KIND", help=f"{', '.join(KINDS)}.")],
    captures: shared.Captures = None,
    by: Annotated[str | None, typer.Option("--by", metavar="layers|regions",
        help="Of layers: pieces that repeat, or regions between signposts (default: regions if there are several).")
        ] = None,
    graph: shared.Graph = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", metavar="FILE",
        help="Write it to a file instead.")] = None,
    force: shared.Force = False,
    options: Options,
    json: JsonView | None = None,
    csv: shared.Csv = False,
) -> None:
    """Print one table of a capture, to paste into a report: Markdown, or with --csv or --json data."""
    shared.one_format(json, csv)
    if kind not in KINDS:
        raise usage(f"there is no table {kind!r}", f"known: {', '.join(KINDS)}")
    if by not in (None, "layers", "regions") or (by is not None and kind != "layers"):
        raise usage(f"--by {by}: not for {kind}", "`table layers` takes --by layers or --by regions")
    if output is not None:
        from perfsheet.outputs import paths

        paths.check_file(output, inputs(captures, graph), force)
    analysis = analyse(captures, options, graph=graph)
    from perfsheet.outputs import breakdown

    by_regions = None if by is None else by == "regions"
    pieces = breakdown.pieces(analysis, kind, by_regions, json, csv)
    if output is None:
        sys.stdout.writelines(pieces)
        return
    from perfsheet.atomic_write import replace_text

    replace_text(output, "".join(pieces))
    tell(f"Wrote {output}", err=True)
# fmt: on
