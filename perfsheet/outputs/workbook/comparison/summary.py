"""Sheet Summary of a comparison: the verdict, figures side by side, the largest gains and losses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from perfsheet._version import __version__
from perfsheet.compare import Comparison
from perfsheet.compare import results as kinds
from perfsheet.compare.results import ChangeGroup, Figure
from perfsheet.outputs.palette import ACCENT, QUIET
from perfsheet.outputs.workbook.cells import Cell
from perfsheet.outputs.workbook.comparison import op_types
from perfsheet.outputs.workbook.marks import delta_bar
from perfsheet.outputs.workbook.sheet import Field, set_up_sections, write_cell, write_section, write_table
from perfsheet.outputs.workbook.theme import RULE_LINE, Styles
from perfsheet.text import comparison, formats, sentences

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

TITLE = "Summary"
_COLUMNS, _WIDTH = 12, 15
_GROUPS, _TYPES = 8, 12
_CHART_ROWS, _CHART = 18, (1290, 340)
_FORMATS = {kinds.TIME: "ns", kinds.COUNT: "count", kinds.RATE: "decimal", kinds.SHARE: "percent"}


def write(book: Workbook, sheet: Worksheet, styles: Styles, found: Sequence[Comparison]) -> None:
    """Write the sheet from top to bottom, each capture beside the base."""
    set_up_sections(sheet, styles, (_WIDTH,) * _COLUMNS)
    sheet.set_zoom(85)
    sheet.write_string(0, 0, "Before and after", styles["title"])
    sheet.set_row(0, 28)
    row = 1
    if any(one.replayed for one in found):
        sheet.merge_range(row, 0, row, _COLUMNS - 1, formats.REPLAYED, styles["banner"])
        row += 1
    for number, one in enumerate(found, 1):
        row = _write_one(book, sheet, styles, one, row, number) + 1
    sheet.write_string(row, 0, f"perfsheet {__version__}", styles["quiet"])
    sheet.print_area(0, 0, row, _COLUMNS - 1)


def _write_one(book: Workbook, sheet: Worksheet, styles: Styles, found: Comparison, row: int, number: int) -> int:
    for name, text, style in (
        ("Before", comparison.side(found.base), "text"),
        ("", sentences.capture(found.base.summary), "text"),
        ("Now", comparison.side(found.new), "text"),
        ("", sentences.capture(found.new.summary), "text"),
        ("Verdict", comparison.verdict(found), "text"),
        *(("Not like with like", note, "amber") for note in found.notes),
        ("Ops", comparison.counts(found), "text"),
        ("Noise", comparison.noise(found), "text"),
    ):
        sheet.write_string(row, 0, name, styles["quiet"])
        sheet.merge_range(row, 1, row, _COLUMNS - 1, formats.clean(text, 1000), styles[style])
        row += 1
    if found.nothing_changed:
        sheet.merge_range(row, 0, row, _COLUMNS - 1, comparison.NOTHING_CHANGED, styles["text"])
        return row + 1
    row = write_section(sheet, styles, row + 1, _COLUMNS, "Figures", "difference = now − before", 2)
    row = _write_figures(sheet, styles, found.figures, row)
    for title, groups in (("Gains", found.gains), ("Losses", found.losses), ("Other changes", found.sideways)):
        if title == "Other changes" and not groups:
            continue
        note = f"{min(len(groups), _GROUPS)} of {len(groups):,}, the largest first; sheet Changes has all"
        row = write_section(sheet, styles, row + 1, _COLUMNS, title, note, 2)
        row = _write_groups(sheet, styles, found, groups[:_GROUPS], row)
    return _write_chart(book, sheet, styles, found, row + 1, number)


def _write_figures(sheet: Worksheet, styles: Styles, figures: Sequence[Figure], row: int) -> int:
    """One figure a line, each in its own format."""
    for column, header in ((0, "FIGURE"), (3, "BEFORE"), (5, "NOW"), (7, "DIFFERENCE"), (9, "DIFFERENCE [%]")):
        last = column + (2 if column == 0 else 1)
        sheet.merge_range(row, column, row, last, header, styles["header" if column == 0 else "header_right"])
    for line, one in enumerate(figures, row + 1):
        number_format = _FORMATS[one.kind]
        delta = {"ns": "delta_ns", "percent": "delta_points"}.get(number_format, f"delta_{number_format}")
        cells: tuple[tuple[int, int, Cell, str], ...] = (
            (0, 2, comparison.label(one), "text"),
            (3, 4, one.base, number_format),
            (5, 6, one.new, number_format),
            (7, 8, one.delta if one.kind != kinds.SHARE or one.delta is None else 100 * one.delta, delta),
            (9, 10, one.relative, "delta_percent"),
        )
        for first, last, value, style in cells:
            sheet.merge_range(line, first, line, last, "", styles[style])
            write_cell(sheet, line, first, value, styles[style], styles["link"])
    return row + 1 + len(figures)


def _write_groups(sheet: Worksheet, styles: Styles, found: Comparison, groups: Sequence[ChangeGroup], row: int) -> int:
    if not groups:
        sheet.write_string(row, 0, "none", styles["quiet"])
        return row + 1
    fields: list[Field[ChangeGroup]] = [
        Field(f"DIFFERENCE {comparison.unit(found)}", lambda one: found.span(one.times).delta_ns, "delta_ns"),
        Field("DIFFERENCE", lambda one: found.span(one.times).delta, "delta_percent"),
        Field("STATUS", lambda one: one.status),
        Field("OP CODE", lambda one: one.op_code, "wrap", 2 * _WIDTH, span=2),
        Field("OPS", lambda one: one.count, "count"),
        Field("WHAT CHANGED", _what, "wrap", 6 * _WIDTH, span=6),
    ]
    after = write_table(sheet, styles, fields, groups, top=row)
    delta_bar(sheet, 0, row + 1, after - 1)
    return after


def _what(one: ChangeGroup) -> str:
    return " · ".join(filter(None, (comparison.where(one), comparison.what(one))))


def _write_chart(book: Workbook, sheet: Worksheet, styles: Styles, found: Comparison, row: int, number: int) -> int:
    """Kernel time by op before and now, from sheet By Op Type."""
    title = f"Kernel time by op {comparison.unit(found)}"
    row = write_section(sheet, styles, row, _COLUMNS, title, "those that differ most", 2)
    source = op_types.TITLE + (f" {number}" if number > 1 else "")
    last = min(_TYPES, len(found.op_types))
    chart = book.add_chart({"type": "bar"})
    before, now = op_types.columns_of_times(found)
    for column, colour, name in ((before, QUIET, "before"), (now, ACCENT, "now")):
        chart.add_series(
            {
                "name": name,
                "categories": [source, 1, 0, last, 0],
                "values": [source, 1, column, last, column],
                "fill": {"color": colour},
                "gap": 60,
            }
        )
    chart.set_y_axis({"reverse": True, "num_font": {"size": 9}})
    gridlines = {"visible": True, "line": {"color": RULE_LINE, "width": 0.5}}
    chart.set_x_axis({"num_format": "#,##0", "num_font": {"size": 9}, "min": 0, "major_gridlines": gridlines})
    chart.set_legend({"position": "top"})
    chart.set_size({"width": _CHART[0], "height": _CHART[1]})
    sheet.insert_chart(row, 0, chart, {"object_position": 2})
    return row + _CHART_ROWS
