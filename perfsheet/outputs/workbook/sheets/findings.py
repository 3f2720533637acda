"""Sheet Hotspots: the findings, largest saving first; and sheet Evidence: the ops behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfsheet.analysis import Analysis
from perfsheet.analysis.results import Finding
from perfsheet.capture.notes import rows as counted
from perfsheet.outputs.workbook import live
from perfsheet.outputs.workbook.cells import Cell
from perfsheet.outputs.workbook.sheets import all_ops
from perfsheet.outputs.workbook.tables import source_ahead, write_table_sheet
from perfsheet.outputs.workbook.theme import Styles
from perfsheet.tables import In
from perfsheet.tables.evidence import EVIDENCE, MOST_OPS, OPS_PER_FINDING, evidence
from perfsheet.tables.findings import FINDINGS, findings
from perfsheet.tables.kinds import LINK
from perfsheet.text import formats, sentences

if TYPE_CHECKING:
    from perfsheet.outputs.workbook.worksheet import LongWorksheet

HOTSPOTS, EVIDENCE_SHEET = "Hotspots", "Evidence"


def write_hotspots(sheet: LongWorksheet, styles: Styles, analysis: Analysis) -> None:
    """Write a row per finding; the link in ROWS leads to its rows on sheet Evidence."""
    rows = findings(analysis)
    listed = _with_evidence(analysis)
    columns = [
        column.changed(kind=LINK) if column.key == "row_count" else column
        for column in source_ahead(FINDINGS.columns_in(In.SHEET, rows))
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
        text = sentences.what_if(estimate)
        sheet.write_string(after + 3 + place, 1, text, styles["text"])


def _row_count(finding: Finding, linked: bool) -> Cell:
    text = counted(finding.count, "row")
    return live.link_to_id(EVIDENCE_SHEET, finding.id, text) if linked else text


def _with_evidence(analysis: Analysis) -> set[str]:
    """The ids of the findings with rows on sheet Evidence."""
    return {finding.id for finding in evidence(analysis).findings}


def write_evidence(sheet: LongWorksheet, styles: Styles, analysis: Analysis) -> None:
    """Write the slowest ops of each finding, in the order of sheet Hotspots."""
    rows = evidence(analysis)
    columns = EVIDENCE.columns_in(In.SHEET, rows)
    links = all_ops.row_links(analysis)
    layout = write_table_sheet(sheet, styles, columns, rows, freeze="op_code", row_link=links)
    if len(rows) < sum(len(finding.positions) for finding in analysis.findings):
        note = f"At most {OPS_PER_FINDING} rows per finding, {MOST_OPS:,} in all; column FINDINGS of All Ops has all."
        sheet.write_string(layout.after + 1, 1, note, styles["quiet"])
