"""Sheet Evidence: the rows behind every finding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfsheet.analysis import Analysis
from perfsheet.outputs.workbook.sheets import all_ops
from perfsheet.outputs.workbook.tables import write_table_sheet
from perfsheet.outputs.workbook.theme import Styles
from perfsheet.tables import In
from perfsheet.tables.evidence import EVIDENCE, MOST_OPS, OPS_PER_FINDING, evidence

if TYPE_CHECKING:
    from perfsheet.outputs.workbook.worksheet import LongWorksheet

TITLE = "Evidence"


def listed(analysis: Analysis) -> set[str]:
    """The ids of the findings whose rows are here."""
    return {finding.id for finding in evidence(analysis).findings}


def write(sheet: LongWorksheet, styles: Styles, analysis: Analysis) -> None:
    """Write the slowest ops of each finding, in the order of sheet Hotspots."""
    rows = evidence(analysis)
    columns = EVIDENCE.columns_in(In.SHEET, rows)
    links = all_ops.row_links(analysis)
    layout = write_table_sheet(sheet, styles, columns, rows, freeze="op_code", row_link=links)
    if len(rows) < sum(len(finding.positions) for finding in analysis.findings):
        note = (
            f"At most {OPS_PER_FINDING} rows of a finding, {MOST_OPS:,} in all; "
            "column FINDINGS of All Ops has every one."
        )
        sheet.write_string(layout.after + 1, 1, note, styles["quiet"])
