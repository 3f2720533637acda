"""The workbook as a whole."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from perfsheet._version import __version__
from perfsheet.analysis import Analysis
from perfsheet.atomic_write import replace
from perfsheet.outputs.workbook import MANY_OPS, mark, opened
from perfsheet.outputs.workbook.charts import CHART_DATA, BookCharts, ChartData
from perfsheet.outputs.workbook.sheets import all_ops, summary
from perfsheet.outputs.workbook.sheets import sheets as all_sheets
from perfsheet.outputs.workbook.theme import Styles
from perfsheet.progress import Watch
from perfsheet.text import formats, sentences
from perfsheet.text.safe import clean
from perfsheet.text.words import planned

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook


def left_out(analysis: Analysis) -> str:
    """A note about the ops that the workbook leaves out; blank if it has all."""
    return all_ops.left_out(analysis)


def write(
    analysis: Analysis, path: Path, watch: Watch | None = None, raw: bool = False, overwrite: bool = True
) -> None:
    """Write the workbook atomically to `path`, reporting progress to `watch`.

    `raw` keeps all columns of the capture on All Ops; up to 20,000 ops they are always there. `overwrite`: a file that
    is there already may be replaced.
    Raises PerfsheetError (exit status 7) if it cannot be written.
    """
    wide = raw or len(analysis.every.ops) <= MANY_OPS
    replace(path, lambda sink: _write(analysis, sink, watch or Watch(), wide), overwrite)


def _write(analysis: Analysis, sink: io.FileIO, watch: Watch, raw: bool) -> None:
    with opened(sink, len(analysis.every.ops) > MANY_OPS) as book:
        _describe(book, analysis)
        styles, data = Styles(book), ChartData()
        charts = BookCharts(book, analysis, data)
        writers = dict(all_sheets(book, styles, analysis, charts, raw, watch))
        # All exist before the first is written: sheets refer to each other.
        sheets = {title: book.add_worksheet(title) for title in (*writers, CHART_DATA)}
        if analysis.plan is not None:
            for sheet in sheets.values():
                sheet.words = planned
        for title, writer in writers.items():
            writer(sheets[title])
        data.write(sheets[CHART_DATA], styles)
        if banner := sentences.banner(analysis.summary):
            mark(sheets.values(), banner)
        sheets[summary.TITLE].activate()
        watch.progress(len(analysis.ops), len(analysis.ops))


def _describe(book: Workbook, analysis: Analysis) -> None:
    replayed = " (replayed)" if analysis.summary.provenance.replayed else ""
    book.set_properties(
        {
            "title": clean(f"Perf sheet of {formats.file_names(analysis.summary)}{replayed}", 255),
            "subject": "tt-metal device ops by kernel duration",
            "author": f"perfsheet {__version__}",
            "keywords": "tt-metal, ttnn, profiler, perf sheet",
        }
    )
