"""Sheet Repeats: what every op took in all aligned runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfsheet.analysis import Analysis
from perfsheet.analysis.repeats import Repeats
from perfsheet.analysis.results import RowRef
from perfsheet.outputs.workbook.cells import Cell
from perfsheet.outputs.workbook.sheets import all_ops
from perfsheet.outputs.workbook.tables import write_table_sheet
from perfsheet.outputs.workbook.theme import Styles
from perfsheet.tables import In
from perfsheet.tables.repeats import REPEATS, by_median, columns_of_runs

if TYPE_CHECKING:
    from perfsheet.outputs.workbook.worksheet import LongWorksheet

TITLE = "Repeats"
_MOST_LINKS = 10_000
"""Each costs time."""
_MOST_RUNS = 30
"""Runs that get a column of their own."""


def write(sheet: LongWorksheet, styles: Styles, analysis: Analysis, repeats: Repeats) -> None:
    """Write a line per op, by median kernel duration."""
    ops = by_median(analysis, repeats)
    linked, link_to = set(ops.positions[:_MOST_LINKS].tolist()), all_ops.row_links(analysis)

    def row_link(ref: RowRef) -> Cell:
        return link_to(ref) if ref.position in linked else ref.row

    columns = [*REPEATS.columns_in(In.SHEET, ops), *columns_of_runs(repeats, _MOST_RUNS)]
    write_table_sheet(sheet, styles, columns, ops, freeze="op_code", row_link=row_link)
