"""`perfsheet compare`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from perfsheet.cli import options as shared
from perfsheet.cli.captures import analyse_side, inputs
from perfsheet.cli.handling import command, say, tell
from perfsheet.cli.options import analysis_options, json_options, output_options
from perfsheet.errors import usage
from perfsheet.progress import Watch

if TYPE_CHECKING:
    from perfsheet.analysis import Options
    from perfsheet.comparison import Comparison
    from perfsheet.outputs.writing import Outputs
    from perfsheet.text.json_view import JsonView

_SCREENFUL = 8


@command
@json_options
@analysis_options
@output_options(comparison=True)
def compare(
    *,
    base: Annotated[str, typer.Argument(metavar="BASE", help="The capture before. Several runs: A.csv,B.csv.")],
    new: Annotated[
        list[str], typer.Argument(metavar="NEW...", help="The capture now; with several, each beside the base.")
    ],
    count: Annotated[
        int | None, typer.Option("-n", "--top", metavar="N", help="Gains and losses to show, 0 = all (default: 8).")
    ] = None,
    graph: shared.Graph = None,
    base_graph: Annotated[
        str | None, typer.Option("--base-graph", metavar="REPORT", help="The graph report of BASE; --graph is NEW's.")
    ] = None,
    outputs: Outputs,
    noise: Annotated[
        float,
        typer.Option(
            "--noise", metavar="PCT", help="Without repeats, differences of time up to so many percent count as noise."
        ),
    ] = 5.0,
    options: Options,
    json: JsonView | None = None,
) -> None:
    """Set captures side by side: what got faster or slower, what appeared or vanished, what changed about each op.

    A side is an ops CSV, a folder (its newest report) or an .xlsx copy; several runs of it are joined by commas, or
    matched by a pattern in quotes ('runs/*/ops_perf_results*.csv').
    """
    from perfsheet.capture.sources import STDIN
    from perfsheet.comparison import compare as compared

    limit = shared.first(_SCREENFUL if count is None else count)
    allowed = shared.percentage("--noise", noise)
    captures = inputs((base, *new))
    if captures.count(STDIN) > 1:
        raise usage("standard input can be read once only", "name files")
    outputs.check(captures, bool(json))
    before = analyse_side(base, options, "before: ", base_graph)
    comparisons: list[Comparison] = []
    for number, capture in enumerate(new, 1):
        name = "now: " if len(new) == 1 else f"now {number}: "
        comparisons.append(compared(before, analyse_side(capture, options, name, graph), allowed))
    for note in dict.fromkeys(note for comparison in comparisons for note in comparison.notes):
        say(f"note: {note}")
    if json:
        from perfsheet.outputs import json_output

        json_output.write(json_output.compare(comparisons[0], comparisons[1:], json.is_brief), sys.stdout, json)
    elif not outputs.to_stdout:
        from perfsheet.outputs.terminal.comparison import print_comparisons

        print_comparisons(comparisons, limit, sys.stdout)
    for path in outputs.write_comparison(comparisons, Watch()):
        tell(f"Wrote {path}", err=bool(json) or outputs.to_stdout)
