"""Sheet Run: how the capture was made; sheet Repeats: every op over all aligned runs; sheet Data Quality."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from perfsheet.analysis import Analysis
from perfsheet.analysis.repeats import Repeats
from perfsheet.analysis.results import RowRef
from perfsheet.outputs.workbook.cells import Cell
from perfsheet.outputs.workbook.sheet import set_up_sections
from perfsheet.outputs.workbook.sheets import all_ops
from perfsheet.outputs.workbook.tables import Placement, mark_word, write_table, write_table_sheet
from perfsheet.outputs.workbook.theme import Styles
from perfsheet.provenance import RunRecord, TestResult
from perfsheet.tables import In
from perfsheet.tables.quality import CHECKS, LOOK
from perfsheet.tables.repeats import REPEATS, by_median, columns_of_runs
from perfsheet.tables.runs import ACCURACY, FACTS, INPUTS, TESTS, facts, module_pccs

if TYPE_CHECKING:
    from perfsheet.outputs.workbook.worksheet import LongWorksheet

RUN, DATA_QUALITY = "Run", "Data Quality"
_WIDTHS = (34, 16, 60, 60)
_MOST_TESTS = 10_000
_VALUE_SPAN, _TEST_SPAN = {"value": 3}, {"nodeid": 5}


def write_run(sheet: LongWorksheet, styles: Styles, record: RunRecord, results: Sequence[TestResult]) -> None:
    """Write sheet Run: the facts, the input files, the tests, the accuracy of modules."""
    set_up_sections(sheet, styles, _WIDTHS)
    values = list(facts(record))
    row = write_table(sheet, styles, FACTS.columns_in(In.SHEET), values, Placement(spans=_VALUE_SPAN)).after
    row = write_table(sheet, styles, INPUTS.columns_in(In.SHEET), record.inputs, Placement(row + 1)).after
    row = write_tests(sheet, styles, results[:_MOST_TESTS], row + 1)
    if len(results) > _MOST_TESTS:
        sheet.write_string(row, 0, f"{len(results) - _MOST_TESTS:,} more are in run.json", styles["quiet"])
        row += 1
    if modules := module_pccs(results)[:_MOST_TESTS]:
        write_table(sheet, styles, ACCURACY.columns_in(In.SHEET), modules, Placement(row + 1, spans=_TEST_SPAN))


def write_tests(sheet: LongWorksheet, styles: Styles, results: Sequence[TestResult], row: int) -> int:
    """Write tests from a row on, failed ones highlighted; return the row after them."""
    columns = TESTS.columns_in(In.SHEET, results)
    layout = write_table(sheet, styles, columns, results, Placement(row, spans=_TEST_SPAN))
    mark_word(sheet, styles, "failed", layout["outcome"], row + 1, layout.after - 1)
    return layout.after


_MOST_LINKS = 10_000
"""Ops with a link to All Ops: links take time."""
_MOST_RUNS = 30
"""Runs with a column of their own."""


def write_repeats(sheet: LongWorksheet, styles: Styles, analysis: Analysis, repeats: Repeats) -> None:
    """Write sheet Repeats: a row per op, longest median kernel duration first."""
    ops = by_median(analysis, repeats)
    linked, link_to = set(ops.positions[:_MOST_LINKS].tolist()), all_ops.row_links(analysis)

    def row_link(ref: RowRef) -> Cell:
        return link_to(ref) if ref.position in linked else ref.row

    columns = [*REPEATS.columns_in(In.SHEET, ops), *columns_of_runs(repeats, _MOST_RUNS)]
    write_table_sheet(sheet, styles, columns, ops, freeze="op_code", row_link=row_link)


def write_data_quality(sheet: LongWorksheet, styles: Styles, analysis: Analysis) -> None:
    """Write sheet Data Quality: every check and the row counts, failed checks first."""
    checks = analysis.verdict
    layout = write_table_sheet(sheet, styles, CHECKS.columns_in(In.SHEET), checks, freeze="label")
    mark_word(sheet, styles, LOOK, layout["ok"], 1, layout.after - 1)
