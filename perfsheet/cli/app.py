"""The list of commands, each imported when it is called."""

from __future__ import annotations

from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from perfsheet._version import __version__

_SETTINGS: dict[str, Any] = {"rich_markup_mode": None, "pretty_exceptions_enable": False, "no_args_is_help": True}
_CONTEXT: dict[str, Any] = {"help_option_names": ["-h", "--help"]}

_COMMANDS: dict[str, tuple[str, str | None]] = {
    "run": ("perfsheet.cli.run:run", "Profile a target, and write its perf sheet."),
    "plan": ("perfsheet.cli.plan:plan", "Plan a target without a device, on a mock board."),
    "top-ops": ("perfsheet.cli.ops:top_ops", None),
    "hotspots": ("perfsheet.cli.ops:hotspots", "Show what to fix first, and what it could save."),
    "explain": ("perfsheet.cli.explain:explain", "Explain one cause, op or rule: formulas, cures with code, siblings."),
    "summary": ("perfsheet.cli.summary:summary", "Sum up one inference: time per token, tokens per second, roofline."),
    "table": (
        "perfsheet.cli.table:table",
        "Print one table: layers, matmuls, attention, collectives, host, …",
    ),
    "report": ("perfsheet.cli.report:report", "Write the perf sheet of a capture: workbook, HTML, Markdown, trace."),
    "compare": ("perfsheet.cli.compare:compare", "Set captures side by side: what got faster or slower, and why."),
    "calibrate": (
        "perfsheet.cli.calibrate:calibrate",
        "Test the advice about a capture on what its optimisation brought.",
    ),
    "try": (
        "perfsheet.cli.try_op:try_op",
        "Build an op on a mock board, as recorded and in other ways: what TTNN accepts.",
    ),
    "tests": (
        "perfsheet.cli.op_tests:op_tests",
        "Write a test for every op of a capture, against TTNN's golden functions.",
    ),
    "check": ("perfsheet.cli.check:check", "Check a capture against a budget or another capture."),
    "history": ("perfsheet.cli.history:app", "Keep the runs of months: trends, change points, targets."),
    "budget": ("perfsheet.cli.check:budget_commands", None),
    "suite": ("perfsheet.cli.models:app", None),
    "stats": ("perfsheet.cli.models.stats:stats", "Count ops and tensor sizes, per capture and over many."),
    "graph": (
        "perfsheet.cli.models.graph:graph",
        "Trace a torch module: the ops that its port needs, covered and missing.",
    ),
    "bench": ("perfsheet.cli.models.bench:bench", "Measure latency and memory over a matrix of variants."),
    "card": ("perfsheet.cli.models.card:card", "Write the model card of a suite."),
    "app": ("perfsheet.cli.app_page:app_page", "Open a page in the browser: captures, models, runs, suites."),
    "mcp": ("perfsheet.cli.mcp_server:mcp_server", "Serve captures to coding agents (Model Context Protocol)."),
    "skill": ("perfsheet.cli.mcp_server:skill", "Print or install the skill for coding agents."),
    "open": ("perfsheet.cli.report:open_report", "Open the newest report."),
    "doctor": ("perfsheet.cli.doctor:doctor", "Check what a profiling run needs here."),
}


def lazy(commands: dict[str, tuple[str, str | None]]) -> type[TyperGroup]:
    """A group that imports a command when it is called, to keep the start-up of the others short.

    `commands`: in the order of the help, the function of each and its line in the help (None = its docstring).
    """

    class Commands(TyperGroup):
        def list_commands(self, ctx: Any) -> list[str]:
            """Names, in the order of the help."""
            return list(commands)

        def get_command(self, ctx: Any, cmd_name: str) -> Any:
            """The command with this name, None if there is none."""
            if cmd_name not in commands:
                return None
            place, short_help = commands[cmd_name]
            module, _, name = place.partition(":")
            function = getattr(import_module(module), name)
            if isinstance(function, typer.Typer):
                group = typer.main.get_group(function)
                group.name = cmd_name
                return group
            alone = typer.Typer(add_completion=False, **_SETTINGS)
            alone.command(cmd_name, short_help=short_help, context_settings=_CONTEXT)(function)
            return typer.main.get_command(alone)

    return Commands


app = typer.Typer(name="perfsheet", cls=lazy(_COMMANDS), context_settings=_CONTEXT, **_SETTINGS)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"perfsheet {__version__}")
        raise typer.Exit


@app.callback()
def perfsheet(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """From a pytest target, or a tt-metal ops CSV, to the Excel perf sheet: what to fix first."""
