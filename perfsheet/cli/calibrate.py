"""`perfsheet calibrate`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from perfsheet.cli import options as shared
from perfsheet.cli.captures import analyse_side, inputs
from perfsheet.cli.handling import command, say
from perfsheet.cli.options import analysis_options, json_options
from perfsheet.errors import usage

if TYPE_CHECKING:
    from perfsheet.analysis import Options
    from perfsheet.text.json_view import JsonView

_SCREENFUL = 10


@command
@json_options
@analysis_options
def calibrate(
    *,
    before: Annotated[str, typer.Argument(metavar="BEFORE", help="The capture before an optimisation.")],
    after: Annotated[str, typer.Argument(metavar="AFTER", help="The capture after it.")],
    count: Annotated[
        int | None, typer.Option("-n", "--top", metavar="N", help="Causes to show, 0 = all (default: 10).")
    ] = None,
    options: Options,
    json: JsonView | None = None,
) -> None:
    """Test the advice about a capture on what its optimisation brought: predicted beside realised gains."""
    from perfsheet.comparison import compare
    from perfsheet.comparison.calibration import Calibration

    limit = shared.first(_SCREENFUL if count is None else count)
    inputs((before, after))
    base, new = analyse_side(before, options, "before: "), analyse_side(after, options, "after: ")
    if base.plan is not None or new.plan is not None:
        raise usage("a plan realises no gain: its times are least times", "give the captures of two runs")
    calibration = Calibration(compare(base, new))
    for note in calibration.comparison.notes:
        say(f"note: {note}")
    if json:
        from perfsheet.outputs import json_output

        json_output.write(json_output.calibration(calibration), sys.stdout, json)
    else:
        from perfsheet.outputs.terminal.calibration import print_calibration

        print_calibration(calibration, limit, sys.stdout)
