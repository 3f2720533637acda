"""Sheet Summary, on one screen: headline metrics, top findings, where the time goes, run info, data quality."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING

from perfsheet._version import __version__
from perfsheet.analysis import Analysis
from perfsheet.analysis.repeats import Repeats
from perfsheet.analysis.summary import CaptureSummary
from perfsheet.outputs.workbook import live
from perfsheet.outputs.workbook.cells import Cell, Formula, Link
from perfsheet.outputs.workbook.charts import BookCharts
from perfsheet.outputs.workbook.sheet import set_up_sections, write_cell, write_section
from perfsheet.outputs.workbook.sheets import all_ops, memory, source
from perfsheet.outputs.workbook.sheets.findings import HOTSPOTS
from perfsheet.outputs.workbook.sheets.runs import DATA_QUALITY, write_tests
from perfsheet.outputs.workbook.tables import Live, Placement, write_table
from perfsheet.outputs.workbook.theme import Styles
from perfsheet.provenance import Provenance, TestResult
from perfsheet.tables import In
from perfsheet.tables.causes import CAUSES, causes
from perfsheet.tables.kinds import LINK
from perfsheet.tables.repeats import RUNS
from perfsheet.tables.sources import places_of, with_source
from perfsheet.text import causes as text_of_causes
from perfsheet.text import formats, sentences
from perfsheet.text import graph as text_of_graph
from perfsheet.text.headline import RATE, HeadlineValue, headline, run_outcome, run_source
from perfsheet.text.safe import clean

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

    from perfsheet.analysis.graph.beside import Graph
    from perfsheet.outputs.workbook.worksheet import LongWorksheet

TITLE = "Summary"
_CAUSES, _TESTS, _WARNINGS = 5, 8, 6
_WIDTH, _ZOOM = 16, 80
_CHART_ROWS, _SPLIT_ROWS = 11, 6
_CAUSE_COLUMNS = ("title", "subject", "share_pct", "expected_saving_ns", "bound_ns", "ground", "cure")
_SPANS = {"subject": 2, "ground": 2, "cure": 4}
_WITH_SOURCE = ("title", "subject", "source", "share_pct", "expected_saving_ns", "bound_ns", "ground", "cure")
_SPANS_WITH_SOURCE = {"subject": 2, "source": 2, "cure": 3}
_SPLIT, _BY_CATEGORY, _BY_TYPE = (0, (1517, 118)), (0, (572, 218)), (5, (940, 218))
"""Column and size in pixels of the charts."""


def write(book: Workbook, sheet: LongWorksheet, styles: Styles, analysis: Analysis, charts: BookCharts) -> None:
    """Write the sheet from top to bottom; sections of some reports only come below the first screen."""
    set_up_sections(sheet, styles, (_WIDTH,) * COLUMNS)
    sheet.set_zoom(_ZOOM)
    row = _write_headline(book, sheet, styles, analysis)
    row = _write_causes(sheet, styles, analysis, row)
    row = _write_time(sheet, styles, analysis, charts, row + 1)
    if analysis.graph is not None:
        row = _write_graph(sheet, styles, analysis, analysis.graph, row + 1)
    row = _write_run_info(sheet, styles, analysis, row + 1)
    row = _write_verdict(sheet, styles, analysis, row + 1)
    if analysis.repeats:
        row = _write_runs(sheet, styles, analysis.repeats, row + 1)
    if results := analysis.provenance.results:
        row = _write_tests(sheet, styles, analysis.provenance, results, row + 1)
    sheet.print_area(0, 0, row, COLUMNS - 1)


def _write_causes(sheet: LongWorksheet, styles: Styles, analysis: Analysis, row: int) -> int:
    """Verdict, time split, and the first causes; their ids lead to the first of their findings on sheet Hotspots."""
    shown = causes(analysis, _CAUSES)
    note = f"{len(shown)} of {len(analysis.causes)}. {sentences.upper_bounds(analysis.summary)}"
    row = write_section(sheet, styles, row, COLUMNS, "What to fix first", note, 2)
    sheet.merge_range(row, 0, row, COLUMNS - 1, clean(text_of_causes.verdict(analysis), 1000), styles["verdict"])
    sheet.set_row(row, 36)
    if analysis.summary.time_split.elapsed_ns > 0:
        row += 1
        sheet.write_string(row, 0, sentences.time_split(analysis.summary), styles["text"])
    if not len(shown):
        return row + 1
    keys, spans = (_CAUSE_COLUMNS, _SPANS) if not with_source(shown) else (_WITH_SOURCE, _SPANS_WITH_SOURCE)
    if analysis.tried is not None:
        keys, spans = (*keys, "accepted"), {**spans, "cure": spans["cure"] - 2, "accepted": 2}
    picked = CAUSES.pick(*keys)
    if analysis.plan is not None:
        picked = [column for column in picked if not column.measured]
        spans = {**spans, "cure": spans["cure"] + len(keys) - len(picked)}
    columns = [
        CAUSES["id"].changed(kind=LINK, width=_WIDTH),
        *(column.changed(bar=False, width=_WIDTH) for column in picked),
    ]
    texts: Live = {
        "id": lambda layout: [live.link_to_id(HOTSPOTS, cause.members[0].id, cause.id) for cause in shown],
        "source": lambda layout: [text_of_graph.places(places) for places in places_of(shown)],
    }
    return write_table(sheet, styles, columns, shown, Placement(row + 1, spans=spans), texts).after


def _write_time(sheet: LongWorksheet, styles: Styles, analysis: Analysis, charts: BookCharts, row: int) -> int:
    note = (
        f"{len(analysis.op_types)} op codes on sheet By Op Type, {len(analysis.groups):,} configurations on Op Groups"
    )
    row = write_section(sheet, styles, row, COLUMNS, "Where the time goes", note, 2)
    if analysis.summary.time_split.elapsed_ns > 0:
        charts.time_split(sheet, row, *_SPLIT)
        row += _SPLIT_ROWS
    charts.shares(sheet, row, *_BY_CATEGORY, by_type=False)
    charts.shares(sheet, row, *_BY_TYPE, by_type=True)
    return row + _CHART_ROWS


def _write_graph(sheet: LongWorksheet, styles: Styles, analysis: Analysis, graph: Graph, row: int) -> int:
    """How the graph report was joined, the peak of memory and the lowest PCC, each with a link to its sheet."""
    row = write_section(sheet, styles, row, COLUMNS, "Source and memory", "what the graph report adds", 2)
    for title, known, text in (
        (source.TITLE, graph.joined.report.has_stacks, text_of_graph.joined(graph)),
        (memory.TITLE, graph.memory.known, text_of_graph.memory(analysis)),
        (all_ops.TITLE, graph.accuracy.known, text_of_graph.accuracy(analysis)),
    ):
        if text:
            link = Link(f"'{title}'!A1", f"{title} ▸") if known else None
            write_cell(sheet, row, 0, link, styles["text"], styles["link"])
            sheet.write_string(row, 1, clean(text, 1000), styles["text"])
            row += 1
    return row


def _write_run_info(sheet: LongWorksheet, styles: Styles, analysis: Analysis, row: int) -> int:
    """Run info in two columns: source and outcome."""
    title = "What was measured" if analysis.plan is None else "What was planned"
    row = write_section(sheet, styles, row, COLUMNS, title, f"perfsheet {__version__}", 2)
    for left, right in zip_longest(run_source(analysis), run_outcome(analysis)):
        for fact, column in ((left, 0), (right, 5)):
            if fact is not None:
                sheet.write_string(row, column, fact[0], styles["quiet"])
                last = column + 4 if column == 0 else COLUMNS - 1
                sheet.merge_range(row, column + 1, row, last, clean(fact[1], 1000), styles["text"])
        row += 1
    return row


def _write_verdict(sheet: LongWorksheet, styles: Styles, analysis: Analysis, row: int) -> int:
    warnings = analysis.summary.warnings
    note = f"{len(warnings)} to look at" if warnings else "nothing to look at"
    row = write_section(sheet, styles, row, COLUMNS, "Data quality", note, 2)
    sheet.write_string(row, 0, clean(sentences.capture(analysis.summary)), styles["text"])
    row += 1
    if left_out := all_ops.left_out(analysis):
        sheet.write_string(row, 0, left_out, styles["attention"])
        row += 1
    for warning in warnings[:_WARNINGS]:
        link = Link(f"'{DATA_QUALITY}'!A1", "look ▸")
        write_cell(sheet, row, 0, link, styles["amber"], styles["link"])
        sheet.write_string(row, 1, clean(warning), styles["text"])
        row += 1
    if len(warnings) > _WARNINGS:
        sheet.write_string(row, 1, f"{len(warnings) - _WARNINGS} more on sheet Data Quality", styles["quiet"])
        row += 1
    return row


def _write_runs(sheet: LongWorksheet, styles: Styles, runs: Repeats, row: int) -> int:
    note = f"{formats.repeated(runs)}; sheet Repeats, op by op"
    row = write_section(sheet, styles, row, COLUMNS, "Runs of this target", note, 2)
    placement = Placement(row, spans={"difference": 6})
    columns = [column.changed(width=_WIDTH) for column in RUNS.columns_in(In.SHEET)]
    return write_table(sheet, styles, columns, runs.runs, placement).after


def _write_tests(
    sheet: LongWorksheet, styles: Styles, provenance: Provenance, results: Sequence[TestResult], row: int
) -> int:
    """Failed tests first; sheet Run has all."""
    shown = sorted(results, key=lambda test: test.outcome != "failed")[:_TESTS]
    more = "; sheet Run has all of them" if provenance.record else ""
    note = f"{provenance.tests}; {len(shown)} of {len(results):,}{more}"
    row = write_section(sheet, styles, row, COLUMNS, "Tests", note, 2)
    return write_tests(sheet, styles, shown, row)


COLUMNS = 13
"""Room for all headline metrics and input cells."""
_LABELS, _VALUES = 3, 4


def _write_headline(book: Workbook, sheet: Worksheet, styles: Styles, analysis: Analysis) -> int:
    """Write title, headline metrics and input cells; the row after them."""
    _write_title(sheet, styles, analysis.summary)
    metrics, cells = headline(analysis), live.inputs(analysis.summary)
    sheet.set_row(_LABELS, 38)
    sheet.set_row(_VALUES, 26)
    for column, label in enumerate([metric.label for metric in metrics] + [cell.label for cell in cells]):
        sheet.write_string(_LABELS, column, label, styles["metric_label"])
    for column, metric in enumerate(metrics):
        write_cell(sheet, _VALUES, column, _cell(analysis, metric), styles[f"metric_{metric.kind}"], styles["link"])
    for column, cell in enumerate(cells, start=len(metrics)):
        live.declare(book, sheet, styles, cell, _VALUES, column)
    write_cell(sheet, _VALUES + 1, 0, live.changed(analysis.summary), styles["attention"], styles["link"])
    return _VALUES + 2


def _write_title(sheet: Worksheet, styles: Styles, summary: CaptureSummary) -> None:
    sheet.set_row(0, 26)
    sheet.write_string(0, 0, clean(f"Perf sheet · {formats.file_names(summary)}", 200), styles["title"])
    figures = " · ".join(sentences.figures_of(summary))
    banner = sentences.banner(summary)
    first = [formats.at_a_glance(summary), figures if banner else ""]
    sheet.write_string(1, 0, clean(" · ".join(filter(None, first))), styles["quiet"])
    if figures and not banner:
        sheet.write_string(2, 0, clean(figures), styles["text"])
    if banner:
        sheet.write_string(2, 0, banner[0].upper() + banner[1:], styles["banner"])
        for column in range(1, COLUMNS):
            sheet.write_blank(2, column, None, styles["banner"])
    elif not figures:
        sheet.set_row(2, 6)


def _cell(analysis: Analysis, metric: HeadlineValue) -> Cell:
    """The value; a formula if it depends on an input cell."""
    if metric.value is None:
        return "–"
    if metric.kind == RATE and metric.value:
        # The formula states the time behind the rate.
        return live.fps(round(1e9 * analysis.summary.batch / metric.value, 6), metric.value)
    if metric.id == "few_cores":
        formula = all_ops.few_cores_share(analysis)
        return metric.value if formula is None else Formula(formula, metric.value)
    return metric.value
