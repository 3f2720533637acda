"""Sheet Devices: what each device took, and the steps at which devices differ most."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfsheet.analysis import Analysis
from perfsheet.analysis.windows.devices import widest_steps
from perfsheet.outputs.workbook.sheet import set_up_sections, write_section
from perfsheet.outputs.workbook.sheets import all_ops
from perfsheet.outputs.workbook.tables import Placement, write_table
from perfsheet.outputs.workbook.theme import Styles
from perfsheet.tables import In, Rows
from perfsheet.tables.totals import DEVICES, STEPS
from perfsheet.text import sentences

if TYPE_CHECKING:
    from perfsheet.outputs.workbook.worksheet import LongWorksheet

TITLE = "Devices"
_WIDTHS = (40, 14, 18, 18, 16, 24, 18, 12)


def write(sheet: LongWorksheet, styles: Styles, analysis: Analysis) -> None:
    """Write the totals, then the steps."""
    set_up_sections(sheet, styles, _WIDTHS)
    row = write_section(sheet, styles, 0, len(_WIDTHS), DEVICES.title, sentences.device_totals(analysis.summary))
    totals = analysis.summary.device_totals
    row = 1 + write_table(sheet, styles, DEVICES.columns_in(In.SHEET), totals, Placement(row)).after
    devices = analysis.facts.devices
    note = devices.problem or "the same op on several devices; those that cost most beyond their mean first"
    row = write_section(sheet, styles, row, len(_WIDTHS), STEPS.title, note)
    steps = Rows(analysis, widest_steps(analysis.ops, devices))
    if len(steps):
        links = all_ops.row_links(analysis)
        write_table(sheet, styles, STEPS.columns_in(In.SHEET), steps, Placement(row), row_link=links)
