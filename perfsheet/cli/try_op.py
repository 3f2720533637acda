"""`perfsheet try`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from perfsheet.cli import options as shared
from perfsheet.cli.captures import analyse_runs
from perfsheet.cli.handling import command
from perfsheet.cli.options import analysis_options, json_options
from perfsheet.errors import usage

if TYPE_CHECKING:
    from perfsheet.analysis import Options
    from perfsheet.text.json_view import JsonView

_SCREENFUL = 8
_MOST_OPS = 5


# fmt: off
@command
@json_options
@analysis_options
def try_op(
    *,
    subject: Annotated[str, typer.Argument(metavar="ROW|CAUSE", help="A row of the file, C1 or H1.")],
    captures: shared.Captures = None,
    count: Annotated[
        int | None, typer.Option("-n", "--top", metavar="N", help="Variants to show, 0 = all (default: 8).")
    ] = None,
    code: Annotated[
        int, typer.Option("--code", metavar="N", help="Whose Python to print: of a shown variant, 0 = as recorded.")
    ] = 1,
    ops: Annotated[
        int, typer.Option("--ops", metavar="N", help="Different ops of a cause to try, longest first, 0 = all.")
    ] = _MOST_OPS,
    python: shared.TtnnPython = None,
    graph: shared.Graph = None,
    options: Options,
    json: JsonView | None = None,
) -> None:
    """Build an op alone on a mock board, as recorded and in other ways: what TTNN accepts, with the code."""
    limit = shared.first(_SCREENFUL if count is None else count)
    for option, value in (("--ops", ops), ("--code", code)):
        if value < 0:
            raise usage(f"{option} {value}: not a count", "give 0 or more")
    analysis = analyse_runs(captures, options, graph)
    from perfsheet.trials import session
    from perfsheet.trials.asked import try_subject
    from perfsheet.trials.board import board_of
    from perfsheet.trials.subjects import positions_of

    positions_of(analysis, subject)  # before the board, which takes seconds
    board = session(*board_of(analysis), python)
    asked = try_subject(analysis, subject, board, ops or None)
    if json:
        from perfsheet.outputs import json_output
        from perfsheet.outputs.json_output.trials import trials as as_json

        json_output.write(as_json(analysis, asked, board), sys.stdout, json)
        return
    from perfsheet.outputs.terminal.trials import print_trials

    print_trials(asked, board, limit, code, sys.stdout)
# fmt: on
