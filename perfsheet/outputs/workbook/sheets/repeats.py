"""Sheet Repeats: what every op took in all aligned runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perfsheet.analysis import Analysis
from perfsheet.analysis.repeats import RepeatedRun, Repeats
from perfsheet.analysis.statistics import Spread, known
from perfsheet.outputs.workbook.cells import Cell
from perfsheet.outputs.workbook.marks import data_bar, mark_flagged
from perfsheet.outputs.workbook.sheet import Field, write_table_sheet
from perfsheet.outputs.workbook.sheets import all_ops
from perfsheet.outputs.workbook.theme import Styles

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

TITLE = "Repeats"
_MOST_LINKS = 10_000
"""Each costs time."""
_MOST_RUNS = 30
"""Runs that get a column of their own."""

RUNS: tuple[Field[RepeatedRun], ...] = (
    Field("RUN", lambda run: run.label),
    Field("DEVICE OPS", lambda run: run.ops, "count"),
    Field("KERNEL [ns]", lambda run: run.kernel_ns, "ns"),
    Field("TESTS", lambda run: "failed" if run.tests_failed else "passed" if run.tests else None),
    Field("ROLE", lambda run: "shown" if run.shown else "aligned" if run.aligned else "set apart"),
    Field("WHAT SETS IT APART", lambda run: run.difference, span=6),
)
"""The runs side by side, for Summary."""


def write(sheet: Worksheet, styles: Styles, analysis: Analysis, repeats: Repeats) -> None:
    """Write a line per op, by median kernel duration."""
    order = np.argsort(-repeats.median_ns, kind="stable").tolist()  # unknown ones come last
    spreads = {position: repeats.op(position) for position in order}
    fields = _fields(analysis, repeats, spreads)
    after = write_table_sheet(sheet, styles, fields, order)
    headers = [field.header for field in fields]
    data_bar(sheet, headers.index("MEDIAN [ns]"), 1, after - 1)
    mark_flagged(sheet, styles, headers.index("CV"), headers.index("NOISE"), "noisy", 1, after - 1)


def _fields(analysis: Analysis, repeats: Repeats, spreads: dict[int, Spread]) -> list[Field[int]]:
    ops = analysis.ops
    linked = set(list(spreads)[:_MOST_LINKS])
    aligned = [run for run in repeats.runs if run.aligned][:_MOST_RUNS]

    def of_run(line: int) -> Field[int]:
        return Field(f"{aligned[line].label.upper()} [ns]", lambda at: known(repeats.durations[line, at]), "ns", 12)

    def file_row(at: int) -> Cell:
        return all_ops.link_to(analysis, at) if at in linked else int(ops.table.row[ops.rows[at]])

    def figure(at: int, value: float | None) -> Cell:
        return None if value is None else round(value, 3)

    return [
        Field("OP CODE", lambda at: ops.codes[at], width=34),
        Field("DEVICE ID", lambda at: int(ops.device[at]), "plain_number", 8),
        Field("CORE COUNT", lambda at: known(ops.cores[at]), "count", 8),
        Field("RUNS", lambda at: spreads[at].runs, "count", 7),
        Field("MEDIAN [ns]", lambda at: figure(at, spreads[at].median_ns), "ns", 16),
        Field("MIN [ns]", lambda at: figure(at, spreads[at].min_ns), "ns", 12),
        Field("MAX [ns]", lambda at: figure(at, spreads[at].max_ns), "ns", 12),
        Field("MEAN [ns]", lambda at: figure(at, spreads[at].mean_ns), "ns", 12),
        Field("STD DEV [ns]", lambda at: figure(at, spreads[at].std_ns), "ns", 12),
        Field("CV", lambda at: spreads[at].cv, "percent", 9),
        Field("NOISE", lambda at: "noisy" if repeats.noisy[at] else "", width=9),
        Field("FILE ROW", file_row, "link_number", 9),
        *map(of_run, range(len(aligned))),
    ]
