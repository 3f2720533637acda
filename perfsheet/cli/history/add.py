"""`perfsheet history add`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from perfsheet.cli import options as shared
from perfsheet.cli.handling import command, say, tell
from perfsheet.cli.history import options as ours
from perfsheet.cli.options import analysis_options, json_options
from perfsheet.errors import ExitStatus, usage

if TYPE_CHECKING:
    from perfsheet.analysis import Options
    from perfsheet.history.adding import Added
    from perfsheet.text.json_view import JsonView

_LONG = 20
"""Files from which on it is said how far it is."""
_NAMED = 20
"""Files that were not added and are named one by one; the JSON has all."""


# fmt: off
@command
@json_options
@analysis_options
def add(
    *,
    context: typer.Context,
    captures: Annotated[list[str], typer.Argument(metavar="CAPTURE|FOLDER|PATTERN...",
        help="Ops CSVs, benchmark records (partial_run_*.json), folders of them, patterns in quotes, addresses.")],
    into: Annotated[str, typer.Option("--into", metavar="STORE",
        help="The store: a folder, or an address such as s3://bucket/folder. Made if it is not there.")],
    model: Annotated[str | None, typer.Option("--model", metavar="NAME",
        help="The model of all of them; by default that of the suite, else the test or the name of the file.")] = None,
    setting: Annotated[str | None, typer.Option("--setting", metavar="NAME", help="Its variant.")] = None,
    commit: Annotated[str | None, typer.Option("--commit", metavar="SHA",
        help="The commit; by default that of tt-metal in run.json.")] = None,
    branch: Annotated[str | None, typer.Option("--branch", metavar="NAME", help="The branch.")] = None,
    started: Annotated[str | None, typer.Option("--started", metavar="TIME",
        help="When they ran; by default that of run.json, else the time in their name.")] = None,
    committed: Annotated[str | None, typer.Option("--committed", metavar="TIME",
        help="When the commit was made: the order of the runs. Where it is unknown, that is when they ran.")] = None,
    names: Annotated[str | None, typer.Option("--names", metavar="PATTERN",
        help="What their paths say: '{model}/{board}/{commit}/ops_perf_results_{started}.csv'.")] = None,
    with_ops: Annotated[bool, typer.Option("--ops",
        help="Keep every op, too, not only what its signature adds up to.")] = False,
    replace: Annotated[bool, typer.Option("--replace",
        help="Write runs that the store has already again, with these facts.")] = False,
    engine: ours.EngineName = "duckdb",
    options: Options,
    json: JsonView | None = None,
) -> int:
    """Add captures and benchmark records to a store; each content once. Exit status 3 if any could not be used.

    A folder stands for all ops CSVs and records below it. What cannot be used is named, and stops nothing.
    """
    from perfsheet.history.adding import Work, known_in
    from perfsheet.history.adding import add as added
    from perfsheet.history.facts import Stated, checked, find
    from perfsheet.history.places import place_of

    batch = options.batch if options.batch != 1 or "batch" in shared.chosen_fields(context) else None
    stated = checked(Stated(
        model=model, setting=setting, board=options.board, batch=batch,
        commit=commit, branch=branch, started=ours.time("--started", started),
        committed=ours.time("--committed", committed), names=names,
    ))
    if not into.strip():
        raise usage("--into is empty", "name a folder, or an address")
    with ours.engine(engine) as running:
        files, others = find(captures)
        there = known_in(place_of(into))
        work = Work(into, options, stated, with_ops, frozenset() if replace else there)
        progress = _Progress(len(files))
        try:
            result = added(work, files, running.spread, progress)
        except KeyboardInterrupt:
            say(f"perfsheet: {progress.done:,} of {len(files):,} files are done; adding them again goes on from there")
            raise
    _report(result, others, into, json)
    return ExitStatus.CAPTURE_UNUSABLE if result.refused else ExitStatus.DONE
# fmt: on


class _Progress:
    """How far it is, said on a terminal."""

    def __init__(self, total: int) -> None:
        self.done = 0
        self._total = total

    def __call__(self, done: int) -> None:
        self.done = done
        if sys.stderr.isatty() and self._total >= _LONG:
            sys.stderr.write(f"\r{done:,} of {self._total:,} files" + ("\n" if done >= self._total else ""))
            sys.stderr.flush()


def _report(result: Added, others: list[str], store: str, json: JsonView | None) -> None:
    from perfsheet.capture.notes import rows

    if json:
        from perfsheet.history.outputs.json_output import added_json
        from perfsheet.outputs import json_output

        json_output.write(added_json(result, store, others), sys.stdout, json)
    for one in result.refused[:_NAMED]:
        reason = one.reason if one.reason.startswith(one.address) else f"{one.address}: {one.reason}"
        say(f"perfsheet: left out: {reason}")
    if len(result.refused) > _NAMED:
        say(f"perfsheet: {len(result.refused) - _NAMED:,} more are left out; --json names all of them")
    for one in result.incomplete[:_NAMED]:
        say(f"warning: {one.address}: {one.reason}; it is left out of trends and baselines")
    if len(result.incomplete) > _NAMED:
        say(f"warning: {len(result.incomplete) - _NAMED:,} more are incomplete; --json names all of them")
    if not json:
        there = f", {rows(result.there, 'file')} there already" if result.there else ""
        refused = f", {rows(len(result.refused), 'file')} left out" if result.refused else ""
        tell(f"Added {rows(result.runs, 'run')} to {store}{there}{refused}")
        if others:
            named = ", ".join(others[:3]) + (", …" if len(others) > 3 else "")
            tell(f"{rows(len(others), 'other CSV file')} {'is' if len(others) == 1 else 'are'} no ops CSV: {named}")
