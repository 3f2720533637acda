"""The commands about a history of many runs; `perfsheet history` is declared here."""

from __future__ import annotations

import typer

from perfsheet.cli.app import lazy

_HERE = "perfsheet.cli.history"
_COMMANDS: dict[str, tuple[str, str | None]] = {
    "add": (f"{_HERE}.add:add", "Add captures and benchmark records to a store."),
    "list": (f"{_HERE}.show:list_runs", "List the models of a store, or its runs."),
    "show": (f"{_HERE}.show:show", "Show one run: its facts, totals, causes, largest ops."),
    "trend": (f"{_HERE}.trend:trend", "Follow a figure over commits: where it changed for good, and with which ops."),
    "ops": (f"{_HERE}.ops:ops", "Follow ops over commits: which got slower, and since when."),
    "targets": (f"{_HERE}.targets:targets", "Hold all models against their targets."),
    "sql": (f"{_HERE}.upkeep:sql", "Ask a store anything else in SQL."),
    "export": (f"{_HERE}.upkeep:export", "Write the runs as benchmark records of tt-metal."),
    "remove": (f"{_HERE}.upkeep:remove", "Take runs out of a store."),
    "compact": (f"{_HERE}.upkeep:compact", "Merge the small files of a store."),
}

app = typer.Typer(cls=lazy(_COMMANDS), rich_markup_mode=None, no_args_is_help=True)


@app.callback()
def history() -> None:
    """Keep the runs of months: trends, change points, targets."""
