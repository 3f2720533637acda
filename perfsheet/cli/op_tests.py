"""`perfsheet tests`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from perfsheet.cli import options as shared
from perfsheet.cli.captures import analyse_runs
from perfsheet.cli.handling import command, say, tell
from perfsheet.cli.options import analysis_options
from perfsheet.errors import usage

if TYPE_CHECKING:
    from perfsheet.analysis import Options

_NAMED = 6


# fmt: off
@command
@analysis_options
def op_tests(
    *,
    captures: shared.Captures = None,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FOLDER", help="Where the tests go.")],
    pcc: Annotated[
        float | None, typer.Option("--pcc", metavar="LIMIT", help="The PCC of bfloat16 ops; 0.999 by default.")
    ] = None,
    graph: shared.Graph = None,
    force: shared.Force = False,
    options: Options,
) -> None:
    """Write a pytest file for each kind of op of a capture: every configuration against TTNN's golden function."""
    if pcc is not None and not 0 < pcc <= 1:
        raise usage(f"--pcc {pcc:g}: not a limit", "give a number above 0, at most 1")
    analysis = analyse_runs(captures, options, graph)
    from perfsheet.outputs.op_tests import write
    from perfsheet.trials import described
    from perfsheet.trials.board import board_of

    trials = described(analysis, board_of(analysis)[1])
    source = Path(analysis.summary.paths[0]).name
    written = write(trials, output, source, {} if pcc is None else {"bfloat16": pcc}, force)
    for op_code, count in list(written.left_out.items())[:_NAMED]:
        say(f"not covered: {count:,} × {op_code}")
    tell(f"Wrote {len(written.files)} files to {output}: {written.cases} tests, which stand for {written.ops:,} ops")
# fmt: on
