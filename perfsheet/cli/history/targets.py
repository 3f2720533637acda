"""`perfsheet history targets`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from perfsheet.cli import options as shared
from perfsheet.cli.handling import command
from perfsheet.cli.history import options as ours
from perfsheet.cli.options import json_options
from perfsheet.errors import ExitStatus, unusable, usage

if TYPE_CHECKING:
    from perfsheet.history.series import Chosen, Series
    from perfsheet.history.targets import TargetRow
    from perfsheet.text.json_view import JsonView


# fmt: off
@command
@json_options
@ours.chosen_options
def targets(
    *,
    store: ours.Store,
    chosen: Chosen,
    central: Annotated[Path | None, typer.Option("--targets", metavar="FILE.yaml",
        help="tt-metal's model_targets.yaml, held against benchmark records.")] = None,
    budgets: Annotated[list[str] | None, typer.Option("--budget", metavar="[MODEL=]FILE.toml",
        help="A budget of a model, held against its captures; may be given several times.")] = None,
    engine: ours.EngineName = "duckdb",
    json: JsonView | None = None,
    csv: shared.Csv = False,
) -> int:
    """One table over all models: measured, target, distance, direction, since when. Exit status 1 if one is missed."""
    shared.one_format(json, csv)
    if central is None and not budgets:
        raise usage("there is no target", "give --targets models/model_targets.yaml or --budget MODEL=FILE.toml")
    with ours.engine(engine) as running:
        from perfsheet.history.series import choose
        from perfsheet.history.store import open_store
        from perfsheet.history.targets import budget_targets, central_targets

        contents = open_store(store)
        series = choose(contents.runs, chosen)
        rows: list[TargetRow] = []
        if central is not None:
            from perfsheet.models.targets import read_targets

            rows += central_targets(running, contents, series, read_targets(central))
        for named in budgets or []:
            from perfsheet.budget import read_budget

            model, path = _named(named)
            for one in _of_model(series, model, named):
                rows += budget_targets(running, contents, one, read_budget(path))
    from perfsheet.history.outputs import terminal
    from perfsheet.history.outputs.json_output import targets_json
    from perfsheet.history.tables import TARGETS
    from perfsheet.outputs import csv_output, json_output

    if json:
        json_output.write(targets_json(store, rows), sys.stdout, json)
    elif csv:
        csv_output.write(sys.stdout, TARGETS, rows)
    else:
        terminal.print_targets(rows, sys.stdout)
    missed = any(row.measured is not None and not row.ok for row in rows)
    return ExitStatus.BUDGET_BREACHED if missed else ExitStatus.DONE
# fmt: on


def _named(text: str) -> tuple[str, Path]:
    """Model (blank = all) and file of `MODEL=FILE` or `FILE`."""
    model, sign, path = text.rpartition("=")
    return (model, Path(path)) if sign else ("", Path(text))


def _of_model(series: list[Series], model: str, named: str) -> list[Series]:
    captures = [one for one in series if one.key.kind == "capture"]
    found = [one for one in captures if not model or one.key.model.casefold() == model.casefold()]
    if not model and len({one.key.model for one in captures}) > 1:
        raise usage(f"--budget {named} names no model, and several are chosen", "write --budget MODEL=FILE.toml")
    if not found:
        raise unusable(f"no capture of {model or 'any model'} is chosen", "`perfsheet history list` names the models")
    return found
