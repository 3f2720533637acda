"""A bench as JSON, CSV, Markdown and a workbook."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from perfsheet._version import __version__
from perfsheet.models.bench import Bench
from perfsheet.models.op_tables import RUNS, bench_table
from perfsheet.models.outputs.results import table_markdown
from perfsheet.models.results_table import ResultsTable
from perfsheet.models.tables import csv_text
from perfsheet.outputs.json_output.parts import SCHEMA_VERSION, Json
from perfsheet.outputs.markdown import plain
from perfsheet.tables import In, Rows

LATENCY = "Latency"
_LATENCIES = [f"latency_{statistic}_ms" for statistic in ("mean", "std", "min", "median", "max")]


def bench_json(bench: Bench, files: Sequence[str]) -> Json:
    """`perfsheet bench --json` (docs/json.md): milliseconds, bytes; null is unknown."""
    records = bench_table(bench.parameters).records(Rows(bench, bench.rows))
    return {
        "schema_version": SCHEMA_VERSION,
        "what": bench.what,
        "iterations": bench.iterations,
        "warmup": bench.warmup,
        "baseline": dict(bench.baseline_row.variant.values),
        "variants": [
            {"parameters": dict(row.variant.values), **record} for row, record in zip(bench.rows, records, strict=True)
        ],
        "files": list(files),
    }


def bench_csv(bench: Bench) -> str:
    """One line per variant, figures in full, unknown ones blank."""
    return csv_text(bench_table(bench.parameters), Rows(bench, bench.rows))


def bench_markdown(bench: Bench) -> str:
    """The table, what it measures, and what failed."""
    rows = Rows(bench, bench.rows)
    columns = bench_table(bench.parameters).columns_in(In.MARKDOWN)
    table = ResultsTable(
        tuple(plain(column.header(In.MARKDOWN)) for column in columns),
        tuple(zip(*(map(plain, column.texts(rows)) for column in columns), strict=True)),
        tuple("right" if column.number else "left" for column in columns),
    )
    lines = [
        table_markdown(table),
        f"{plain(bench.what)}: mean ± standard deviation over {bench.iterations} iterations after {bench.warmup} "
        f"warm-up runs; memory of the host; speed-up of the mean over {plain(bench.baseline_row.variant.name)}.",
        *(["- The baseline failed, so there are no speed-ups."] if bench.baseline_row.failed else []),
        *(f"- {plain(row.variant.name)}: {plain(row.failed)}" for row in bench.rows if row.failed),
    ]
    return "\n".join(lines) + "\n"


def write_workbook(bench: Bench, path: Path, overwrite: bool = True) -> None:
    """Write the variants side by side, and every measured run.

    Raises PerfsheetError (exit status 7), and leaves no partial file.
    """
    from perfsheet.atomic_write import replace

    replace(path, lambda sink: _write(bench, sink), overwrite)


def _write(bench: Bench, sink: io.FileIO) -> None:
    from perfsheet.outputs.workbook import opened
    from perfsheet.outputs.workbook.tables import mark_flagged, write_table_sheet
    from perfsheet.outputs.workbook.theme import Styles

    with opened(sink, on_disk=False) as book:
        book.set_properties({"title": f"Latency of {bench.what}"[:255], "author": f"perfsheet {__version__}"})
        sheet, styles = book.add_worksheet(LATENCY), Styles(book)
        columns = bench_table(bench.parameters).columns_in(In.SHEET)
        freeze = columns[max(0, len(bench.parameters) - 1)].key
        layout = write_table_sheet(sheet, styles, columns, Rows(bench, bench.rows), freeze)
        for place in (layout[key] for key in _LATENCIES):
            mark_flagged(sheet, styles, place, layout["problem"], "impossible:", 1, layout.after - 1)
        note = (
            f"{bench.what}: {bench.iterations} iterations after {bench.warmup} warm-up runs; "
            f"speed-up over {bench.baseline_row.variant.name}"
        )
        sheet.write_string(layout.after + 1, 0, note, styles["quiet"])
        runs = [(row, number, time_ms) for row in bench.rows for number, time_ms in enumerate(row.runs_ms, 1)]
        write_table_sheet(book.add_worksheet(RUNS.title), styles, RUNS.columns_in(In.SHEET), runs, "variant")
