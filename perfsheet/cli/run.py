"""`perfsheet run`."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from perfsheet.cli import options as shared
from perfsheet.cli.handling import command
from perfsheet.cli.options import analysis_options, json_options, output_options
from perfsheet.errors import usage

if TYPE_CHECKING:
    from perfsheet.analysis import Options
    from perfsheet.outputs.writing import Outputs
    from perfsheet.text.json_view import JsonView


# fmt: off
@command
@json_options
@analysis_options
@output_options(workbook=False)
def run(
    *,
    target: Annotated[str, typer.Option("-c", "--command", metavar="COMMAND",
        help='The target: "pytest path::test[x]".')],
    name: Annotated[str, typer.Option("-n", "--name",
        help="Name of the report: a folder and part of its file name.")] = "",
    output: Annotated[Path | None, typer.Option("-o", "--output-folder", metavar="DIR",
        help="Where the profiler leaves its reports.")] = None,
    timeout: Annotated[float | None, typer.Option("--timeout", metavar="SECONDS",
        help="End a run, and all its processes, after that time.")] = None,
    repeat: Annotated[int, typer.Option("--repeat", metavar="N", help="Profile N times; show how each op varies.")] = 1,
    warmup: Annotated[int, typer.Option("--warmup", metavar="N",
        help="Profile N times first, without using the figures.")] = 0,
    noisy: Annotated[float, typer.Option("--noisy", metavar="PCT",
        help="Mark ops with a CV (deviation / mean) above PCT.")] = 5.0,
    split_cases: Annotated[bool, typer.Option("--split-cases",
        help="Profile each case of the target in a run of its own.")] = False,
    graph: Annotated[bool, typer.Option("--graph",
        help="Run the target once more with TTNN's graph capture, and name source lines, memory and accuracy."
        )] = False,
    pcc: Annotated[bool, typer.Option("--pcc",
        help="With --graph: compare each op with its golden function in that run, for its PCC (slow)."
        )] = False,
    tt_metal_home: shared.TtMetalHome = None,
    python: shared.Python = None,
    replay: Annotated[list[str] | None, typer.Option("--replay", metavar="CAPTURE",
        help="Run the target without a profiler; analyse this recorded capture.")] = None,
    tracy_options: Annotated[list[str] | None, typer.Argument(metavar="-- TRACY_OPTION",
        help="Further options of python -m tracy.", show_default=False)] = None,
    quiet: Annotated[bool, typer.Option("-q", "--quiet",
        help="Only warnings, errors and where the report is.")] = False,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="All output as it comes, and every step.")] = False,
    outputs: Outputs,
    options: Options,
    json: JsonView | None = None,
) -> int:
    """Run a target under the profiler, and write the Excel perf sheet of its ops."""
    from perfsheet.cli.running import RunOptions, run_cases, run_replay, run_target
    from perfsheet.profiling import Plan
    from perfsheet.run import RunRequest

    if tracy_options and not tracy_options[0].startswith("-"):
        raise usage(f"unexpected argument {tracy_options[0]!r}", "give the whole target in -c; tracy options follow --")
    if timeout is not None and not 0 < timeout < math.inf:
        raise usage(f"--timeout {timeout:g}: not a time", "give seconds above 0")
    if quiet and verbose:
        raise usage("--quiet and --verbose exclude each other", "choose one")
    if pcc and not graph:
        raise usage("--pcc compares ops in the run that captures the graph", "give --graph, too")
    plan = Plan(repeat, warmup, noisy, graph, pcc)
    request = RunRequest(target, name, output, timeout, tt_metal_home, python, tuple(tracy_options or ()))
    _check(outputs, split_cases)
    run_options = RunOptions(options, outputs, json, quiet, verbose)
    if replay and (split_cases or plan.repeat > 1 or plan.warmup):
        raise usage("a replay has nothing to repeat or to split", "leave --repeat, --warmup and --split-cases out")
    if graph and replay:
        raise usage("--graph: a replay captures nothing", "perfsheet report --graph REPORT takes an existing report")
    if graph and split_cases:
        raise usage(
            "--graph and --split-cases exclude each other",
            "name one case in the command; perfsheet report --graph REPORT takes an existing report",
        )
    if split_cases:
        return run_cases(request, plan, run_options)
    if replay:
        return run_replay(request, replay, run_options)
    return run_target(request, plan, run_options)
# fmt: on


def _check(outputs: Outputs, split_cases: bool) -> None:
    """Refuse impossible outputs before the target runs."""
    if outputs.to_stdout:
        raise usage("--md -: standard output has the progress of the run", "give --md a file")
    if split_cases and (outputs.files or outputs.open):
        raise usage("cases have one workbook and no other output", "leave --html, --md, --trace and --open out")
    outputs.check([])
