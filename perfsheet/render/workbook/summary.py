"""Sheet Summary: the headline, the top findings, where the time goes, and what was measured, on one screen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from perfsheet._version import __version__
from perfsheet.analysis import Analysis
from perfsheet.analysis.numbers import known
from perfsheet.analysis.result import CaptureSummary, Finding
from perfsheet.render import words
from perfsheet.render.workbook import hotspots, op_types, utilization
from perfsheet.render.workbook.sheet import Cell, Field, Link, data_bar, set_up_page, write_cell, write_table
from perfsheet.render.workbook.theme import BAR, FONT, INK, RULE_LINE, Styles

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

TITLE = "Summary"
_FINDINGS, _TYPES = 5, 10
_LAST_COLUMN = 10
_WIDTHS = (36, 16, 14, 16, 14, 16, 16, 16, 16, 16, 44)
_INPUT = (5, 7)
"""Row and column of the input cell `ref_cores`."""


def write(book: Workbook, sheet: Worksheet, styles: Styles, analysis: Analysis) -> None:
    """Write the sheet from top to bottom."""
    for column, width in enumerate(_WIDTHS):
        sheet.set_column(column, column, width, styles["text"])
    set_up_page(sheet)
    _write_title(sheet, styles, analysis.summary)
    _write_tiles(book, sheet, styles, analysis)
    row = _write_findings(sheet, styles, analysis, 7)
    row = _write_op_types(book, sheet, styles, analysis, row + 1)
    row = _write_measured(sheet, styles, analysis.summary, row + 1)
    sheet.print_area(0, 0, row, _LAST_COLUMN)


def _write_title(sheet: Worksheet, styles: Styles, summary: CaptureSummary) -> None:
    names = ", ".join(Path(path).name for path in summary.paths)
    sheet.set_row(0, 28)
    sheet.write_string(0, 0, words.clean(f"Perf sheet · {names}", 200), styles["title"])
    arch = summary.arch or "arch not stated"
    grid = "worker grid unknown" if summary.worker_cores is None else f"{summary.worker_cores} worker cores"
    sheet.write_string(1, 0, f"{arch} · {grid} · {words.device_ops(summary)} · {summary.window}", styles["quiet"])
    provenance = summary.provenance
    if provenance.replayed:
        for column in range(_LAST_COLUMN + 1):
            sheet.write_blank(2, column, None, styles["banner"])
        sheet.write_string(2, 0, words.REPLAYED[0].upper() + words.REPLAYED[1:], styles["banner"])


def _write_tiles(book: Workbook, sheet: Worksheet, styles: Styles, analysis: Analysis) -> None:
    summary = analysis.summary
    shares = {total.rule.id: known(total.share) for total in analysis.rule_totals}
    kernel_time, unit = words.in_unit(summary.kernel_ns)
    tiles: tuple[tuple[str, Cell, str], ...] = (
        (f"kernel time [{unit}]", kernel_time, "tile_time"),
        (f"FPS (batch {summary.batch:g})", summary.fps.all, "tile_rate"),
        ("FPS, matmul + conv alone", summary.fps.matmul_conv, "tile_rate"),
        ("FPS, the rest alone", summary.fps.other, "tile_rate"),
        (f"time on ≤ {summary.low_cores_pct:g} % of the grid", shares["low-core-count"], "tile_percent"),
        ("time in reshards", shares["reshard"], "tile_percent"),
        ("time in ops with a model", summary.modelled_share, "tile_percent"),
    )
    sheet.set_row(4, 26)
    sheet.set_row(5, 26)
    for column, (label, value, style) in enumerate(tiles):
        sheet.write_string(4, column, label, styles["tile_label"])
        sheet.write_blank(5, column, None, styles[style])
        write_cell(sheet, 5, column, "–" if value is None else value, styles[style], styles["link"])
    row, column = _INPUT
    sheet.write_string(row - 1, column, "reference cores (input: N, or grid)", styles["tile_label"])
    write_cell(sheet, row, column, summary.ref_cores, styles["input"], styles["link"])
    sheet.write_comment(
        row,
        column,
        f"UTILIZATION everywhere is {words.formula(summary)} and follows this cell. 108 is the documented reference; "
        "any text, such as grid, takes each op's own worker grid.",
        {"x_scale": 2},
    )
    book.define_name(utilization.REF_CORES, f"={TITLE}!${chr(65 + column)}${row + 1}")


def _write_section(sheet: Worksheet, styles: Styles, row: int, title: str, note: str) -> int:
    for column in range(1, _LAST_COLUMN + 1):
        sheet.write_blank(row, column, None, styles["section_line"])
    sheet.write_string(row, 0, title, styles["section"])
    sheet.write_string(row, 1, note, styles["quiet"])
    return row + 1


def _write_findings(sheet: Worksheet, styles: Styles, analysis: Analysis, row: int) -> int:
    findings = list(analysis.findings[:_FINDINGS])
    total = len(analysis.findings)
    row = _write_section(sheet, styles, row, "Top findings", f"{len(findings)} of {total}. {words.UPPER_BOUNDS}")
    if not findings:
        sheet.write_string(row, 0, "None: nothing runs on few cores, and nothing is resharded.", styles["text"])
        return row + 1
    fields: list[Field[Finding]] = [
        Field("OP CODE", lambda finding: hotspots.link_to(findings.index(finding), finding.signature.op_code)),
        Field("RULE", lambda finding: finding.rule.title),
        Field("OPS", lambda finding: finding.count, "count"),
        Field("KERNEL [ns]", lambda finding: finding.kernel_ns, "ns"),
        Field("SHARE", lambda finding: finding.share, "percent"),
        Field("SAVES AT MOST [ns]", lambda finding: finding.saving_ns, "ns"),
        Field("CORES OF GRID", lambda finding: words.span_of_grid(finding.cores, finding.worker_cores)),
        Field("ADVICE", lambda finding: ""),
    ]
    after = write_table(sheet, styles, fields, findings, top=row)
    advice = len(fields) - 1
    for column in range(advice + 1, _LAST_COLUMN + 1):
        sheet.write_blank(row, column, None, styles["header"])
    for line, finding in enumerate(findings, start=row + 1):
        sheet.set_row(line, 26)
        sheet.merge_range(line, advice, line, _LAST_COLUMN, words.clean(finding.advice), styles["wrap"])
    return after


def _write_op_types(book: Workbook, sheet: Worksheet, styles: Styles, analysis: Analysis, row: int) -> int:
    shown, total = analysis.op_types[:_TYPES], len(analysis.op_types)
    note = f"kernel time by op code, {len(shown)} of {total}; sheet By Op Type has all of them"
    row = _write_section(sheet, styles, row, "Where the time goes", note)
    if not shown:
        return row
    after = write_table(sheet, styles, op_types.FIELDS[:5], shown, top=row)
    data_bar(sheet, 3, row + 1, after - 1)
    _chart(book, sheet, row + 1, after - 1, row)
    # The chart needs the height of ten rows, however few op types there are.
    return max(after, row + _TYPES + 1)


def _chart(book: Workbook, sheet: Worksheet, first: int, last: int, anchor: int) -> None:
    chart = book.add_chart({"type": "bar"})
    assert chart is not None
    font = {"name": FONT, "size": 9, "color": INK}
    chart.add_series(
        {
            "name": "share of kernel time",
            "categories": [TITLE, first, 0, last, 0],
            "values": [TITLE, first, 4, last, 4],
            "fill": {"color": BAR},
            "gap": 40,
            "data_labels": {"value": True, "num_format": "0%", "font": font},
        }
    )
    chart.set_title({"name": "Share of kernel time by op code", "name_font": {**font, "size": 10, "bold": True}})
    chart.set_legend({"none": True})
    chart.set_y_axis({"reverse": True, "num_font": font, "line": {"color": RULE_LINE}})
    chart.set_x_axis({"visible": False, "major_gridlines": {"visible": False}, "min": 0})
    chart.set_chartarea({"border": {"none": True}})
    chart.set_size({"width": 840, "height": 232})
    sheet.insert_chart(
        anchor, 5, chart, {"x_offset": 8, "y_offset": 2, "description": "Share of kernel time of the largest op codes"}
    )


def _write_measured(sheet: Worksheet, styles: Styles, summary: CaptureSummary, row: int) -> int:
    row = _write_section(sheet, styles, row, "What was measured", f"perfsheet {__version__}")
    provenance = summary.provenance
    facts: list[tuple[str, Cell]] = [
        ("Capture", ", ".join(summary.paths)),
        ("Command", provenance.command),
        ("Tests", provenance.tests),
        ("Schema generation", summary.schema),
        ("Board", summary.board or "not stated"),
        ("Worker grid from", words.grid_sources(summary)),
        ("Devices", ", ".join(map(str, summary.devices[:16])) + (" …" if len(summary.devices) > 16 else "")),
        (
            "Rows",
            f"{summary.device_rows:,} device, {summary.host_rows:,} host, {summary.signpost_rows:,} signposts, "
            f"{summary.dropped_rows:,} dropped",
        ),
        ("Utilization", f"{words.formula(summary)}; blank = the profiler has no model of the op"),
        ("FPS", "1e9 × batch / kernel time [ns] of the busiest device; gaps between ops are not in it"),
    ]
    for key, value in facts:
        if value is not None:
            sheet.write_string(row, 0, key, styles["quiet"])
            write_cell(sheet, row, 1, value, styles["text"], styles["link"])
            row += 1
    for warning in summary.warnings or ("nothing to distrust was found",):
        sheet.write_string(row, 0, "Data quality", styles["quiet"])
        style = styles["amber"] if summary.warnings else styles["text"]
        write_cell(
            sheet, row, 1, Link("'Data Quality'!A1", "look ▸") if summary.warnings else "ok", style, styles["link"]
        )
        sheet.write_string(row, 2, words.clean(warning), styles["text"])
        row += 1
    return row
