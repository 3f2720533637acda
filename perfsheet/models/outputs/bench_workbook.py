"""The workbook of a bench: the variants side by side, and every measured run."""

from __future__ import annotations

import io
from pathlib import Path

from perfsheet._version import __version__
from perfsheet.atomic_write import replace
from perfsheet.models.bench import Bench, Measured
from perfsheet.outputs.workbook.book import opened
from perfsheet.outputs.workbook.cells import Cell
from perfsheet.outputs.workbook.marks import data_bar
from perfsheet.outputs.workbook.sheet import Field, write_table_sheet
from perfsheet.outputs.workbook.theme import Styles

LATENCY, RUNS = "Latency", "Runs"


def write(bench: Bench, path: Path) -> None:
    """Write the workbook to `path`, whole or not at all. Raises PerfsheetError (exit status 7)."""
    replace(path, lambda sink: _write(bench, sink))


def _write(bench: Bench, sink: io.FileIO) -> None:
    with opened(sink, on_disk=False) as book:
        book.set_properties({"title": f"Latency of {bench.what}"[:255], "author": f"perfsheet {__version__}"})
        styles = Styles(book)
        sheet = book.add_worksheet(LATENCY)
        fields: list[Field[Measured]] = [
            *(_parameter(name) for name in bench.parameters),
            Field("LATENCY [ms]", lambda row: row.mean_ms, "decimal", 14),
            Field("STD DEV [ms]", lambda row: row.std_ms, "decimal", 12),
            Field("MIN [ms]", lambda row: row.min_ms, "decimal", 12),
            Field("MEDIAN [ms]", lambda row: row.median_ms, "decimal", 12),
            Field("MAX [ms]", lambda row: row.max_ms, "decimal", 12),
            Field("RUNS", lambda row: len(row.runs_ms), "count", 8),
            Field("MAX HOST MEMORY [bytes]", lambda row: row.peak_bytes, "count", 18),
            Field("SPEED-UP", bench.speed_up, "decimal", 10),
            Field("WHAT WENT WRONG", lambda row: row.problem or None, "wrap", 60),
        ]
        after = write_table_sheet(sheet, styles, fields, bench.rows, freeze=len(bench.parameters))
        data_bar(sheet, len(bench.parameters), 1, after - 1)
        base = bench.rows[bench.baseline].variant.name
        sheet.write_string(
            after + 1,
            0,
            f"{bench.what}: {bench.iterations} iterations after {bench.warmup} of warm-up; speed-up against {base}",
            styles["quiet"],
        )
        runs = [(row, number, time) for row in bench.rows for number, time in enumerate(row.runs_ms, 1)]
        columns: list[Field[tuple[Measured, int, float]]] = [
            Field("VARIANT", lambda one: one[0].variant.name, width=40),
            Field("RUN", lambda one: one[1], "count", 8),
            Field("LATENCY [ms]", lambda one: one[2], "decimal", 14),
        ]
        write_table_sheet(book.add_worksheet(RUNS), styles, columns, runs)


def _parameter(name: str) -> Field[Measured]:
    def cell(row: Measured) -> Cell:
        return row.variant.value(name)

    return Field(name, cell, width=18)
