"""Sheet Signposts: the regions between signposts as a tree, and every signpost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfsheet.analysis import Analysis
from perfsheet.outputs.workbook.sheet import set_up_sections, write_section
from perfsheet.outputs.workbook.tables import Placement, write_table
from perfsheet.outputs.workbook.theme import Styles
from perfsheet.tables import In
from perfsheet.tables.signposts import REGIONS, SIGNPOSTS
from perfsheet.text import formats

if TYPE_CHECKING:
    from perfsheet.outputs.workbook.worksheet import LongWorksheet

TITLE = "Signposts"
_WIDTHS = (50, 10, 10, 10, 18, 18, 10, 10)
_MOST = 10_000


def write(sheet: LongWorksheet, styles: Styles, analysis: Analysis) -> None:
    """Write the regions, then the signposts."""
    signposts = analysis.signposts
    set_up_sections(sheet, styles, _WIDTHS)
    row = 0
    if signposts.regions:
        outside = f"{formats.whole(signposts.outside_ns)} ns in {signposts.outside_ops:,} ops are outside all regions"
        row = write_section(sheet, styles, 0, len(_WIDTHS), "Regions", f"SELF: ops in no inner region; {outside}")
        regions = signposts.regions[:_MOST]
        row = 1 + write_table(sheet, styles, REGIONS.columns_in(In.SHEET, regions), regions, Placement(row)).after
    note = "OPS and KERNEL DURATION: device ops from one to the next"
    row = write_section(sheet, styles, row, len(_WIDTHS), "Signposts", note)
    listed = signposts.signposts[:_MOST]
    write_table(sheet, styles, SIGNPOSTS.columns_in(In.SHEET, listed), listed, Placement(row))
