"""Sheet Passes: the passes of the window, the layers of one, and how ops vary between the passes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perfsheet.analysis import Analysis
from perfsheet.analysis.windows.layers import Layer
from perfsheet.analysis.windows.passes import Pass, Variation
from perfsheet.outputs.workbook import live
from perfsheet.outputs.workbook.marks import data_bar
from perfsheet.outputs.workbook.sheet import Field, set_up_sections, write_section, write_table
from perfsheet.outputs.workbook.sheets import all_ops
from perfsheet.outputs.workbook.theme import Styles
from perfsheet.text import sentences

if TYPE_CHECKING:
    from perfsheet.outputs.workbook.worksheet import LongWorksheet

TITLE = "Passes"
_WIDTHS = (40, 12, 16, 16, 16, 14, 12, 14, 14, 14, 12)
_PASSES, _OPS = 1000, 1000


def write(sheet: LongWorksheet, styles: Styles, analysis: Analysis) -> None:
    """Write the passes, the layers, and the ops of a pass by how much they vary."""
    found = analysis.summary.passes
    set_up_sections(sheet, styles, _WIDTHS)
    row = write_section(sheet, styles, 0, len(_WIDTHS), "Passes", sentences.passes(found) or "the window is one pass")
    after = write_table(sheet, styles, _FIELDS, found.all[:_PASSES], top=row)
    data_bar(sheet, 2, row + 1, after - 1)
    if found.layers:
        row = write_section(
            sheet, styles, after + 1, len(_WIDTHS), "Layers", "ops that repeat in a row inside the last pass"
        )
        after = write_table(sheet, styles, _layers(analysis), found.layers, top=row)
    if (variation := analysis.facts.variation) is not None:
        note = (
            f"every op of a pass over all passes, the most variable of at least 0.1 % of a pass first; {_OPS:,} at most"
        )
        row = write_section(sheet, styles, after + 1, len(_WIDTHS), "How ops vary between passes", note)
        write_table(sheet, styles, _ops(analysis, variation), _most_variable(analysis, variation), top=row)


_FIELDS: tuple[Field[Pass], ...] = (
    Field("PASS", lambda one: f"pass {one.number}{' (cold)' if one.cold else ''}"),
    Field("OPS", lambda one: len(one.positions), "count"),
    Field("KERNEL [ns]", lambda one: one.kernel_ns, "ns"),
    Field("BUSIEST DEVICE [ns]", lambda one: one.busiest_ns, "ns"),
    Field("GAPS [ns]", lambda one: one.gap_ns, "ns"),
    Field("FPS", lambda one: live.fps(one.busiest_ns, one.fps), "decimal"),
)


def _layers(analysis: Analysis) -> tuple[Field[Layer], ...]:
    return (
        Field("FIRST OP", lambda one: one.codes[0]),
        Field("OPS IN IT", lambda one: len(one.codes), "count"),
        Field("TIMES", lambda one: one.count, "count"),
        Field("KERNEL [ns]", lambda one: one.kernel_ns, "ns"),
        Field("OF A PASS", lambda one: one.share, "percent"),
        Field("FIRST FILE ROW", lambda one: all_ops.link_to(analysis, one.first), "link_number"),
        Field("ITS OPS", lambda one: " → ".join(one.codes), "wrap", 70, span=5),
    )


def _most_variable(analysis: Analysis, variation: Variation) -> list[int]:
    """Columns of the variation; ops too short to matter come last."""
    spreads = variation.spreads
    matters = spreads.median_ns >= 0.001 * np.nansum(spreads.median_ns)
    order = np.lexsort((-np.nan_to_num(spreads.cv), ~matters))
    return [int(column) for column in order[:_OPS]]


def _ops(analysis: Analysis, variation: Variation) -> tuple[Field[int], ...]:
    ops, at = analysis.ops, variation.positions.tolist()
    return (
        Field("OP CODE", lambda column: ops.codes[at[column]]),
        Field("RUNS", lambda column: variation.op(column).runs, "count"),
        Field("MEDIAN [ns]", lambda column: variation.op(column).median_ns, "ns"),
        Field("MIN [ns]", lambda column: variation.op(column).min_ns, "ns"),
        Field("MAX [ns]", lambda column: variation.op(column).max_ns, "ns"),
        Field("STD DEV [ns]", lambda column: variation.op(column).std_ns, "ns"),
        Field("CV", lambda column: variation.op(column).cv, "percent"),
        Field("FILE ROW", lambda column: all_ops.link_to(analysis, at[column]), "link_number"),
    )
