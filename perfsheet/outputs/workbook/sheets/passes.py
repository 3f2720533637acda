"""Sheet Passes: the passes of the window, the layers of one, and how ops vary between the passes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfsheet.analysis import Analysis
from perfsheet.outputs.workbook import live
from perfsheet.outputs.workbook.sheet import set_up_sections, write_section
from perfsheet.outputs.workbook.sheets import all_ops
from perfsheet.outputs.workbook.tables import Placement, write_table
from perfsheet.outputs.workbook.theme import Styles
from perfsheet.tables import In, Rows
from perfsheet.tables.passes import LAYERS, PASS_OPS, PASSES, most_variable
from perfsheet.text import sentences

if TYPE_CHECKING:
    from perfsheet.outputs.workbook.worksheet import LongWorksheet

TITLE = "Passes"
_WIDTHS = (40, 12, 16, 16, 16, 14, 12, 14, 14, 14, 12)
_PASSES, _OPS = 1000, 1000


def write(sheet: LongWorksheet, styles: Styles, analysis: Analysis) -> None:
    """Write the passes, the layers, and the ops of a pass by how much they vary."""
    summary = analysis.summary.passes
    links = all_ops.row_links(analysis)
    set_up_sections(sheet, styles, _WIDTHS)
    note = sentences.passes(summary) or "the window is one pass"
    row = write_section(sheet, styles, 0, len(_WIDTHS), PASSES.title, note)
    passes = summary.all[:_PASSES]
    rates = {"fps": lambda layout: [live.fps(run.busiest_ns, run.fps) for run in passes]}
    row = 1 + write_table(sheet, styles, PASSES.columns_in(In.SHEET), passes, Placement(row), rates).after
    if summary.layers:
        note = "ops that repeat in a row inside the last pass"
        row = write_section(sheet, styles, row, len(_WIDTHS), LAYERS.title, note)
        layers, placement = Rows(analysis, summary.layers), Placement(row, spans={"ops": 5})
        columns = LAYERS.columns_in(In.SHEET)
        row = 1 + write_table(sheet, styles, columns, layers, placement, row_link=links).after
    if (variation := analysis.facts.variation) is not None:
        note = (
            f"every op of a pass over all passes, the most variable of at least 0.1 % of a pass first; {_OPS:,} at most"
        )
        row = write_section(sheet, styles, row, len(_WIDTHS), PASS_OPS.title, note)
        ops = most_variable(analysis, variation, _OPS)
        write_table(sheet, styles, PASS_OPS.columns_in(In.SHEET, ops), ops, Placement(row), row_link=links)
