"""Sheet Hotspots: the findings, largest saving first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfsheet.analysis import Analysis
from perfsheet.analysis.results import Finding
from perfsheet.capture.notes import rows as counted
from perfsheet.outputs.workbook import live
from perfsheet.outputs.workbook.cells import Cell, Formula
from perfsheet.outputs.workbook.sheets import evidence
from perfsheet.outputs.workbook.tables import write_table_sheet
from perfsheet.outputs.workbook.theme import Styles
from perfsheet.tables import In
from perfsheet.tables.findings import FINDINGS, findings
from perfsheet.tables.kinds import LINK
from perfsheet.text import formats, sentences

if TYPE_CHECKING:
    from perfsheet.outputs.workbook.worksheet import LongWorksheet

TITLE = "Hotspots"


def write(sheet: LongWorksheet, styles: Styles, analysis: Analysis) -> None:
    """Write a row per finding; the link in ROWS leads to its rows on sheet Evidence."""
    rows = findings(analysis)
    listed = evidence.listed(analysis)
    columns = [
        column.changed(kind=LINK) if column.key == "row_count" else column
        for column in FINDINGS.columns_in(In.SHEET, rows)
    ]
    counts = {"row_count": lambda layout: [_row_count(finding, finding.id in listed) for finding in rows]}
    layout = write_table_sheet(sheet, styles, columns, rows, freeze="op_code", live=counts)
    after = layout.after
    sheet.print_area(0, 0, after + len(analysis.what_if) + 3, layout["evidence"])
    if not len(rows):
        sheet.write_string(1, 1, formats.no_finding(analysis.summary), styles["quiet"])
        return
    sheet.write_string(after + 1, 1, sentences.upper_bounds(analysis.summary), styles["quiet"])
    sheet.write_string(after + 2, 1, sentences.IF_FIXED, styles["section"])
    for place, estimate in enumerate(analysis.what_if):
        text = sentences.what_if(estimate, analysis.summary.passes.count > 1)
        sheet.write_string(after + 3 + place, 1, text, styles["text"])


def link_to(finding: Finding) -> Formula:
    """The finding's id, as a link to its row here, wherever sorting has put it."""
    return live.link_to_id(TITLE, finding.id, finding.id)


def _row_count(finding: Finding, linked: bool) -> Cell:
    text = counted(finding.count, "row")
    return live.link_to_id(evidence.TITLE, finding.id, text) if linked else text
