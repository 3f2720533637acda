"""The head of Summary: what was measured, the headline metrics, and the input cells that formulas read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfsheet.analysis import Analysis
from perfsheet.analysis.summary import CaptureSummary
from perfsheet.outputs.workbook import live
from perfsheet.outputs.workbook.cells import Cell, Formula
from perfsheet.outputs.workbook.inputs import changed, declare, inputs
from perfsheet.outputs.workbook.sheet import write_cell
from perfsheet.outputs.workbook.sheets import all_ops
from perfsheet.outputs.workbook.theme import Styles
from perfsheet.text import formats
from perfsheet.text.headline import RATE, HeadlineValue, headline

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

COLUMNS = 13
"""As many as there can be headline metrics and input cells."""
_LABELS, _VALUES = 3, 4


def write(book: Workbook, sheet: Worksheet, styles: Styles, analysis: Analysis) -> int:
    """Write title, headline metrics and input cells; the row after them."""
    _write_title(sheet, styles, analysis.summary)
    metrics, cells = headline(analysis), inputs(analysis.summary)
    sheet.set_row(_LABELS, 38)
    sheet.set_row(_VALUES, 26)
    for column, label in enumerate([metric.label for metric in metrics] + [cell.label for cell in cells]):
        sheet.write_string(_LABELS, column, label, styles["metric_label"])
    for column, metric in enumerate(metrics):
        write_cell(sheet, _VALUES, column, _cell(analysis, metric), styles[f"metric_{metric.kind}"], styles["link"])
    for column, cell in enumerate(cells, start=len(metrics)):
        declare(book, sheet, styles, cell, _VALUES, column)
    write_cell(sheet, _VALUES + 1, 0, changed(analysis.summary), styles["attention"], styles["link"])
    return _VALUES + 2


def _write_title(sheet: Worksheet, styles: Styles, summary: CaptureSummary) -> None:
    sheet.set_row(0, 26)
    sheet.write_string(0, 0, formats.clean(f"Perf sheet · {formats.file_names(summary)}", 200), styles["title"])
    sheet.write_string(1, 0, formats.clean(formats.at_a_glance(summary)), styles["quiet"])
    if summary.provenance.replayed:
        sheet.write_string(2, 0, formats.REPLAYED[0].upper() + formats.REPLAYED[1:], styles["banner"])
        for column in range(1, COLUMNS):
            sheet.write_blank(2, column, None, styles["banner"])
    else:
        sheet.set_row(2, 6)


def _cell(analysis: Analysis, metric: HeadlineValue) -> Cell:
    """The value; live where an input cell has a say in it."""
    if metric.value is None:
        return "–"
    if metric.kind == RATE and metric.value:
        # Back from the rate to the time behind it: the formula shows that time.
        return live.fps(round(1e9 * analysis.summary.batch / metric.value, 6), metric.value)
    if metric.id == "few_cores":
        formula = all_ops.few_cores_share(analysis)
        return metric.value if formula is None else Formula(formula, metric.value)
    return metric.value
