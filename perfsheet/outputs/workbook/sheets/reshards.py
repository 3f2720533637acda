"""Sheet Reshards: a matrix of where tensors change how they are sharded, and the chains of ops that only do that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfsheet.analysis import Analysis
from perfsheet.analysis.reshards import Reshards
from perfsheet.outputs.workbook.sheet import Column, set_up_sections, write_columns, write_section
from perfsheet.outputs.workbook.sheets import all_ops
from perfsheet.outputs.workbook.tables import Placement, write_table
from perfsheet.outputs.workbook.theme import Styles
from perfsheet.tables import In, Rows
from perfsheet.tables.reshards import CHAINS, TRANSITIONS
from perfsheet.text import formats

if TYPE_CHECKING:
    from perfsheet.outputs.workbook.worksheet import LongWorksheet

_WIDTHS = (44, 24, 24, 22, 22, 22, 22, 22, 22, 22)
_CHAINS = 500


def write(sheet: LongWorksheet, styles: Styles, analysis: Analysis) -> None:
    """Write the matrix, the same transitions as a list, and the chains."""
    reshards = analysis.reshards
    set_up_sections(sheet, styles, _WIDTHS)
    sheet.freeze_panes(0, 1)
    if not reshards.ops:
        sheet.write_string(0, 0, "No op of this window reshards a tensor.", styles["section"])
        return
    time = f"{formats.whole(reshards.kernel_ns)} ns, {formats.percent(reshards.share)} of kernel time"
    note = f"{reshards.ops:,} reshards, {time}"
    row = write_section(sheet, styles, 0, 7, "From (rows) → to (columns), kernel time [ns]", note)
    row = _write_matrix(sheet, styles, reshards, row) + 1
    row = write_section(sheet, styles, row, 7, "The same as a list", "back to back: directly after another reshard")
    columns = TRANSITIONS.columns_in(In.SHEET)
    row = 1 + write_table(sheet, styles, columns, reshards.transitions, Placement(row)).after
    note = f"{len(reshards.chains):,} kinds of ops in a row that only change how a tensor is stored"
    row = write_section(sheet, styles, row, 7, CHAINS.title, note)
    if reshards.chains:
        chains, placement = Rows(analysis, reshards.chains[:_CHAINS]), Placement(row, spans={"path": 3})
        links = all_ops.row_links(analysis)
        write_table(sheet, styles, CHAINS.columns_in(In.SHEET), chains, placement, row_link=links)


def _write_matrix(sheet: LongWorksheet, styles: Styles, reshards: Reshards, top: int) -> int:
    """The row after the matrix."""
    layouts = reshards.layouts
    times = [[_time(reshards, source, target) for source in layouts] for target in layouts]
    columns = [
        Column("FROM \\ TO", layouts),
        *(Column(target, cells, "matrix") for target, cells in zip(layouts, times, strict=True)),
        Column("ALL", [sum(filter(None, row)) for row in zip(*times, strict=True)], "ns"),
    ]
    after = write_columns(sheet, styles, columns, top)
    area = (top + 1, 1, after - 1, len(layouts))
    sheet.conditional_format(*area, {"type": "2_color_scale", "min_color": "#FFFFFF", "max_color": "#F4B183"})
    return after


def _time(reshards: Reshards, source: str, target: str) -> float | None:
    transition = reshards.between(source, target)
    return transition.kernel_ns if transition else None
