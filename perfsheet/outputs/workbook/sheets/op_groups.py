"""Sheet Op Groups: identical ops together, most kernel time first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfsheet.analysis import Analysis
from perfsheet.analysis.ops.shape import Shape, shape_of
from perfsheet.analysis.results import OpGroup
from perfsheet.outputs.workbook.marks import data_bar
from perfsheet.outputs.workbook.sheet import Field, write_table_sheet
from perfsheet.outputs.workbook.sheets import all_ops
from perfsheet.outputs.workbook.theme import Styles
from perfsheet.text import formats

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

TITLE = "Op Groups"
_SHOWN = 2000


def write(sheet: Worksheet, styles: Styles, analysis: Analysis) -> None:
    """Write a line per group; a group is one op code, shapes, data types, memory, fidelity and program config."""
    groups = analysis.groups[:_SHOWN]
    fields = _fields(analysis)
    after = write_table_sheet(sheet, styles, fields, groups, freeze=2)
    headers = [field.header for field in fields]
    data_bar(sheet, headers.index("Σ KERNEL [ns]"), 1, after - 1)
    sheet.print_area(0, 0, after + 1, headers.index("FIRST FILE ROW"))
    if len(groups) < len(analysis.groups):
        note = f"{len(analysis.groups) - len(groups):,} groups with less kernel time are not listed."
        sheet.write_string(after + 1, 1, note, styles["quiet"])


def _fields(analysis: Analysis) -> list[Field[OpGroup]]:
    def shape(group: OpGroup) -> Shape:
        return shape_of(analysis.ops, int(group.positions[0]))

    return [
        Field("RANK", lambda group: group.rank, "count", 7),
        Field("OP CODE", lambda group: group.signature.op_code, width=34),
        Field("SHAPE", lambda group: shape(group).shape, width=32),
        Field("LAYOUT IN → OUT", lambda group: shape(group).layout, width=38),
        Field("COUNT", lambda group: group.count, "count", 8),
        Field("CORES", lambda group: formats.span_cell(group.cores), "right", 8),
        Field("Σ KERNEL [ns]", lambda group: group.kernel_ns, "ns", 16),
        Field("MEDIAN [ns]", lambda group: group.median_ns, "ns", 13),
        Field("SHARE", lambda group: group.share, "percent", 9),
        Field("CUMULATIVE", lambda group: group.cumulative, "percent", 12),
        Field("MATH FIDELITY", lambda group: group.signature.math_fidelity, width=10),
        Field("FIRST FILE ROW", lambda group: all_ops.link_to(analysis, int(group.positions[0])), "link_number", 9),
        Field("INPUTS → OUTPUTS", lambda group: group.signature.tensors, width=90),
        Field("PROGRAM CONFIG", lambda group: group.signature.program_config, width=60),
    ]
