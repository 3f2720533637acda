"""`perfsheet summary`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from perfsheet.cli import options as shared
from perfsheet.cli.captures import analyse
from perfsheet.cli.handling import command
from perfsheet.cli.options import analysis_options, json_options
from perfsheet.errors import usage

if TYPE_CHECKING:
    from perfsheet.analysis import Options
    from perfsheet.text.json_view import JsonView


# fmt: off
@command
@json_options
@analysis_options
def summary(
    *,
    captures: shared.Captures = None,
    phase: Annotated[str | None, typer.Option("--phase", metavar="decode|prefill",
        help="What an inference of a language model does; --batch has the users.")] = None,
    tokens: Annotated[float | None, typer.Option("--tokens", metavar="N",
        help="Tokens of one user in an inference: the prompt of a prefill; of a decode step 1.")] = None,
    end_to_end: Annotated[str | None, typer.Option("--e2e", metavar="TIME",
        help="What one inference took end to end, measured without the profiler: 12.3ms.")] = None,
    options: Options,
    json: JsonView | None = None,
) -> None:
    """Sum up one inference: device and end-to-end time, tokens per second, roofline, shares of the peaks."""
    from perfsheet.analysis.breakdown.inference import Phase, Workload, inference

    if phase not in (None, *(one.value for one in Phase)):
        raise usage(f"--phase {phase}: not a phase", "give decode or prefill")
    workload = Workload(options.batch, Phase(phase) if phase else None, tokens, _time(end_to_end))
    analysis = analyse(captures, options)
    found = inference(analysis, workload)
    if json:
        from perfsheet.outputs import json_output
        from perfsheet.outputs.json_output.inference import summary as as_json

        json_output.write(as_json(analysis, found), sys.stdout, json)
    else:
        from perfsheet.outputs.terminal.inference import print_inference

        print_inference(analysis, found, sys.stdout)
# fmt: on


def _time(text: str | None) -> float | None:
    """A time as limits are written, in ns."""
    from perfsheet.budget.quantities import Unit, quantity

    value = None if text is None else quantity(text, Unit.TIME)
    if text is not None and (not value or text.strip()[-1:].isdecimal()):  # a unit must not be guessed
        raise usage(f"--e2e {text}: not a time", "give 12.3ms, 850us or 1.2s")
    return value
