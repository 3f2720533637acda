"""Sheet Memory: L1 and DRAM in use while each op runs, and what L1 holds for too long, from a graph report."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perfsheet.analysis import Analysis
from perfsheet.capture.notes import rows as counted
from perfsheet.outputs import chart_style as style
from perfsheet.outputs.workbook.charts import BookCharts, Points
from perfsheet.outputs.workbook.sheet import set_up_sections, write_section
from perfsheet.outputs.workbook.sheets import all_ops
from perfsheet.outputs.workbook.tables import Layout, Placement, write_table
from perfsheet.outputs.workbook.theme import Styles
from perfsheet.tables import In
from perfsheet.tables.memory import HELD, MEMORY, held_buffers, memory_ops
from perfsheet.tables.op_rows import OpRows
from perfsheet.text import graph as sentences
from perfsheet.text.safe import clean

if TYPE_CHECKING:
    from perfsheet.analysis.graph.beside import Graph
    from perfsheet.outputs.workbook.worksheet import LongWorksheet

TITLE = "Memory"
_WIDTHS = (8, 34, 34, 15, 15, 15, 15, 15, 15, 15, 14)
_HELD = ("tensor", "made_at", "made_by", "last_used_at", "last_used_by", "bank_bytes", "count", "calls", "idle_calls")
_SPANS = {"tensor": 2, "made_by": 2, "last_used_at": 2, "last_used_by": 2}
_CHARTS_ROW, _CHART_ROWS = 2, 19
_L1, _DRAM = (0, (756, 360)), (5, (645, 360))
"""Column and size in pixels of the charts."""
_HEADER_HEIGHT = 26
"""Two lines."""
_MOST_HELD = 12
_MOST_OPS = 5000
"""Ops on the sheet, and points of a chart: with more ops, the peaks among them."""


def write(sheet: LongWorksheet, styles: Styles, analysis: Analysis, graph: Graph, charts: BookCharts) -> None:
    """Write the peak in words, both charts, the buffers that L1 holds for too long, then op by op what is in use."""
    set_up_sections(sheet, styles, _WIDTHS)
    sheet.write_string(0, 0, clean(sentences.memory(analysis)), styles["text"])
    row = _write_held(sheet, styles, analysis, graph, _CHARTS_ROW + _CHART_ROWS)
    ops = memory_ops(analysis, _MOST_OPS)
    layout = _write_ops(sheet, styles, analysis, ops, row + 1)
    _write_charts(sheet, graph, charts, ops, layout)


def _write_held(sheet: LongWorksheet, styles: Styles, analysis: Analysis, graph: Graph, row: int) -> int:
    held, count = held_buffers(analysis, _MOST_HELD), len(graph.memory.longest_held)
    more = f"{len(held)} of " if len(held) < count else ""
    note = f"{more}{counted(count, 'kind')} of buffer, what outlives its last use first (CALLS AFTER), by bytes × calls"
    row = write_section(sheet, styles, row, len(_WIDTHS), HELD.title, note, 2)
    if not len(held):
        return row
    columns = [column.changed(width=_WIDTHS[-1]) for column in HELD.pick(*_HELD)]
    return write_table(sheet, styles, columns, held, Placement(row, spans=_SPANS)).after


def _write_ops(sheet: LongWorksheet, styles: Styles, analysis: Analysis, ops: OpRows, row: int) -> Layout:
    every = len(analysis.ops)
    note = "in execution order"
    if len(ops) < every:
        note += f"; {len(ops):,} of {every:,} ops, the peaks of each stretch; L1 USED of All Ops has every op"
    row = write_section(sheet, styles, row, len(_WIDTHS), "In use while each op runs", note, 2)
    links = all_ops.row_links(analysis)
    sheet.set_row(row, _HEADER_HEIGHT)
    return write_table(sheet, styles, MEMORY.columns_in(In.SHEET), ops, Placement(row), row_link=links)


def _write_charts(sheet: LongWorksheet, graph: Graph, charts: BookCharts, ops: OpRows, layout: Layout) -> None:
    """Their points are the cells of the table of ops."""
    memory = graph.memory

    def points(key: str) -> Points:
        column = layout[key]
        return Points([TITLE, layout.top + 1, column, layout.after - 1, column], MEMORY[key].listed(ops))

    order = points("order")
    l1 = [(style.TENSORS, points("l1_tensors_bytes"))]
    if np.isfinite(memory.circular).any():
        l1.append((style.CIRCULAR, points("l1_circular_bytes")))
    column, size = _L1
    charts.areas(sheet, _CHARTS_ROW, column, size, style.l1_in_use(memory), order, l1, memory.bank_bytes)
    dram = "dram_bank_bytes" if memory.dram_per_bank else "dram_total_bytes"
    column, size = _DRAM
    title = style.dram_in_use(memory)
    charts.areas(sheet, _CHARTS_ROW, column, size, title, order, [(style.TENSORS, points(dram))])
