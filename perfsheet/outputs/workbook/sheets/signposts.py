"""Sheet Signposts: the regions between signposts as a tree, and every signpost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfsheet.analysis import Analysis
from perfsheet.analysis.windows.signposts import Region, Signpost
from perfsheet.outputs.workbook.marks import data_bar
from perfsheet.outputs.workbook.sheet import Field, set_up_sections, write_section, write_table
from perfsheet.outputs.workbook.theme import Styles
from perfsheet.text import formats

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

TITLE = "Signposts"
_WIDTHS = (50, 10, 10, 10, 18, 18, 10, 10)
_DEEPEST, _MOST = 12, 10_000


def write(sheet: Worksheet, styles: Styles, analysis: Analysis) -> None:
    """Write the regions, then the signposts."""
    found = analysis.signposts
    set_up_sections(sheet, styles, _WIDTHS)
    outside = f"{formats.whole(found.outside_ns)} ns in {found.outside_ops:,} ops lie outside of all regions"
    row = 0
    if found.regions:
        row = write_section(sheet, styles, 0, len(_WIDTHS), "Regions", f"SELF: ops in no inner region; {outside}")
        after = write_table(sheet, styles, _REGIONS, found.regions[:_MOST], top=row)
        data_bar(sheet, 4, row + 1, after - 1)
        row = after + 1
    row = write_section(
        sheet, styles, row, len(_WIDTHS), "Signposts", "OPS and KERNEL: device ops from one to the next"
    )
    write_table(sheet, styles, _SIGNPOSTS, found.signposts[:_MOST], top=row)


_REGIONS: tuple[Field[Region], ...] = (
    Field("REGION", lambda one: f"{'    ' * min(one.depth, _DEEPEST)}{one.name}"),
    Field("NUMBER", lambda one: one.number, "count"),
    Field("FIRST ROW", lambda one: one.first_row, "plain_number"),
    Field("OPS", lambda one: one.ops, "count"),
    Field("KERNEL [ns]", lambda one: one.kernel_ns, "ns"),
    Field("SELF [ns]", lambda one: one.self_ns, "ns"),
    Field("SHARE", lambda one: one.share, "percent"),
    Field("CLOSED", lambda one: "yes" if one.closed else "no"),
)
_SIGNPOSTS: tuple[Field[Signpost], ...] = (
    Field("SIGNPOST", lambda one: one.name),
    Field("FILE ROW", lambda one: one.row, "plain_number"),
    Field("HOST [ms]", lambda one: None if one.host_ns is None else one.host_ns / 1e6, "decimal"),
    Field("OPS", lambda one: one.ops, "count"),
    Field("KERNEL [ns]", lambda one: one.kernel_ns, "ns"),
)
