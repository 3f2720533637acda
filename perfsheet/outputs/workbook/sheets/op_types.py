"""Sheet By Op Type: kernel time by op code, and below it by category."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfsheet.analysis import Analysis
from perfsheet.analysis.results import OpType
from perfsheet.outputs.workbook.cells import Cell
from perfsheet.outputs.workbook.marks import data_bar
from perfsheet.outputs.workbook.sheet import Field, write_table, write_table_sheet
from perfsheet.outputs.workbook.theme import Styles
from perfsheet.text import formats

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

TITLE = "By Op Type"


def write(sheet: Worksheet, styles: Styles, analysis: Analysis) -> None:
    """Write both tables."""
    fields = _fields(analysis.summary.low_cores_pct)
    after = write_table_sheet(sheet, styles, fields, analysis.op_types)
    data_bar(sheet, 3, 1, after - 1)
    top = after + 1
    sheet.write_string(top, 0, "By category", styles["section"])
    sheet.set_row(top + 1, 32)
    end = write_table(sheet, styles, fields[1:], analysis.categories, top=top + 1, left=1)
    data_bar(sheet, 3, top + 2, end - 1)


def _fields(low_cores_pct: float) -> tuple[Field[OpType], ...]:
    return (
        Field("OP CODE", lambda entry: entry.op_code, width=42),
        Field("CATEGORY", lambda entry: entry.category, width=18),
        Field("OPS", lambda entry: entry.count, "count", 9),
        Field("KERNEL [ns]", lambda entry: entry.kernel_ns, "ns", 20),
        Field("SHARE", lambda entry: entry.share, "percent", 9),
        Field("MEDIAN [ns]", lambda entry: entry.median_ns, "ns", 13),
        Field("LONGEST [ns]", lambda entry: entry.longest_ns, "ns", 13),
        Field("CORES", _cores, "right", 9),
        Field(f"OPS ON ≤ {low_cores_pct:g} % OF THE GRID", lambda entry: entry.low_core_count, "count", 13),
    )


def _cores(entry: OpType) -> Cell:
    told = (count for count in (entry.cores_min, entry.cores_max) if count is not None)
    return formats.span_cell(tuple(dict.fromkeys(told)))
