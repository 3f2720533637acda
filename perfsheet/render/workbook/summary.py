"""Sheet Summary: the headline, the top findings, where the time goes, and what was measured, on one screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from perfsheet._version import __version__
from perfsheet.analysis import Analysis
from perfsheet.analysis.capture_summary import CaptureSummary
from perfsheet.analysis.numbers import known
from perfsheet.analysis.repeats import Repeats
from perfsheet.analysis.result import Finding, WhatIf
from perfsheet.provenance import Provenance, TestResult
from perfsheet.render import phrases, words
from perfsheet.render.workbook import headline, hotspots, op_types, repeats
from perfsheet.render.workbook.marks import data_bar
from perfsheet.render.workbook.provenance import TESTS as TEST_FIELDS
from perfsheet.render.workbook.provenance import mark_failed
from perfsheet.render.workbook.sheet import Cell, Field, Link, set_up_page, write_cell, write_table
from perfsheet.render.workbook.theme import BAR, FONT, INK, RULE_LINE, Styles

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

TITLE = "Summary"
_FINDINGS, _TYPES, _TESTS = 5, 10, 8
_LAST_COLUMN = 10
_WIDTHS = (36, 27, 14, 16, 14, 19, 17, 17, 16, 16, 44)


def write(book: Workbook, sheet: Worksheet, styles: Styles, analysis: Analysis) -> None:
    """Write the sheet from top to bottom."""
    for column, width in enumerate(_WIDTHS):
        sheet.set_column(column, column, width, styles["text"])
    set_up_page(sheet)
    headline.write(book, sheet, styles, analysis, TITLE, _LAST_COLUMN)
    row = _write_findings(sheet, styles, analysis, 7)
    row = _write_op_types(book, sheet, styles, analysis, row + 1)
    if analysis.repeats:
        row = _write_runs(sheet, styles, analysis.repeats, row + 1)
    if results := analysis.provenance.results:
        row = _write_tests(sheet, styles, analysis.provenance, results, row + 1)
    row = _write_measured(sheet, styles, analysis.summary, analysis.what_if, row + 1)
    sheet.print_area(0, 0, row, _LAST_COLUMN)


def _write_section(sheet: Worksheet, styles: Styles, row: int, title: str, note: str) -> int:
    sheet.write_string(row, 0, title, styles["section"])
    sheet.write_string(row, 1, note, styles["section_note"])
    for column in range(2, _LAST_COLUMN + 1):
        sheet.write_blank(row, column, None, styles["section_line"])
    return row + 1


def _write_findings(sheet: Worksheet, styles: Styles, analysis: Analysis, row: int) -> int:
    main = [finding for finding in analysis.findings if finding.part_of is None]
    findings, places = main[:_FINDINGS], {finding.id: at for at, finding in enumerate(analysis.findings)}
    note = f"{len(findings)} of {len(main)}. {phrases.upper_bounds(analysis.summary)}"
    row = _write_section(sheet, styles, row, "Top findings", note)
    if not findings:
        sheet.write_string(row, 0, words.no_finding(analysis.summary), styles["text"])
        return row + 1
    fields: list[Field[Finding]] = [
        Field("OP CODE", lambda finding: hotspots.link_to(places[finding.id], finding.signature.op_code)),
        Field("RULE", lambda finding: finding.rule.title),
        Field("OPS", lambda finding: finding.count, "count"),
        Field("KERNEL [ns]", lambda finding: finding.kernel_ns, "ns"),
        Field("SHARE", lambda finding: known(finding.share), "percent"),
        Field("SAVES AT MOST [ns]", lambda finding: finding.saving_ns, "ns"),
        Field("CORES OF GRID", lambda finding: words.span_of_grid(finding.cores, finding.worker_cores), "right"),
        Field("ADVICE", lambda finding: finding.advice, "wrap", 125, span=4),
    ]
    return write_table(sheet, styles, fields, findings, top=row)


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


def _write_runs(sheet: Worksheet, styles: Styles, runs: Repeats, row: int) -> int:
    row = _write_section(sheet, styles, row, "Runs of this target", f"{words.repeated(runs)}; sheet Repeats, op by op")
    return write_table(sheet, styles, repeats.RUNS, runs.runs, top=row)


def _write_tests(sheet: Worksheet, styles: Styles, known: Provenance, results: Sequence[TestResult], row: int) -> int:
    """The tests that failed first; all of them are on sheet Run."""
    shown = sorted(results, key=lambda test: test.outcome != "failed")[:_TESTS]
    note = f"{known.tests}; {len(shown)} of {len(results):,}" + ("; sheet Run has all of them" if known.record else "")
    row = _write_section(sheet, styles, row, "Tests", note)
    after = write_table(sheet, styles, TEST_FIELDS, shown, top=row)
    mark_failed(sheet, styles, row, after)
    return after


def _write_measured(
    sheet: Worksheet, styles: Styles, summary: CaptureSummary, what_ifs: Sequence[WhatIf], row: int
) -> int:
    row = _write_section(sheet, styles, row, "What was measured", f"perfsheet {__version__}")
    provenance = summary.provenance
    unchecked = words.unchecked(summary) or None
    facts: list[tuple[str, Cell]] = [
        ("Capture", ", ".join(summary.paths)),
        ("Command", provenance.command),
        ("Tests", provenance.tests),
        ("Passes", phrases.passes(summary.passes) or None),
        ("Layers", phrases.layers(summary.passes) or None),
        ("Devices, kernel time", phrases.device_totals(summary) or None),
        ("Speed of light", phrases.speed_of_light(summary)),
        ("Model of the profiler", phrases.pm_generation(summary) or None),
        *(("If findings were mended", phrases.what_if(one, summary.passes.count > 1)) for one in what_ifs),
        ("Schema generation", summary.schema),
        ("Board", summary.board or "not stated"),
        ("Worker grid from", words.grid_sources(summary)),
        ("Few cores", unchecked),
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
