"""`perfsheet history add`."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from perfsheet.cli import options as shared
from perfsheet.cli.handling import command, say, tell
from perfsheet.cli.history import options as ours
from perfsheet.cli.options import analysis_options
from perfsheet.errors import ExitStatus, usage

if TYPE_CHECKING:
    from perfsheet.analysis import Options
    from perfsheet.history.adding import Added
    from perfsheet.history.facts import Found

_NAMED = 20
"""Files that were not added and are named one by one; the JSON has all."""


# fmt: off
@command
@analysis_options
def add(
    *,
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
    json: shared.Json = False,
) -> int:
    """Add captures and benchmark records to a store; each content once. Exit status 3 if any could not be used.

    A folder stands for all ops CSVs and records below it. What cannot be used is named, and stops nothing.
    """
    from perfsheet.history.adding import Work, known_in
    from perfsheet.history.adding import add as added
    from perfsheet.history.facts import Stated, checked
    from perfsheet.history.places import place_of

    stated = checked(Stated(
        model=model, setting=setting, board=options.board, batch=options.batch if options.batch != 1 else None,
        commit=commit, branch=branch, started=ours.time("--started", started),
        committed=ours.time("--committed", committed), names=names,
    ))
    if not into.strip():
        raise usage("--into is empty", "name a folder, or an address")
    with ours.engine(engine) as running, tempfile.TemporaryDirectory(prefix="perfsheet-history-") as copies:
        files, others = _find(captures, Path(copies))
        known = frozenset() if replace else known_in(place_of(into))
        work = Work(into, options, stated, with_ops, known)
        result = added(work, files, running.spread, _progress(len(files)))
    _report(result, others, into, json)
    if result.runs or result.there or not files:
        return ExitStatus.CAPTURE_UNUSABLE if result.refused else ExitStatus.DONE
    return ExitStatus.CAPTURE_UNUSABLE
# fmt: on


def _find(named: list[str], copies: Path) -> tuple[list[Found], int]:
    """The files to add; those of an object store are copied here first."""
    from perfsheet.history.facts import Found, find, is_capture, is_record
    from perfsheet.history.places import fetched, is_address

    found: list[Found] = []
    others = 0
    for number, argument in enumerate(named):
        if not is_address(argument):
            here, left = find([argument])
            found += here
            others += left
            continue
        for address, copy in fetched(argument, copies / str(number)):
            if address == argument.rstrip("/") or is_record(copy) or is_capture(copy):
                found.append(Found(copy, address))
    return list({(one.address, one.path): one for one in found}.values()), others


def _progress(total: int) -> Callable[[int], None]:
    """Say on a terminal how far it is."""
    if not sys.stderr.isatty() or total < 20:
        return lambda done: None

    def show(done: int) -> None:
        sys.stderr.write(f"\r{done:,} of {total:,} files" + ("\n" if done >= total else ""))
        sys.stderr.flush()

    return show


def _report(result: Added, others: int, store: str, json: bool) -> None:
    from perfsheet.capture.notes import rows

    if json:
        from perfsheet.history.outputs.json_output import added_json
        from perfsheet.outputs import json_output

        json_output.write(added_json(result, store, others), sys.stdout)
    for one in result.refused[:_NAMED]:
        reason = one.reason if one.reason.startswith(one.address) else f"{one.address}: {one.reason}"
        say(f"perfsheet: left out: {reason}")
    if len(result.refused) > _NAMED:
        say(f"perfsheet: {len(result.refused) - _NAMED:,} more are left out; --json names all of them")
    if not json:
        there = f", {rows(result.there, 'file')} there already" if result.there else ""
        refused = f", {rows(len(result.refused), 'file')} left out" if result.refused else ""
        tell(f"Added {rows(result.runs, 'run')} to {store}{there}{refused}")
        if others:
            tell(f"{rows(others, 'other CSV file')} {'is' if others == 1 else 'are'} no ops CSV")
