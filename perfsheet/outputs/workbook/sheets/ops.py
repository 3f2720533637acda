"""Sheets Top Ops, Op Groups, By Op Type and Reshards, and sheet Charts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfsheet.analysis import Analysis
from perfsheet.analysis.reshards import Reshards
from perfsheet.outputs import chart_style
from perfsheet.outputs.workbook import live
from perfsheet.outputs.workbook.charts import BookCharts
from perfsheet.outputs.workbook.sheet import Column, set_up_page, set_up_sections, write_columns, write_section
from perfsheet.outputs.workbook.sheets import all_ops
from perfsheet.outputs.workbook.tables import Placement, source_ahead, write_table, write_table_sheet
from perfsheet.outputs.workbook.theme import Styles
from perfsheet.tables import In, Rows
from perfsheet.tables.groups import GROUPS, op_groups
from perfsheet.tables.op_rows import top_ops
from perfsheet.tables.ops import OPS
from perfsheet.tables.reshards import CHAINS, TRANSITIONS
from perfsheet.tables.totals import CATEGORIES, OP_TYPES
from perfsheet.text import formats

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

    from perfsheet.outputs.workbook.worksheet import LongWorksheet

_MOST_OPS = 200
"""Ops on Top Ops; All Ops has every op with its rank."""


def write_top_ops(sheet: LongWorksheet, styles: Styles, analysis: Analysis, charts: BookCharts) -> None:
    """Write sheet Top Ops: the first ops of the ranking, and beside them the Pareto chart."""
    ops = top_ops(analysis, _MOST_OPS)
    columns = source_ahead(OPS.columns_in(In.SHEET, ops))
    layout = write_table_sheet(
        sheet,
        styles,
        [column.changed(wrap=False) for column in columns],
        ops,
        freeze="op_code",
        live=live.op_formulas(ops, ideal="pm_ideal_ns"),
        row_link=all_ops.row_links(analysis),
    )
    # On paper the tensors would make the rest too small to read.
    sheet.print_area(0, 0, layout.after + 1, layout["flags"])
    left_out = analysis.summary.timed_ops - len(ops)
    if left_out:
        note = f"{left_out:,} shorter ops are not listed here; sheet All Ops has every op with its rank."
        sheet.write_string(layout.after + 1, 1, note, styles["quiet"])
    charts.pareto(sheet, 1, layout.width + 1)


_MOST_GROUPS = 2000


def write_op_groups(sheet: LongWorksheet, styles: Styles, analysis: Analysis) -> None:
    """Write sheet Op Groups: identical ops together, most kernel time first."""
    groups = op_groups(analysis, _MOST_GROUPS)
    columns = [column.changed(wrap=False) for column in GROUPS.columns_in(In.SHEET, groups)]
    links = all_ops.row_links(analysis)
    layout = write_table_sheet(sheet, styles, columns, groups, freeze="op_code", row_link=links)
    sheet.print_area(0, 0, layout.after + 1, layout["first_row"])
    if len(groups) < len(analysis.groups):
        note = f"{len(analysis.groups) - len(groups):,} groups with less kernel time are not listed."
        sheet.write_string(layout.after + 1, 1, note, styles["quiet"])


def write_op_types(sheet: LongWorksheet, styles: Styles, analysis: Analysis) -> None:
    """Write sheet By Op Type: kernel time by op code, and below it by category."""
    by_code, by_category = Rows(analysis, analysis.op_types), Rows(analysis, analysis.categories)
    columns = OP_TYPES.columns_in(In.SHEET, by_code)
    top = write_table_sheet(sheet, styles, columns, by_code, freeze="op_code").after + 1
    sheet.write_string(top, 0, CATEGORIES.title, styles["section"])
    sheet.set_row(top + 1, 32)
    write_table(sheet, styles, CATEGORIES.columns_in(In.SHEET), by_category, Placement(top + 1, left=1))


_CHART_SIZE = (860, 400)
_CHART_ROWS, _CHART_COLUMNS = 22, 10
"""Cells that a chart covers, with the line above it."""


def write_charts(sheet: Worksheet, styles: Styles, analysis: Analysis, charts: BookCharts) -> None:
    """Write sheet Charts: four charts, two by two, each below the question that it answers."""
    set_up_page(sheet)
    sheet.set_column(0, 2 * _CHART_COLUMNS, 12)
    drawn = [
        (charts.timeline, chart_style.TIMELINE_ASKS),
        (charts.pareto, chart_style.PARETO_ASKS),
        (charts.core_use, chart_style.core_use_asks(analysis.core_use)),
    ]
    if analysis.plan is None:  # by its least times every op is at its roof
        drawn.insert(2, (charts.roofline, chart_style.roofline_asks(analysis.roofline)))
    for place, (draw, question) in enumerate(drawn):
        down, across = divmod(place, 2)
        row, column = down * _CHART_ROWS, across * _CHART_COLUMNS
        sheet.write_string(row, column, question, styles["text"])
        draw(sheet, row + 1, column, _CHART_SIZE)
    sheet.print_area(0, 0, 2 * _CHART_ROWS, 2 * _CHART_COLUMNS - 1)


_RESHARD_WIDTHS = (44, 24, 24, 22, 22, 22, 22, 22, 22, 22)
_MOST_CHAINS = 500


def write_reshards(sheet: LongWorksheet, styles: Styles, analysis: Analysis) -> None:
    """Write the matrix, the same transitions as a list, and the chains."""
    reshards = analysis.reshards
    set_up_sections(sheet, styles, _RESHARD_WIDTHS)
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
        chains, placement = Rows(analysis, reshards.chains[:_MOST_CHAINS]), Placement(row, spans={"path": 3})
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
