"""Sheet Reshards: a matrix of where tensors change how they are sharded, and the chains of ops that only do that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfsheet.analysis import Analysis
from perfsheet.analysis.reshards import Chain, Reshards, Transition
from perfsheet.outputs.workbook.marks import data_bar
from perfsheet.outputs.workbook.sheet import Field, set_up_sections, write_section, write_table
from perfsheet.outputs.workbook.sheets import all_ops
from perfsheet.outputs.workbook.theme import Styles
from perfsheet.text import formats

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

TITLE = "Reshards"
_WIDTHS = (44, 24, 24, 22, 22, 22, 22, 22, 22, 22)
_CHAINS = 500


def write(sheet: Worksheet, styles: Styles, analysis: Analysis) -> None:
    """Write the matrix, the same transitions as a list, and the chains."""
    found = analysis.reshards
    set_up_sections(sheet, styles, _WIDTHS)
    sheet.freeze_panes(0, 1)
    if not found.ops:
        sheet.write_string(0, 0, "No op of this window reshards a tensor.", styles["section"])
        return
    note = f"{found.ops:,} reshards, {formats.whole(found.kernel_ns)} ns, {formats.percent(found.share)} of kernel time"
    row = write_section(sheet, styles, 0, 7, "From (rows) → to (columns), kernel time [ns]", note)
    row = _write_matrix(sheet, styles, found, row) + 1
    row = write_section(sheet, styles, row, 7, "The same as a list", "back to back: directly after another reshard")
    after = write_table(sheet, styles, _TRANSITIONS, found.transitions, top=row)
    data_bar(sheet, 3, row + 1, after - 1)
    row = write_section(
        sheet,
        styles,
        after + 1,
        7,
        "Chains",
        f"{len(found.chains):,} kinds of ops in a row that change nothing but how a tensor is stored",
    )
    if found.chains:
        end = write_table(sheet, styles, _chains(analysis), found.chains[:_CHAINS], top=row)
        data_bar(sheet, 3, row + 1, end - 1)


def _write_matrix(sheet: Worksheet, styles: Styles, found: Reshards, top: int) -> int:
    def cell(target: str) -> Field[str]:
        return Field(target, lambda source: _time(found, source, target), "matrix")

    fields = [
        Field[str]("FROM \\ TO", lambda source: source),
        *map(cell, found.layouts),
        Field("ALL", lambda source: sum(one.kernel_ns for one in found.transitions if one.source == source), "ns"),
    ]
    after = write_table(sheet, styles, fields, found.layouts, top=top)
    area = (top + 1, 1, after - 1, len(found.layouts))
    sheet.conditional_format(*area, {"type": "2_color_scale", "min_color": "#FFFFFF", "max_color": "#F4B183"})
    return after


def _time(found: Reshards, source: str, target: str) -> float | None:
    one = found.between(source, target)
    return one.kernel_ns if one else None


_TRANSITIONS: tuple[Field[Transition], ...] = (
    Field("FROM", lambda one: one.source),
    Field("TO", lambda one: one.target),
    Field("OPS", lambda one: one.ops, "count"),
    Field("KERNEL [ns]", lambda one: one.kernel_ns, "ns"),
    Field("SHARE", lambda one: one.share, "percent"),
    Field("BACK TO BACK", lambda one: one.back_to_back, "count"),
)


def _chains(analysis: Analysis) -> tuple[Field[Chain], ...]:
    return (
        Field("OPS IN A ROW", lambda one: one.ops, "wrap", 44),
        Field("LENGTH", lambda one: one.length, "count"),
        Field("TIMES", lambda one: one.count, "count"),
        Field("KERNEL [ns]", lambda one: one.kernel_ns, "ns"),
        Field("SHARE", lambda one: one.share, "percent"),
        Field("FIRST FILE ROW", lambda one: all_ops.link_to(analysis, one.first), "link_number"),
        Field("LAYOUTS ON THE WAY", lambda one: one.path, "wrap", 62, span=3),
    )
