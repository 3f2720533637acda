"""`perfsheet history sql`, `export` and `compact`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from perfsheet.cli import options as shared
from perfsheet.cli.handling import command, tell
from perfsheet.cli.history import options as ours

if TYPE_CHECKING:
    from perfsheet.history.series import Chosen


@command
def sql(
    store: ours.Store,
    query: Annotated[str, typer.Argument(metavar="QUERY", help="Over the tables runs, signatures, causes, …")],
    count: ours.Count = 50,
    engine: ours.EngineName = "duckdb",
    json: shared.Json = False,
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
            answers.write_json(answer, sys.stdout)
        elif csv:
            answers.write_csv(answer, sys.stdout)
        else:
            answers.print_answer(answer, shared.first(count), sys.stdout)


@command
@ours.chosen_options
def export(
    *,
    store: ours.Store,
    chosen: Chosen,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FOLDER", help="Where the records go.")] = Path(
        "generated/benchmark_data"
    ),
    engine: ours.EngineName = "duckdb",
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
        count = exported(running, contents, runs, output)
    tell(f"Wrote {rows(count, 'benchmark record')} in {output}")


@command
def compact(store: ours.Store) -> None:
    """Merge the small files of a store, and remove what no longer counts. Others may read and add meanwhile."""
    from perfsheet.cli.handling import load_arrow

    load_arrow()
    from perfsheet.history.store import merge, open_store

    contents = open_store(store)
    before = len(contents.place.names())
    merge(contents)
    tell(f"{store}: {before:,} files before, {len(contents.place.names()):,} now")
