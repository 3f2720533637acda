"""Sheet Tried: what TTNN accepts for each cause, with the Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfsheet.analysis import Analysis
from perfsheet.outputs.workbook import live
from perfsheet.outputs.workbook.sheets.findings import HOTSPOTS
from perfsheet.outputs.workbook.tables import write_table_sheet
from perfsheet.outputs.workbook.theme import Styles
from perfsheet.tables import In
from perfsheet.tables.kinds import LINK
from perfsheet.tables.trials import TRIED, tried_causes
from perfsheet.text.safe import clean
from perfsheet.text.trials import ground, way
from perfsheet.trials.ways import TriedCauses

if TYPE_CHECKING:
    from perfsheet.outputs.workbook.worksheet import LongWorksheet


def write(sheet: LongWorksheet, styles: Styles, analysis: Analysis, tried: TriedCauses) -> None:
    """Write a row per cause, which leads to its finding on sheet Hotspots; then the Python, a line to a row."""
    rows = tried_causes(analysis)
    columns = [
        column.changed(kind=LINK) if column.key == "cause" else column for column in TRIED.columns_in(In.SHEET, rows)
    ]
    links = {"cause": lambda layout: [live.link_to_id(HOTSPOTS, trial.finding_id, trial.cause_id) for trial in rows]}
    layout = write_table_sheet(sheet, styles, columns, rows, freeze="cause", live=links)
    row = layout.after + 1
    sheet.write_string(row, 1, ground(tried.board), styles["quiet"])
    for trial in rows:
        if trial.best is not None:
            row += 2
            sheet.write_string(row, 1, clean(f"{trial.cause_id}: {way(trial.best)}"), styles["section"])
            for text in trial.best.code.splitlines():
                row += 1
                sheet.write_string(row, 1, clean(text), styles["code"])
