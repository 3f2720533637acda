"""`perfsheet tests`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from perfsheet.cli import options as shared
from perfsheet.cli.captures import analyse_runs
from perfsheet.cli.handling import command, load_numpy, say, tell
from perfsheet.cli.options import analysis_options
from perfsheet.errors import usage

if TYPE_CHECKING:
    from perfsheet.analysis import Options
    from perfsheet.outputs.op_tests.cases import Case

    _Tests = tuple[list[Case], Mapping[str, int], str, Mapping[str, str]]

_NAMED = 6
_FUNCTION = re.compile(r".+\.py:\w+")


# fmt: off
@command
@analysis_options
def op_tests(
    *,
    captures: Annotated[
        list[str] | None,
        typer.Argument(metavar="[CAPTURE|MODULE.py:FUNCTION]",
            help="A capture or a plan; or the function of a torch module, as `perfsheet graph` takes it."),
    ] = None,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FOLDER", help="Where the tests go.")],
    pcc: Annotated[
        list[str] | None,
        typer.Option("--pcc", metavar="LIMIT|DTYPE=LIMIT",
            help="The least PCC: of bfloat16 ops (0.999 by default), bfloat8_b=0.99, module=0.98; repeatable."),
    ] = None,
    inputs: Annotated[
        list[str] | None,
        typer.Option("--input", metavar="SHAPE[:DTYPE]", help="Of a torch module: the shape of an input."),
    ] = None,
    graph: shared.Graph = None,
    force: shared.Force = False,
    options: Options,
) -> None:
    """Write a pytest file for each kind of op: every configuration against TTNN's golden function."""
    from perfsheet.outputs.op_tests import LIMITS, write

    limits = dict(_limit(one, LIMITS) for one in pcc or [])
    of_torch = [one for one in captures or [] if _FUNCTION.fullmatch(one)]
    if of_torch and (len(captures or []) > 1 or graph is not None):
        raise usage("the tests are of a torch module, or of a capture", "give one of them")
    if inputs and not of_torch:
        raise usage("--input is for a torch module", "give MODULE.py:FUNCTION, or leave it out")
    of = _of_torch(of_torch[0], inputs or []) if of_torch else _of_capture(captures, options, graph)
    cases, left_out, source, modules = of
    written = write(cases, modules, output, source, limits, force)
    for name, count in list(left_out.items())[:_NAMED]:
        say(f"not covered: {count:,} × {name}")
    if len(left_out) > _NAMED:
        say(f"not covered: {len(left_out) - _NAMED} further kinds of ops")
    more = f", and of {len(modules)} modules" if modules else ""
    tell(f"Wrote {len(written.files)} files to {output}: tests of {written.cases} configurations, which stand for "
        f"{written.ops:,} ops{more}")
# fmt: on


def _limit(text: str, known: Mapping[str, float]) -> tuple[str, float]:
    """`("bfloat16", 0.99)` of `0.99`, `("bfloat8_b", 0.98)` of `bfloat8_b=0.98`."""
    name, _, number = text.rpartition("=")
    try:
        limit = float(number)
    except ValueError:
        limit = 0.0
    if not 0 < limit <= 1:
        raise usage(f"--pcc {text}: not a limit", "give a number above 0, at most 1")
    if name and name not in known:
        raise usage(f"--pcc {text}: no data type {name!r}", f"known: {', '.join(known)}")
    return name or "bfloat16", limit


def _of_capture(captures: list[str] | None, options: Options, graph: str | None) -> _Tests:
    analysis = analyse_runs(captures, options, graph)
    from perfsheet.outputs.op_tests.cases import of_capture
    from perfsheet.outputs.op_tests.modules import files
    from perfsheet.trials import described
    from perfsheet.trials.board import board_of
    from perfsheet.trials.modules import module_calls

    grid, source = board_of(analysis)[1], Path(analysis.summary.paths[0]).name
    calls = module_calls(analysis, grid)
    for call in (one for one in calls if one.problem):
        say(f"no test of module {'/'.join(call.path)}: {call.problem}")
    return *of_capture(described(analysis, grid)), source, files(calls, source)


def _of_torch(spec: str, inputs: list[str]) -> _Tests:
    load_numpy()
    from perfsheet.models.torch_graph.building import build
    from perfsheet.models.torch_graph.op_cases import of_graph
    from perfsheet.models.torch_graph.tracing import trace

    return *of_graph(trace(spec, *build(spec, inputs)).forward), spec, {}
