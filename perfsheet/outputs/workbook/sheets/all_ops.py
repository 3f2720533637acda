"""Sheet All Ops: every device op in execution order, what follows from it first, then the capture's own columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from xlsxwriter.utility import xl_col_to_name

from perfsheet.analysis import Analysis
from perfsheet.analysis.ops.device_ops import Ops, once
from perfsheet.analysis.results import RowRef
from perfsheet.analysis.statistics import known
from perfsheet.capture.table import IntArray
from perfsheet.outputs.workbook import live
from perfsheet.outputs.workbook.cells import Cell, Cells, Made
from perfsheet.outputs.workbook.sheets.raw_columns import raw_columns
from perfsheet.outputs.workbook.tables import Further, Layout, RowLink, write_table_sheet
from perfsheet.outputs.workbook.theme import Styles
from perfsheet.progress import Watch
from perfsheet.tables import Column, In
from perfsheet.tables.ops import OPS, OpRows, all_ops
from perfsheet.text import formats

if TYPE_CHECKING:
    from perfsheet.outputs.workbook.worksheet import LongWorksheet

TITLE = "All Ops"
MOST_OPS = 250_000
"""A sheet of so many ops is a gigabyte of XML, and a zip file holds at most two gigabytes; of longer captures the sheet
has the longest so many ops."""


@once
def _listed(ops: Ops) -> IntArray:
    """The positions of the ops on this sheet, in execution order."""
    if len(ops) <= MOST_OPS:
        return np.arange(len(ops))
    longest_first = np.argsort(-np.nan_to_num(ops.kernel_ns, nan=-1.0), kind="stable")
    return np.sort(longest_first[:MOST_OPS])


def left_out(analysis: Analysis) -> str:
    """What to say of a capture that is too long for the sheet; blank for others."""
    ops, listed = analysis.ops, _listed(analysis.ops)
    if len(listed) == len(ops):
        return ""
    share = float(np.nansum(ops.kernel_ns[listed])) / ops.total_ns if ops.total_ns else 0.0
    return (
        f"Sheet {TITLE} has the {len(listed):,} longest of {len(ops):,} ops, {formats.percent(share)} of kernel time: "
        "a workbook of all of them would be too large for Excel. All other figures cover every op. For a workbook of a "
        "part, use --pass, --device, --id-range or --start-signpost"
    )


def _columns(analysis: Analysis) -> list[Column[OpRows]]:
    headers = analysis.ops.table.headers
    return [
        column.changed(exact=headers.get(column.capture, ""), wrap=False)
        for column in OPS.columns_in(In.ALL_OPS, all_ops(analysis))
    ]


def _letters(analysis: Analysis, key: str) -> str:
    """The name of a column of this sheet."""
    return str(xl_col_to_name([column.key for column in _columns(analysis)].index(key)))


def row_links(analysis: Analysis) -> RowLink:
    """Turns a row of the capture into a link to its row on this sheet, wherever sorting has put it.

    Just the number for a row that is not here.
    """
    listed, letters = _listed(analysis.ops), _letters(analysis, "run_order")

    def link(ref: RowRef) -> Cell:
        if ref.position is None:
            return ref.row
        row = int(np.searchsorted(listed, ref.position))
        if row == len(listed) or listed[row] != ref.position:
            return ref.row
        return live.link_to_row(TITLE, letters, row + 2, ref.position + 1, ref.row)

    return link


def link_to(analysis: Analysis, position: int) -> Cell:
    """The link of one op."""
    return row_links(analysis)(analysis.row_ref(position))


def few_cores_share(analysis: Analysis) -> str | None:
    """A formula for the share of kernel time on few cores, from the cells of this sheet; None where ops are missing
    from it."""
    last = len(analysis.ops) + 1
    if len(_listed(analysis.ops)) < len(analysis.ops):
        return None
    cores, grid, kernel = (
        f"'{TITLE}'!${name}$2:${name}${last}"
        for name in (_letters(analysis, key) for key in ("core_count", "worker_cores", "kernel_duration_ns"))
    )
    low = f"({cores}<={grid}*{live.LOW_CORES}/100)"
    return f"=SUM((SUMPRODUCT(ISNUMBER({cores})*ISNUMBER({grid})*{low},{kernel}))/{analysis.ops.total_ns!r})"


def write(sheet: LongWorksheet, styles: Styles, analysis: Analysis, raw: bool, watch: Watch) -> None:
    """Write the ops; `watch` is called with how many are written.

    `raw`: with all columns of the capture, those that are rarely read folded; else with the others only.
    """
    rows = OpRows(analysis, _listed(analysis.ops))
    columns = _columns(analysis)
    layout = write_table_sheet(
        sheet,
        styles,
        columns,
        rows,
        freeze="op_code",
        live={"utilization_pct": lambda at: _utilizations(rows, at), "flags": lambda at: _flags(rows, at)},
        further=Further(
            raw_columns(analysis, rows, {column.header(In.ALL_OPS) for column in columns}, raw),
            lambda count: watch.progress(count, len(rows)),
        ),
    )
    if note := left_out(analysis):
        sheet.write_string(layout.after + 1, 0, note, styles["quiet"])
    # On paper sixty columns would be unreadable: the leading ones carry the analysis.
    sheet.print_area(0, 0, max(1, layout.after - 1), layout["finding_ids"])
    # Hashes are names made of digits: Excel need not offer to make numbers of them.
    sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{layout.after}"})


def _utilizations(rows: OpRows, layout: Layout) -> Cells:
    places = live.UtilizationPlaces.on(layout, ideal="pm_ideal_captured_ns")
    values = rows.ops.utilization[rows.positions]

    def cells(at: range) -> list[Cell]:
        here = values[at.start : at.stop].tolist()
        return [live.utilization(row + 1, places, known(value)) for row, value in zip(at, here, strict=True)]

    return Made(len(rows), cells)


def _flags(rows: OpRows, layout: Layout) -> Cells:
    ops, places = rows.ops, live.FlagPlaces.on(layout)
    can_be_low = (ops.timed & np.isfinite(ops.cores) & np.isfinite(ops.worker_cores))[rows.positions].tolist()

    def cells(at: range) -> list[Cell]:
        return [live.flags(row + 1, places, rows.flags[row], can_be_low[row]) for row in at]

    return Made(len(rows), cells)
