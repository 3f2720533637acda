"""The sheets of the workbook of a report, in their order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from perfsheet.analysis import Analysis
from perfsheet.outputs.workbook.charts import BookCharts
from perfsheet.outputs.workbook.sheets import about, all_ops, memory, source, summary
from perfsheet.outputs.workbook.sheets.findings import EVIDENCE_SHEET, HOTSPOTS, write_evidence, write_hotspots
from perfsheet.outputs.workbook.sheets.ops import (
    write_charts,
    write_op_groups,
    write_op_types,
    write_reshards,
    write_top_ops,
)
from perfsheet.outputs.workbook.sheets.runs import DATA_QUALITY, RUN, write_data_quality, write_repeats, write_run
from perfsheet.outputs.workbook.sheets.windows import write_devices, write_passes, write_signposts
from perfsheet.outputs.workbook.theme import Styles
from perfsheet.progress import Watch

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

    from perfsheet.outputs.workbook.worksheet import LongWorksheet
    from perfsheet.trials.ways import TriedCauses

Writer = Callable[["Worksheet"], None]


def write_tried(sheet: LongWorksheet, styles: Styles, analysis: Analysis, tried: TriedCauses) -> None:
    """Write sheet Tried; what it needs is imported only then."""
    from perfsheet.outputs.workbook.sheets import tried as of_tried

    of_tried.write(sheet, styles, analysis, tried)


def sheets(
    book: Workbook, styles: Styles, analysis: Analysis, charts: BookCharts, raw: bool, watch: Watch
) -> Iterator[tuple[str, Writer]]:
    """Title and writer of every sheet of this report, in their order."""
    yield summary.TITLE, lambda sheet: summary.write(book, sheet, styles, analysis, charts)
    yield HOTSPOTS, lambda sheet: write_hotspots(sheet, styles, analysis)
    if (tried := analysis.tried) is not None:
        yield "Tried", lambda sheet: write_tried(sheet, styles, analysis, tried)
    yield "Top Ops", lambda sheet: write_top_ops(sheet, styles, analysis, charts)
    yield "Op Groups", lambda sheet: write_op_groups(sheet, styles, analysis)
    yield "By Op Type", lambda sheet: write_op_types(sheet, styles, analysis)
    graph = analysis.graph
    if graph is not None and graph.joined.report.has_stacks:
        yield source.TITLE, partial(source.write, styles=styles, analysis=analysis, graph=graph)
    if graph is not None and graph.memory.known:
        yield memory.TITLE, partial(memory.write, styles=styles, analysis=analysis, graph=graph, charts=charts)
    yield "Charts", lambda sheet: write_charts(sheet, styles, analysis, charts)
    yield "Reshards", lambda sheet: write_reshards(sheet, styles, analysis)
    if analysis.summary.passes.repeats:
        yield "Passes", lambda sheet: write_passes(sheet, styles, analysis)
    if analysis.signposts.signposts:
        yield "Signposts", lambda sheet: write_signposts(sheet, styles, analysis)
    if len(analysis.summary.devices) > 1:
        yield "Devices", lambda sheet: write_devices(sheet, styles, analysis)
    if runs := analysis.repeats:
        yield "Repeats", lambda sheet: write_repeats(sheet, styles, analysis, runs)
    yield all_ops.TITLE, lambda sheet: all_ops.write(sheet, styles, analysis, raw, watch)
    yield EVIDENCE_SHEET, lambda sheet: write_evidence(sheet, styles, analysis)
    yield DATA_QUALITY, lambda sheet: write_data_quality(sheet, styles, analysis)
    if record := analysis.provenance.record:
        yield RUN, lambda sheet: write_run(sheet, styles, record, analysis.provenance.results)
    yield "About", lambda sheet: about.write(sheet, styles, analysis)
