"""The workbook of a comparison: Summary, and for each capture what changed, op types, all ops, findings."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from perfsheet._version import __version__
from perfsheet.atomic_write import replace
from perfsheet.comparison import Comparison
from perfsheet.comparison.results import ChangeGroup, ComparedOp
from perfsheet.outputs.chart_style import ACCENT, QUIET
from perfsheet.outputs.workbook import MANY_OPS, mark, opened
from perfsheet.outputs.workbook.sheet import set_up_sections, write_section
from perfsheet.outputs.workbook.tables import Placement, write_table, write_table_sheet
from perfsheet.outputs.workbook.theme import RULE_LINE, Styles
from perfsheet.progress import Watch
from perfsheet.tables import Column, In, Rows, Table
from perfsheet.tables.changes import CHANGES, FINDING_CHANGES, OPS, findings
from perfsheet.tables.comparison import FIGURES, LINES, OP_TYPES, time_keys
from perfsheet.text import comparison as text
from perfsheet.text import formats
from perfsheet.text.safe import clean
from perfsheet.text.words import planned

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook

    from perfsheet.outputs.workbook.worksheet import LongWorksheet

R = TypeVar("R")
Writer = Callable[["LongWorksheet"], object]

ROWS_PER_SHEET = 1_048_575
"""Most rows below the header in Excel."""
_COLUMNS, _WIDTH = 12, 15
_MOST_GROUPS, _MOST_TYPES = 8, 12
_CHART_ROWS, _CHART = 18, (1290, 340)


def write(
    comparisons: Sequence[Comparison],
    path: Path,
    watch: Watch | None = None,
    raw: bool = False,
    overwrite: bool = True,
) -> None:
    """Write the workbook atomically to `path`. Raises PerfsheetError (exit status 7) if it cannot be written.

    `watch` and `raw` are those of all workbooks; they make no difference here. `overwrite`: a file that is
    there already may be replaced.
    """
    replace(path, lambda sink: _write(comparisons, sink), overwrite)


def _write(comparisons: Sequence[Comparison], sink: io.FileIO) -> None:
    with opened(sink, on_disk=sum(len(comparison.ops) for comparison in comparisons) > MANY_OPS) as book:
        names = " and ".join(formats.file_names(comparison.new.summary) for comparison in comparisons)
        title = f"Before and after: {formats.file_names(comparisons[0].base.summary)}, {names}"
        book.set_properties({"title": clean(title, 255), "author": f"perfsheet {__version__}"})
        writers = dict(_sheets(book, Styles(book), comparisons))
        sheets = {name: book.add_worksheet(name) for name in writers}
        if all(comparison.plan for comparison in comparisons):
            for sheet in sheets.values():
                sheet.words = planned
        for name, writer in writers.items():
            writer(sheets[name])
        if banner := text.banner(comparisons):
            mark(sheets.values(), banner)
        sheets["Summary"].activate()


def _sheets(book: Workbook, styles: Styles, comparisons: Sequence[Comparison]) -> Iterator[tuple[str, Writer]]:
    """Title and writer of every sheet; those of further captures are numbered."""
    yield "Summary", partial(_write_summary, book=book, styles=styles, comparisons=comparisons)
    for number, comparison in enumerate(comparisons, 1):
        suffix = f" {number}" if number > 1 else ""
        yield f"Changes{suffix}", partial(_write_changes, styles=styles, comparison=comparison)
        yield f"By Op Type{suffix}", partial(_write_op_types, styles=styles, comparison=comparison)
        if comparison.lines:
            yield f"By Line{suffix}", partial(_write_lines, styles=styles, comparison=comparison)
        for part, first in enumerate(range(0, max(1, len(comparison.ops)), ROWS_PER_SHEET), 1):
            title = f"All Ops{suffix}{f' part {part}' if part > 1 else ''}"
            ops = Rows(comparison, comparison.ops[first : first + ROWS_PER_SHEET])
            yield title, partial(_write_ops, styles=styles, ops=ops)
        yield f"Findings{suffix}", partial(_write_findings, styles=styles, comparison=comparison)


def _columns(table: Table[R], rows: R, comparison: Comparison) -> list[Column[R]]:
    """The columns of a sheet; of two differences only the one that can be compared has bars."""
    compared = time_keys(comparison).delta
    return [column.changed(bar=column.key == compared) for column in table.columns_in(In.SHEET, rows)]


def _write_changes(sheet: LongWorksheet, styles: Styles, comparison: Comparison) -> None:
    rows = Rows(comparison, comparison.groups)
    layout = write_table_sheet(sheet, styles, _columns(CHANGES, rows, comparison), rows, freeze="op_code")
    if not len(rows):
        sheet.write_string(layout.after, layout["op_code"], "No op changed.", styles["text"])


def _write_op_types(sheet: LongWorksheet, styles: Styles, comparison: Comparison) -> None:
    rows = Rows(comparison, comparison.op_types)
    write_table_sheet(sheet, styles, _columns(OP_TYPES, rows, comparison), rows, freeze="op_type")


def _write_lines(sheet: LongWorksheet, styles: Styles, comparison: Comparison) -> None:
    rows = Rows(comparison, comparison.lines)
    write_table_sheet(sheet, styles, _columns(LINES, rows, comparison), rows, freeze="source")


def _write_ops(sheet: LongWorksheet, styles: Styles, ops: Rows[Comparison, ComparedOp]) -> None:
    layout = write_table_sheet(sheet, styles, _columns(OPS, ops, ops.source), ops, freeze="status")
    # On paper column CHANGES would make the figures too small to read.
    sheet.print_area(0, 0, layout.after - 1, layout["changes"] - 1)


def _write_findings(sheet: LongWorksheet, styles: Styles, comparison: Comparison) -> None:
    rows = findings(comparison)
    columns = FINDING_CHANGES.columns_in(In.SHEET, rows)
    layout = write_table_sheet(sheet, styles, columns, rows, freeze="title")
    if not len(rows):
        sheet.write_string(layout.after, layout["title"], "No rule found anything on either side.", styles["text"])


def _write_summary(sheet: LongWorksheet, book: Workbook, styles: Styles, comparisons: Sequence[Comparison]) -> None:
    set_up_sections(sheet, styles, (_WIDTH,) * _COLUMNS)
    sheet.set_zoom(85)
    sheet.write_string(0, 0, "Before and after", styles["title"])
    sheet.set_row(0, 28)
    row = 1
    if banner := text.banner(comparisons):
        sheet.merge_range(row, 0, row, _COLUMNS - 1, banner, styles["banner"])
        row += 1
    for number, comparison in enumerate(comparisons, 1):
        row = _write_comparison(book, sheet, styles, comparison, row, number) + 1
    sheet.write_string(row, 0, f"perfsheet {__version__}", styles["quiet"])
    sheet.print_area(0, 0, row, _COLUMNS - 1)


def _write_comparison(
    book: Workbook, sheet: LongWorksheet, styles: Styles, comparison: Comparison, row: int, number: int
) -> int:
    row = _write_about(sheet, styles, comparison, row)
    if comparison.nothing_changed:
        sheet.merge_range(row, 0, row, _COLUMNS - 1, text.NOTHING_CHANGED, styles["text"])
        return row + 1
    row = write_section(sheet, styles, row + 1, _COLUMNS, FIGURES.title, "difference = now − before", 2)
    figures = Rows(comparison, comparison.figures)
    columns = FIGURES.columns_in(In.SHEET, figures)
    spans = {column.key: 3 if column.key == "metric" else 2 for column in columns}
    row = write_table(sheet, styles, columns, figures, Placement(row, spans=spans)).after
    gains, losses = text.gains_and_losses(comparison)
    sides = ((gains, comparison.gains), (losses, comparison.losses), ("Other changes", comparison.other_changes))
    for title, groups in sides:
        if groups or title != "Other changes":
            note = f"{min(len(groups), _MOST_GROUPS)} of {len(groups):,}, the largest first; sheet Changes has all"
            row = write_section(sheet, styles, row + 1, _COLUMNS, title, note, 2)
            row = _write_groups(sheet, styles, Rows(comparison, groups[:_MOST_GROUPS]), row)
    return _write_chart(book, sheet, styles, comparison, row + 1, number)


def _write_about(sheet: LongWorksheet, styles: Styles, comparison: Comparison, row: int) -> int:
    for name, sentence, style in (
        ("Before", text.side(comparison.base), "text"),
        ("", text.capture(comparison.base), "text"),
        ("Now", text.side(comparison.new), "text"),
        ("", text.capture(comparison.new), "text"),
        ("Result", text.headline(comparison), "text"),
        *(("Note", note, "amber") for note in comparison.notes),
        ("Ops", text.counts(comparison), "text"),
        ("Noise", text.noise(comparison), "text"),
    ):
        sheet.write_string(row, 0, name, styles["quiet"])
        sheet.merge_range(row, 1, row, _COLUMNS - 1, clean(sentence, 1000), styles[style])
        row += 1
    return row


def _write_groups(sheet: LongWorksheet, styles: Styles, groups: Rows[Comparison, ChangeGroup], row: int) -> int:
    if not len(groups):
        sheet.write_string(row, 0, "none", styles["quiet"])
        return row + 1
    keys = time_keys(groups.source)
    spans = {"op_code": 2, "where": 2, "changes": 4}
    columns = [
        column.changed(width=_WIDTH, wrap=column.key in spans)
        for column in CHANGES.pick(keys.delta, keys.delta_pct, "status", "op_code", "count", "where", "changes")
    ]
    return write_table(sheet, styles, columns, groups, Placement(row, spans=spans)).after


def _write_chart(
    book: Workbook, sheet: LongWorksheet, styles: Styles, comparison: Comparison, row: int, number: int
) -> int:
    """Kernel time by op before and now, from sheet By Op Type."""
    keys = time_keys(comparison)
    rows = Rows(comparison, comparison.op_types)
    places = {column.key: place for place, column in enumerate(OP_TYPES.columns_in(In.SHEET, rows))}
    title = f"Kernel time by op [{OP_TYPES[keys.new].unit}]"
    row = write_section(sheet, styles, row, _COLUMNS, title, "those that differ most", 2)
    source = f"By Op Type {number}" if number > 1 else "By Op Type"
    last = min(_MOST_TYPES, len(rows))
    chart = book.add_chart({"type": "bar"})
    for key, colour, name in ((keys.base, QUIET, "before"), (keys.new, ACCENT, "now")):
        chart.add_series(
            {
                "name": name,
                "categories": [source, 1, places["op_type"], last, places["op_type"]],
                "values": [source, 1, places[key], last, places[key]],
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
