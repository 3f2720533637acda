"""Sheet Top Ops: the ranking by device kernel duration."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perfsheet.analysis import Analysis
from perfsheet.analysis.statistics import known
from perfsheet.outputs.workbook import live
from perfsheet.outputs.workbook.cells import Cells
from perfsheet.outputs.workbook.charts import BookCharts
from perfsheet.outputs.workbook.sheets import all_ops
from perfsheet.outputs.workbook.tables import Layout, write_table_sheet
from perfsheet.outputs.workbook.theme import Styles
from perfsheet.tables import In
from perfsheet.tables.ops import OPS, OpRows, top_ops

if TYPE_CHECKING:
    from perfsheet.outputs.workbook.worksheet import LongWorksheet

TITLE = "Top Ops"
SHOWN = 200
"""Ops on this sheet; All Ops has all of them, with their rank."""


def write(sheet: LongWorksheet, styles: Styles, analysis: Analysis, charts: BookCharts) -> None:
    """Write the first ops of the ranking, and beside them how few configurations make up the time."""
    ops = top_ops(analysis, SHOWN)
    columns = OPS.columns_in(In.SHEET, ops)
    layout = write_table_sheet(
        sheet,
        styles,
        [column.changed(wrap=False) for column in columns],
        ops,
        freeze="op_code",
        live={"utilization_pct": lambda at: _utilizations(ops, at), "flags": lambda at: _flags(ops, at)},
        row_link=all_ops.row_links(analysis),
    )
    # On paper the tensors would shrink the rest beyond reading.
    sheet.print_area(0, 0, layout.after + 1, layout["flags"])
    left_out = analysis.summary.timed_rows - len(ops)
    if left_out:
        note = f"{left_out:,} shorter ops are not listed here; sheet All Ops has every op with its rank."
        sheet.write_string(layout.after + 1, 1, note, styles["quiet"])
    charts.pareto(sheet, 1, layout.width + 1)


def _utilizations(ops: OpRows, layout: Layout) -> Cells:
    places = live.UtilizationPlaces.on(layout)
    values = ops.ops.utilization[ops.positions].tolist()
    return [live.utilization(row, places, known(value)) for row, value in enumerate(values, 1)]


def _flags(ops: OpRows, layout: Layout) -> Cells:
    places = live.FlagPlaces.on(layout)
    known_cores = (np.isfinite(ops.ops.cores) & np.isfinite(ops.ops.worker_cores))[ops.positions].tolist()
    return [
        live.flags(row, places, own, can_be_low)
        for row, (own, can_be_low) in enumerate(zip(ops.flags, known_cores, strict=True), 1)
    ]
