"""Sheet Summary, on one screen: headline metrics, top findings, where the time goes, run info, data quality."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING

from perfsheet._version import __version__
from perfsheet.analysis import Analysis
from perfsheet.analysis.repeats import Repeats
from perfsheet.outputs.workbook.cells import Link
from perfsheet.outputs.workbook.charts import BookCharts
from perfsheet.outputs.workbook.sheet import set_up_sections, write_cell, write_section
from perfsheet.outputs.workbook.sheets import all_ops, data_quality, headline, hotspots
from perfsheet.outputs.workbook.sheets.headline import COLUMNS
from perfsheet.outputs.workbook.sheets.run import write_tests
from perfsheet.outputs.workbook.tables import Placement, write_table
from perfsheet.outputs.workbook.theme import Styles
from perfsheet.provenance import Provenance, TestResult
from perfsheet.tables import In, Rows
from perfsheet.tables.findings import FINDINGS
from perfsheet.tables.kinds import LINK
from perfsheet.tables.repeats import RUNS
from perfsheet.text import formats, run_info, sentences

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook

    from perfsheet.outputs.workbook.worksheet import LongWorksheet

TITLE = "Summary"
_FINDINGS, _TESTS, _WARNINGS = 5, 8, 6
_WIDTH, _ZOOM = 16, 80
_CHART_ROWS = 11
_FINDING_COLUMNS = ("title", "op_code", "count", "share_pct", "saving_ns", "cores_of_grid", "advice")
_SPANS = {"title": 2, "op_code": 2, "advice": 4}
_BY_CATEGORY, _BY_TYPE = (0, (572, 218)), (5, (940, 218))
"""Column and size in pixels of both charts."""


def write(book: Workbook, sheet: LongWorksheet, styles: Styles, analysis: Analysis, charts: BookCharts) -> None:
    """Write the sheet from top to bottom; what only some reports have comes below the first screen."""
    set_up_sections(sheet, styles, (_WIDTH,) * COLUMNS)
    sheet.set_zoom(_ZOOM)
    row = headline.write(book, sheet, styles, analysis)
    row = _write_findings(sheet, styles, analysis, row)
    row = _write_time(sheet, styles, analysis, charts, row + 1)
    row = _write_measured(sheet, styles, analysis, row + 1)
    row = _write_verdict(sheet, styles, analysis, row + 1)
    if analysis.repeats:
        row = _write_runs(sheet, styles, analysis.repeats, row + 1)
    if results := analysis.provenance.results:
        row = _write_tests(sheet, styles, analysis.provenance, results, row + 1)
    sheet.print_area(0, 0, row, COLUMNS - 1)


def _write_findings(sheet: LongWorksheet, styles: Styles, analysis: Analysis, row: int) -> int:
    main = analysis.main_findings
    findings = main[:_FINDINGS]
    note = f"{len(findings)} of {len(main)}. {sentences.upper_bounds(analysis.summary)}"
    row = write_section(sheet, styles, row, COLUMNS, "Top findings", note, 2)
    if not findings:
        sheet.write_string(row, 0, formats.no_finding(analysis.summary), styles["text"])
        return row + 1
    columns = [
        FINDINGS["id"].changed(title="Finding", kind=LINK, width=_WIDTH),
        *(column.changed(bar=False, width=_WIDTH) for column in FINDINGS.pick(*_FINDING_COLUMNS)),
    ]
    links = {"id": lambda layout: [hotspots.link_to(finding) for finding in findings]}
    return write_table(sheet, styles, columns, Rows(analysis, findings), Placement(row, spans=_SPANS), links).after


def _write_time(sheet: LongWorksheet, styles: Styles, analysis: Analysis, charts: BookCharts, row: int) -> int:
    note = (
        f"{len(analysis.op_types)} op codes on sheet By Op Type, {len(analysis.groups):,} configurations on Op Groups"
    )
    row = write_section(sheet, styles, row, COLUMNS, "Where the time goes", note, 2)
    charts.shares(sheet, row, *_BY_CATEGORY, by_type=False)
    charts.shares(sheet, row, *_BY_TYPE, by_type=True)
    return row + _CHART_ROWS


def _write_measured(sheet: LongWorksheet, styles: Styles, analysis: Analysis, row: int) -> int:
    """Facts in two columns: where the figures are from, and what the window holds."""
    row = write_section(sheet, styles, row, COLUMNS, "What was measured", f"perfsheet {__version__}", 2)
    for left, right in zip_longest(run_info.source(analysis), run_info.outcome(analysis)):
        for fact, column in ((left, 0), (right, 5)):
            if fact is not None:
                sheet.write_string(row, column, fact[0], styles["quiet"])
                last = column + 4 if column == 0 else COLUMNS - 1
                sheet.merge_range(row, column + 1, row, last, formats.clean(fact[1], 1000), styles["text"])
        row += 1
    return row


def _write_verdict(sheet: LongWorksheet, styles: Styles, analysis: Analysis, row: int) -> int:
    warnings = analysis.summary.warnings
    note = f"{len(warnings)} to look at" if warnings else "nothing to look at"
    row = write_section(sheet, styles, row, COLUMNS, "Data quality", note, 2)
    sheet.write_string(row, 0, formats.clean(sentences.capture(analysis.summary)), styles["text"])
    row += 1
    if left_out := all_ops.left_out(analysis):
        sheet.write_string(row, 0, left_out, styles["attention"])
        row += 1
    for warning in warnings[:_WARNINGS]:
        link = Link(f"'{data_quality.TITLE}'!A1", "look ▸")
        write_cell(sheet, row, 0, link, styles["amber"], styles["link"])
        sheet.write_string(row, 1, formats.clean(warning), styles["text"])
        row += 1
    if len(warnings) > _WARNINGS:
        sheet.write_string(row, 1, f"{len(warnings) - _WARNINGS} more on sheet Data Quality", styles["quiet"])
        row += 1
    return row


def _write_runs(sheet: LongWorksheet, styles: Styles, runs: Repeats, row: int) -> int:
    note = f"{formats.repeated(runs)}; sheet Repeats, op by op"
    row = write_section(sheet, styles, row, COLUMNS, "Runs of this target", note, 2)
    placement = Placement(row, spans={"difference": 6})
    columns = [column.changed(width=_WIDTH) for column in RUNS.columns_in(In.SHEET)]
    return write_table(sheet, styles, columns, runs.runs, placement).after


def _write_tests(
    sheet: LongWorksheet, styles: Styles, provenance: Provenance, results: Sequence[TestResult], row: int
) -> int:
    """The tests that failed first; all of them are on sheet Run."""
    shown = sorted(results, key=lambda test: test.outcome != "failed")[:_TESTS]
    more = "; sheet Run has all of them" if provenance.record else ""
    note = f"{provenance.tests}; {len(shown)} of {len(results):,}{more}"
    row = write_section(sheet, styles, row, COLUMNS, "Tests", note, 2)
    return write_tests(sheet, styles, shown, row)
