"""`perfsheet check`, and `perfsheet budget init`, which writes a first budget."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from perfsheet.cli import options as shared
from perfsheet.cli.captures import analyse_runs, analyse_side, inputs
from perfsheet.cli.handling import command, tell
from perfsheet.cli.options import analysis_options, json_options
from perfsheet.errors import ExitStatus, usage

if TYPE_CHECKING:
    from perfsheet.analysis import Analysis, Options
    from perfsheet.budget import Verdict
    from perfsheet.text.json_view import JsonView

DEFAULT_BUDGET = Path("perf-budget.toml")
_GROWTH = "5%"
_GROWTH_OVER_HISTORY = "3%"
"""The least size of a change point (docs/history.md)."""


# fmt: off
@command
@json_options
@analysis_options
def check(
    *,
    context: typer.Context,
    captures: shared.Captures = None,
    budget: Annotated[Path | None, typer.Option("--budget", metavar="FILE.toml",
        help="Limits to keep (docs/budgets.md); without --against, perf-budget.toml by default.")] = None,
    against: Annotated[str | None, typer.Option("--against", metavar="BASE",
        help="A capture to compare with; several runs: A.csv,B.csv.")] = None,
    fail_over: Annotated[str | None, typer.Option("--fail-over", metavar="PCT",
        help="Kernel time may grow by this much: 5% with --against, 3% with --history (or twice the noise).")] = None,
    fail_op_over: Annotated[str | None, typer.Option("--fail-op-over", metavar="PCT",
        help="With either: that of each op type may grow by this much.")] = None,
    graph: shared.Graph = None,
    base_graph: Annotated[str | None, typer.Option("--base-graph", metavar="REPORT",
        help="The graph report of BASE; --graph is that of the capture.")] = None,
    history: Annotated[str | None, typer.Option("--history", metavar="STORE",
        help="A history: the median of its last runs on this board, with their noise, is the base.")] = None,
    last: Annotated[int, typer.Option("--last", metavar="N", help="With --history: so many runs.")] = 20,
    model: Annotated[str | None, typer.Option("--model", metavar="NAME",
        help="With --history: the model, by default as `history add` finds it.")] = None,
    setting: Annotated[str | None, typer.Option("--setting", metavar="NAME",
        help="With --history: the setting of the model.")] = None,
    branch: Annotated[str | None, typer.Option("--branch", metavar="NAME",
        help="With --history: only runs of this branch are the base.")] = None,
    allow_new: Annotated[bool, typer.Option("--allow-new",
        help="With --history: pass while it has too few runs of the model.")] = False,
    junit: Annotated[Path | None, typer.Option("--junit", metavar="FILE.xml", help="The limits as JUnit XML.")] = None,
    github: Annotated[bool, typer.Option("--github",
        help="Breaches as annotations of a GitHub workflow, on standard output.")] = False,
    force: shared.Force = False,
    options: Options,
    json: JsonView | None = None,
) -> int:
    """Check a capture against a budget or another capture. Exit status 1 if a limit is breached."""
    from perfsheet.budget import Verdict, check_against, read_budget
    from perfsheet.budget import check as checked
    from perfsheet.comparison import compare
    from perfsheet.outputs import paths

    if json and github:
        raise usage("--json and --github both take standard output", "choose one")
    if against is None and history is None and (fail_over is not None or fail_op_over is not None):
        raise usage("--fail-over and --fail-op-over compare with other captures", "name them: --against or --history")
    if history is None and (model or setting or branch or allow_new):
        raise usage("--model, --setting, --branch and --allow-new are about a history", "name it with --history")
    if against is None and base_graph is not None:
        raise usage("--base-graph is the graph report of another capture", "name that with --against")
    growth = shared.share("--fail-over", fail_over or _GROWTH)
    op_growth = None if fail_op_over is None else shared.share("--fail-op-over", fail_op_over)
    if budget is None and against is None and history is None:
        if not DEFAULT_BUDGET.is_file():
            raise usage(
                f"nothing to check against: no {DEFAULT_BUDGET} here",
                "give --budget, --against or --history; `perfsheet budget init CAPTURE` writes a first budget",
            )
        budget = DEFAULT_BUDGET
    if junit is not None:
        paths.check_file(junit, inputs(captures, against, None if budget is None else str(budget)), force)
    limits = None if budget is None else read_budget(budget)
    if limits is not None:
        options = limits.window(options, shared.chosen_fields(context))
    analysis = analyse_runs(captures, options, graph)
    verdict = Verdict(()) if limits is None else checked(analysis, limits)
    if against is not None:
        comparison = compare(analyse_side(against, options, "base: ", base_graph), analysis)
        verdict += check_against(comparison, growth, op_growth)
    if history is not None:
        of_history = shared.share("--fail-over", fail_over or _GROWTH_OVER_HISTORY)
        wanted = (model, setting, branch or "", last)
        verdict += _of_history(analysis, history, wanted, of_history, op_growth, allow_new)
    if junit is not None:
        from perfsheet.outputs.ci import write_junit

        write_junit(analysis, verdict, junit, force)
    _show(analysis, verdict, budget, against, json, github)
    return ExitStatus.DONE if verdict.passed else ExitStatus.BUDGET_BREACHED
# fmt: on


def _of_history(
    analysis: Analysis,
    store: str,
    wanted: tuple[str | None, str | None, str, int],
    growth: float,
    op_growth: float | None,
    allow_new: bool,
) -> Verdict:
    """The verdict on the capture by the last runs of its model on its board."""
    from perfsheet.cli.history.options import engine

    if wanted[-1] < 1:
        raise usage(f"--last {wanted[-1]}: not a count", "give 1 or more")
    with engine("duckdb") as running:
        from perfsheet.budget import Verdict
        from perfsheet.history.baseline import TooFewRunsError, Wanted, baseline_for, check_history
        from perfsheet.history.places import place_of
        from perfsheet.history.store import contents_of, open_store

        contents = contents_of(place_of(store)) if allow_new else open_store(store)
        try:
            baseline = baseline_for(contents, analysis, Wanted(*wanted))
        except TooFewRunsError as error:
            if not allow_new:
                raise
            return Verdict((), (f"not checked: {error.message}",))
        return check_history(analysis, baseline, growth, op_growth, running, contents)


def _show(
    analysis: Analysis, verdict: Verdict, budget: Path | None, against: str | None, json: JsonView | None, github: bool
) -> None:
    name = None if budget is None else str(budget)
    if json:
        from perfsheet.outputs import json_output

        json_output.write(json_output.check(analysis, verdict, name, against), sys.stdout, json)
        return
    from perfsheet.outputs.terminal.checks import print_verdict

    print_verdict(analysis, verdict, sys.stdout)
    if github:
        from perfsheet.outputs.ci import github_annotations

        for line in github_annotations(analysis, verdict, name):
            typer.echo(line)


budget_commands = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="Limits that a capture must keep.")


@budget_commands.callback()
def budget_group() -> None:
    """Limits that a capture must keep; `perfsheet check` checks them."""


@budget_commands.command("init")
@command
@analysis_options
def init(
    *,
    captures: shared.Captures = None,
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FILE.toml", help="The budget; - for standard output.")
    ] = DEFAULT_BUDGET,
    tolerance: Annotated[
        str, typer.Option("--tolerance", metavar="PCT", help="What is allowed beyond times, rates and shares.")
    ] = "5%",
    graph: shared.Graph = None,
    force: shared.Force = False,
    options: Options,
) -> None:
    """Write a first budget from a capture: its figures today as limits, and its window."""
    from perfsheet.atomic_write import replace_text
    from perfsheet.budget.writing import first_budget
    from perfsheet.outputs import paths

    share = shared.share("--tolerance", tolerance)
    to_stdout = str(output) == "-"
    if not to_stdout:
        paths.check_file(output, inputs(captures), force)
    analysis = analyse_runs(captures, options, graph)
    text = first_budget(analysis, share)
    if to_stdout:
        typer.echo(text, nl=False)
        return
    paths.check_file(output, analysis.summary.paths, force)
    replace_text(output, text, force)
    tell(f"Wrote {output}")
