"""Sheet Run: how the capture was made, fact by fact, file by file and test by test."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from perfsheet.outputs.workbook.marks import mark_word
from perfsheet.outputs.workbook.sheet import set_up_sections
from perfsheet.outputs.workbook.tables import Placement, write_table
from perfsheet.outputs.workbook.theme import Styles
from perfsheet.provenance import RunRecord, TestResult
from perfsheet.tables import In
from perfsheet.tables.runs import FACTS, INPUTS, TESTS, facts

if TYPE_CHECKING:
    from perfsheet.outputs.workbook.worksheet import LongWorksheet

TITLE = "Run"
_WIDTHS = (34, 16, 60, 60)
_MOST_TESTS = 10_000
_VALUE_SPAN, _TEST_SPAN = {"value": 3}, {"nodeid": 5}


def write(sheet: LongWorksheet, styles: Styles, record: RunRecord, results: Sequence[TestResult]) -> None:
    """Write the facts, then the input files, then the tests."""
    set_up_sections(sheet, styles, _WIDTHS)
    known = list(facts(record))
    row = write_table(sheet, styles, FACTS.columns_in(In.SHEET), known, Placement(spans=_VALUE_SPAN)).after
    row = write_table(sheet, styles, INPUTS.columns_in(In.SHEET), record.inputs, Placement(row + 1)).after
    row = write_tests(sheet, styles, results[:_MOST_TESTS], row + 1)
    if len(results) > _MOST_TESTS:
        sheet.write_string(row, 0, f"{len(results) - _MOST_TESTS:,} more are in run.json", styles["quiet"])


def write_tests(sheet: LongWorksheet, styles: Styles, results: Sequence[TestResult], row: int) -> int:
    """Write tests from a row on, those that failed set off; the row after them."""
    layout = write_table(sheet, styles, TESTS.columns_in(In.SHEET), results, Placement(row, spans=_TEST_SPAN))
    mark_word(sheet, styles, "failed", layout["outcome"], row + 1, layout.after - 1)
    return layout.after
