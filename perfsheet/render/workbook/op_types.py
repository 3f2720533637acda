"""Sheet By Op Type: kernel time by op code, and below it by category."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfsheet.analysis import Analysis
from perfsheet.analysis.result import OpType
from perfsheet.render import words
from perfsheet.render.workbook.marks import data_bar
from perfsheet.render.workbook.sheet import Field, write_table, write_table_sheet
from perfsheet.render.workbook.theme import Styles

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

TITLE = "By Op Type"


def _cores(entry: OpType) -> str:
    return words.span(tuple(dict.fromkeys(count for count in (entry.cores_min, entry.cores_max) if count is not None)))


FIELDS: tuple[Field[OpType], ...] = (
    Field("OP CODE", lambda entry: entry.op_code, width=38),
    Field("CATEGORY", lambda entry: entry.category, width=16),
    Field("OPS", lambda entry: entry.count, "count", 9),
    Field("KERNEL [ns]", lambda entry: entry.kernel_ns, "ns", 18),
    Field("SHARE", lambda entry: entry.share, "percent", 9),
    Field("MEDIAN [ns]", lambda entry: entry.median_ns, "ns", 13),
    Field("LONGEST [ns]", lambda entry: entry.longest_ns, "ns", 13),
    Field("CORES", _cores, "right", 9),
    Field("OPS ON FEW CORES", lambda entry: entry.low_core_count, "count", 11),
)


def write(sheet: Worksheet, styles: Styles, analysis: Analysis) -> None:
    """Write both tables."""
    after = write_table_sheet(sheet, styles, FIELDS, analysis.op_types)
    data_bar(sheet, 3, 1, after - 1)
    top = after + 1
    sheet.set_row(top, 32)
    end = write_table(sheet, styles, FIELDS[1:], analysis.categories, top=top, left=1)
    data_bar(sheet, 3, top + 1, end - 1)
