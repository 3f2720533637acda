"""Sheet Source: where in the source the kernel time goes, from a graph report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfsheet.analysis import Analysis
from perfsheet.analysis.graph.groups import GroupBy
from perfsheet.capture.notes import rows as counted
from perfsheet.outputs.workbook.sheet import set_up_sections, write_section
from perfsheet.outputs.workbook.sheets import all_ops
from perfsheet.outputs.workbook.tables import Live, Placement, write_table
from perfsheet.outputs.workbook.theme import Styles
from perfsheet.tables import Rows
from perfsheet.tables.sources import MODULES, SOURCE_GROUPS, modules, source_groups
from perfsheet.text import graph as sentences
from perfsheet.text.safe import clean

if TYPE_CHECKING:
    from perfsheet.analysis.graph.beside import Graph
    from perfsheet.outputs.workbook.worksheet import LongWorksheet

TITLE = "Source"
_WIDTHS = (7, 38, 34, 46, 8, 24, 9, 16, 50)
_FIGURES = ("count", "kernel_duration_ns", "share_pct", "first_row", "op_codes")
_BY_LINE = ("rank", "name", "functions", "calls", *_FIGURES)
_BY_CALL = ("rank", "name", "functions", "source", *_FIGURES)
# Its figures stand below those of the lines.
_TREE = ("name", "count", "total_ns", "share_pct", "self_ns")
_NAME_SPAN = {"name": 4}
_INDENT = " " * 6
_MOST = 1000
_DEEPEST = 7
"""Levels of an outline that Excel has."""


def write(sheet: LongWorksheet, styles: Styles, analysis: Analysis, graph: Graph) -> None:
    """Write how the report was joined, then the kernel time by line, as a tree of modules, and by Python call."""
    set_up_sections(sheet, styles, _WIDTHS)
    sheet.write_string(0, 0, clean(sentences.joined(graph)), styles["text"])
    row = _write_groups(sheet, styles, analysis, graph, GroupBy.LINE, 2)
    row = _write_tree(sheet, styles, analysis, row + 1)
    after = _write_groups(sheet, styles, analysis, graph, GroupBy.CALL, row + 1)
    # Long lists of op codes would make the rest too small to read on paper.
    sheet.print_area(0, 0, after, len(_WIDTHS) - 1)


def _write_groups(sheet: LongWorksheet, styles: Styles, analysis: Analysis, graph: Graph, by: GroupBy, row: int) -> int:
    groups = source_groups(analysis, by, _MOST)
    note = _note(len(groups), len(graph.by(by)), by.value, "most kernel time first")
    row = write_section(sheet, styles, row, len(_WIDTHS), f"By {by.value}", note, 2)
    keys = _BY_CALL if by is GroupBy.CALL else _BY_LINE
    columns = [column.changed(width=width) for column, width in zip(SOURCE_GROUPS.pick(*keys), _WIDTHS, strict=True)]
    links = all_ops.row_links(analysis)
    return write_table(sheet, styles, columns, groups, Placement(row), row_link=links).after


def _write_tree(sheet: LongWorksheet, styles: Styles, analysis: Analysis, row: int) -> int:
    """The modules, each row of the outline level of its depth: a module folds what is in it."""
    tree = modules(analysis)
    shown = Rows(analysis, tree.items[:_MOST])
    note = _note(len(shown), len(tree), "module", "each below the one that calls it, most kernel time first")
    row = write_section(sheet, styles, row, len(_WIDTHS), MODULES.title, note, 2)
    sheet.outline_settings(True, False)
    for place, module in enumerate(shown):
        if depth := min(len(module.path) - 1, _DEEPEST):
            sheet.set_row(row + 1 + place, None, None, {"level": depth})
    # In a proportional font blanks are narrow.
    names: Live = {"name": lambda layout: [f"{_INDENT * (len(module.path) - 1)}{module.name}" for module in shown]}
    return write_table(sheet, styles, MODULES.pick(*_TREE), shown, Placement(row, spans=_NAME_SPAN), names).after


def _note(shown: int, count: int, what: str, order: str) -> str:
    return f"{shown:,} of {counted(count, what)}, {order}" if shown < count else f"{counted(count, what)}, {order}"
