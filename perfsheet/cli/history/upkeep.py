"""`perfsheet history sql`, `export` and `compact`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from perfsheet.cli import options as shared
from perfsheet.cli.handling import command, tell
from perfsheet.cli.history import options as ours
from perfsheet.cli.options import json_options
from perfsheet.errors import unusable

if TYPE_CHECKING:
    from perfsheet.history.series import Chosen
    from perfsheet.text.json_view import JsonView

_SCREENFUL = 50


@command
@json_options
def sql(
    store: ours.Store,
    query: Annotated[str, typer.Argument(metavar="QUERY", help="Over the tables runs, signatures, causes, …")],
    count: ours.Count = None,
    engine: ours.EngineName = "duckdb",
    json: JsonView | None = None,
    csv: shared.Csv = False,
) -> None:
    """Ask a store in SQL: the tables and their columns are in docs/history.md. It is only read."""
    shared.one_format(json, csv)
    with ours.engine(engine) as running:
        from perfsheet.history.outputs import answers
        from perfsheet.history.schema import TABLES
        from perfsheet.history.store import open_store

        running.open(open_store(store), TABLES)
        running.lock()
        answer = running.query(query)
        if json:
            answers.write_json(answer, sys.stdout, json)
        elif csv:
            answers.write_csv(answer, sys.stdout)
        else:
            answers.print_answer(answer, ours.count(count, _SCREENFUL, False), sys.stdout)


@command
@json_options
@ours.chosen_options
def export(
    *,
    store: ours.Store,
    chosen: Chosen,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FOLDER", help="Where the records go.")] = Path(
        "generated/benchmark_data"
    ),
    engine: ours.EngineName = "duckdb",
    json: JsonView | None = None,
) -> None:
    """Write the runs as benchmark records (partial_run_*.json), as tt-metal's data collection reads them."""
    with ours.engine(engine) as running:
        import pyarrow as pa

        from perfsheet.capture.notes import rows
        from perfsheet.history.export import export as exported
        from perfsheet.history.series import choose
        from perfsheet.history.store import open_store

        contents = open_store(store)
        runs = pa.concat_tables([series.rows for series in choose(contents.runs, chosen)])
        count, there = exported(running, contents, runs, output)
    if json:
        _write_json(json, store, records=count, there_already=there, folder=str(output))
    else:
        already = f", {there:,} there already" if there else ""
        tell(f"Wrote {rows(count, 'benchmark record')} in {output}{already}")


@command
@json_options
def remove(
    store: ours.Store,
    runs: Annotated[
        list[str],
        typer.Argument(metavar="RUN...", help="Ids, commits or captures, as `show` takes them."),
    ],
    json: JsonView | None = None,
) -> None:
    """Take runs out of a store, such as those of a broken board. Adding their captures again brings them back."""
    from perfsheet.cli.handling import load_arrow

    load_arrow()
    from perfsheet.history.rows import removed_row
    from perfsheet.history.series import run_of
    from perfsheet.history.store import commit_removed, open_store

    contents = open_store(store)
    places = dict.fromkeys(run_of(contents.runs, name) for name in runs)
    gone = [contents.runs.slice(place, 1).to_pylist()[0] for place in places]
    commit_removed(contents.place, [removed_row(run) for run in gone])
    if json:
        _write_json(json, store, removed=[run["run_id"] for run in gone])
    for run in () if json else gone:
        tell(f"Removed {run['run_id'][:12]}: {run['model']}, {run['capture']}")


@command
@json_options
def compact(store: ours.Store, json: JsonView | None = None) -> None:
    """Merge the small files of a store, and remove what no longer counts. Others may read and add meanwhile."""
    from perfsheet.cli.handling import load_arrow

    load_arrow()
    from perfsheet.history.store import merge, open_store

    contents = open_store(store)
    before = len(contents.place.names())
    try:
        merge(contents)
    except FileNotFoundError:
        raise unusable(f"another process merges the files of {store}", "nothing is lost; wait for it") from None
    after = len(contents.place.names())
    if json:
        _write_json(json, store, files_before=before, files=after)
    else:
        tell(f"{store}: {before:,} files before, {after:,} now")


def _write_json(json: JsonView, store: str, **found: object) -> None:
    from perfsheet.history.outputs.json_output import head
    from perfsheet.outputs import json_output

    json_output.write({**head(store), **found}, sys.stdout, json)
