"""`perfsheet plan`."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from perfsheet.cli import options as shared
from perfsheet.cli.captures import open_first, report_left_out
from perfsheet.cli.handling import command, say, tell, view
from perfsheet.cli.options import json_options, output_options
from perfsheet.errors import ExitStatus, usage
from perfsheet.progress import Phase

if TYPE_CHECKING:
    from perfsheet.analysis import Analysis
    from perfsheet.outputs.writing import Outputs
    from perfsheet.planning import PlanRequest
    from perfsheet.text.json_view import JsonView

DEFAULT_PLAN = Path("plan.json")
_SCREENFUL = 5


# fmt: off
@command
@json_options
@output_options()
def plan(
    *,
    target: Annotated[str | None, typer.Argument(metavar="[SCRIPT.py|FILE.py:FUNCTION]",
        help="What to plan: a script, or a function that takes a device.", show_default=False)] = None,
    command: Annotated[str | None, typer.Option("-c", "--command", metavar="COMMAND",
        help='The target as a command: "pytest path::test[x]".')] = None,
    board: Annotated[str, typer.Option("--board", metavar="NAME", help="The board to mock: n150, n300, p100, p150."
        )] = "n150",
    mesh: Annotated[str, typer.Option("--mesh", metavar="1x2", help="The mesh that it opens as, if there are several."
        )] = "",
    save: Annotated[Path, typer.Option("--save", metavar="PLAN.json",
        help="Where the plan goes; every command reads it in place of a capture.")] = DEFAULT_PLAN,
    timeout: Annotated[float | None, typer.Option("--timeout", metavar="SECONDS",
        help="End the target after that time, and keep what it had come to.")] = None,
    low_cores: Annotated[float, typer.Option("--low-cores", metavar="PCT",
        help="Few cores: this share of the worker grid or less, in percent.")] = 25.0,
    python: shared.Python = None,
    setup: Annotated[bool, typer.Option("--setup", help="Only make the mock board.")] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Only warnings, errors and where the plan is.")] = False,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="All output of the target as it comes.")] = False,
    outputs: Outputs,
    json: JsonView | None = None,
) -> int:
    """Plan a target without a device: TTNN places its ops on a mock board; least times, no measurement."""
    from perfsheet.planning import PlanRequest, command_of
    from perfsheet.run import RunRequest

    if setup:
        if target or command or outputs.files or json:
            raise usage("--setup plans nothing", "leave the target and the outputs out")
        return _set_up(PlanRequest(RunRequest("pytest", python=python), "", board, mesh))
    if bool(target) == bool(command):
        raise usage("a plan needs one target", "give SCRIPT.py, FILE.py:FUNCTION or -c COMMAND")
    if timeout is not None and not 0 < timeout < math.inf:
        raise usage(f"--timeout {timeout:g}: not a time", "give seconds above 0")
    few_cores = shared.percentage("--low-cores", low_cores)
    request = RunRequest(command or command_of(str(target)), timeout_s=timeout, python=python)
    script = [] if target is None else [target.rpartition(":")[0] or target]
    outputs.check([*script, str(save)], bool(json))
    _check_place(save, script, outputs.force)
    with view(quiet, verbose, bool(json), lines=False) as watch:
        from perfsheet.analysis import Options, analyze
        from perfsheet.capture.reader import read
        from perfsheet.planning import plan as planned

        planned(PlanRequest(request, target or "", board, mesh), save, watch)
        analysis = analyze(read(save), Options(low_cores_pct=few_cores))
        for warning in analysis.summary.warnings if json or quiet else ():
            watch.notice(f"warning: {warning}")
        written = outputs.write(analysis, watch) if outputs.files else []
        watch.phase(Phase.DONE)
    report_left_out(analysis, outputs)
    _show(analysis, save, written, outputs, json, quiet)
    assert analysis.plan is not None
    ended_early = analysis.plan.cut_short and not analysis.plan.stopped  # a time limit is the user's own
    return ExitStatus.TESTS_FAILED if ended_early else ExitStatus.DONE
# fmt: on


def _show(
    analysis: Analysis, path: Path, written: list[Path], outputs: Outputs, json: JsonView | None, quiet: bool
) -> None:
    if json:
        from perfsheet.outputs import json_output

        json_output.write(json_output.report(analysis, None, json.is_brief), sys.stdout, json)
    elif not quiet and not outputs.to_stdout:
        from perfsheet.outputs.terminal.ops import print_hotspots

        print_hotspots(analysis, _SCREENFUL, sys.stdout)
    for one in (*reversed(written), path):
        tell(f"Wrote {one}", err=bool(json) or outputs.to_stdout)
    if outputs.open:
        open_first(written)


def _check_place(save: Path, inputs: Sequence[str], force: bool) -> None:
    """Refuse to overwrite what is no plan, unless that is wanted."""
    from perfsheet.capture.reader import is_plan
    from perfsheet.outputs import paths

    own = save.is_file() and is_plan(save)
    paths.check_file(save, inputs, force or own)


def _set_up(request: PlanRequest) -> int:
    from perfsheet.planning import board_of_interpreter

    _, found, made = board_of_interpreter(request)
    compiler = str(made.compiler) if made.compiler else "the stand-in, as no RISC-V compiler is installed"
    state = "Made" if made.made else "Found"
    tell(f"{state} the mock board {request.board} for ttnn {found.versions.get('ttnn')}: {made.folder}")
    say(f"compiler: {compiler}")
    return ExitStatus.DONE
