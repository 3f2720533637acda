"""The workbook as a whole."""

from __future__ import annotations

import io
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from perfsheet._version import __version__
from perfsheet.analysis import Analysis
from perfsheet.atomic_write import replace
from perfsheet.errors import not_written
from perfsheet.outputs.workbook import chart_data
from perfsheet.outputs.workbook.chart_data import ChartData
from perfsheet.outputs.workbook.charts import BookCharts
from perfsheet.outputs.workbook.sheets import (
    about,
    all_ops,
    chart_sheet,
    data_quality,
    devices,
    evidence,
    hotspots,
    op_groups,
    op_types,
    passes,
    repeats,
    reshards,
    run,
    signposts,
    summary,
    top_ops,
)
from perfsheet.outputs.workbook.theme import AMBER, Styles
from perfsheet.progress import Watch
from perfsheet.signals import ignored
from perfsheet.text import formats

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

MANY_OPS = 20_000
"""Beyond it rows go to disk as they are written, so that memory stays flat, and All Ops has declared columns only."""


def left_out(analysis: Analysis) -> str:
    """What a workbook of this capture leaves out, for people; blank for nothing."""
    return all_ops.left_out(analysis)


def write(analysis: Analysis, path: Path, watch: Watch | None = None, raw: bool = False) -> None:
    """Write the workbook to `path`, whole or not at all; `watch` hears how far it is.

    `raw` keeps all columns of the capture on All Ops, which up to 20,000 ops has them anyhow.
    Raises PerfsheetError (exit status 7) when it cannot be written.
    """
    replace(path, lambda sink: _write(analysis, sink, watch or Watch(), raw or len(analysis.ops) <= MANY_OPS))


@contextmanager
def opened(sink: io.FileIO, on_disk: bool) -> Iterator[Workbook]:
    """A workbook that is complete in `sink` at the end; `on_disk` keeps its rows there instead of in memory.

    Raises OSError when it cannot be written; temporary files go away in any case.
    """
    from xlsxwriter import Workbook
    from xlsxwriter.exceptions import FileCreateError, FileSizeError

    from perfsheet.outputs.workbook.worksheet import LongWorksheet, quick_zip

    with _scratch() as folder:
        settings = {
            "constant_memory": on_disk,
            "tmpdir": folder,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        }
        book = Workbook(sink, settings)
        book.worksheet_class = LongWorksheet
        yield book
        try:
            with quick_zip():
                book.close()
        except FileSizeError:
            raise not_written(
                "the workbook would be larger than a zip file can be",
                "report a part of the capture: --pass, --device, --id-range, --start-signpost",
            ) from None
        except FileCreateError as error:
            cause = error.args[0] if error.args else error
            raise cause if isinstance(cause, OSError) else OSError(str(cause)) from None


@contextmanager
def _scratch() -> Iterator[str]:
    """A temporary folder whose removal no signal cuts short.

    Its name is known before it is made: a signal that comes with its making finds it, too.
    """
    folder = Path(tempfile.gettempdir(), f"perfsheet-workbook-{uuid4().hex}")
    try:
        folder.mkdir(0o700)
        yield str(folder)
    finally:
        with ignored():
            shutil.rmtree(folder, ignore_errors=True)


def _write(analysis: Analysis, sink: io.FileIO, watch: Watch, raw: bool) -> None:
    with opened(sink, len(analysis.ops) > MANY_OPS) as book:
        _describe(book, analysis)
        styles, data = Styles(book), ChartData()
        charts = BookCharts(book, analysis, data)
        writers = dict(_sheets(book, styles, analysis, charts, raw, watch))
        # All exist before the first is written: sheets refer to each other.
        sheets = {title: book.add_worksheet(title) for title in (*writers, chart_data.TITLE)}
        for title, writer in writers.items():
            writer(sheets[title])
        data.write(sheets[chart_data.TITLE], styles)
        if analysis.provenance.replayed:
            for sheet in sheets.values():
                sheet.set_header(f"&C&10{formats.REPLAYED}")
                sheet.set_tab_color(AMBER)
        sheets[summary.TITLE].activate()
        watch.progress(len(analysis.ops), len(analysis.ops))


Writer = Callable[["Worksheet"], None]


def _sheets(
    book: Workbook, styles: Styles, analysis: Analysis, charts: BookCharts, raw: bool, watch: Watch
) -> Iterator[tuple[str, Writer]]:
    """Title and writer of every sheet of this report, in their order."""
    yield summary.TITLE, lambda sheet: summary.write(book, sheet, styles, analysis, charts)
    yield hotspots.TITLE, lambda sheet: hotspots.write(sheet, styles, analysis)
    yield top_ops.TITLE, lambda sheet: top_ops.write(sheet, styles, analysis, charts)
    yield op_groups.TITLE, lambda sheet: op_groups.write(sheet, styles, analysis)
    yield op_types.TITLE, lambda sheet: op_types.write(sheet, styles, analysis)
    yield chart_sheet.TITLE, lambda sheet: chart_sheet.write(sheet, styles, analysis, charts)
    yield reshards.TITLE, lambda sheet: reshards.write(sheet, styles, analysis)
    if analysis.summary.passes.repeats:
        yield passes.TITLE, lambda sheet: passes.write(sheet, styles, analysis)
    if analysis.signposts.signposts:
        yield signposts.TITLE, lambda sheet: signposts.write(sheet, styles, analysis)
    if len(analysis.summary.devices) > 1:
        yield devices.TITLE, lambda sheet: devices.write(sheet, styles, analysis)
    if runs := analysis.repeats:
        yield repeats.TITLE, lambda sheet: repeats.write(sheet, styles, analysis, runs)
    yield all_ops.TITLE, lambda sheet: all_ops.write(sheet, styles, analysis, raw, watch)
    yield evidence.TITLE, lambda sheet: evidence.write(sheet, styles, analysis)
    yield data_quality.TITLE, lambda sheet: data_quality.write(sheet, styles, analysis)
    if record := analysis.provenance.record:
        yield run.TITLE, lambda sheet: run.write(sheet, styles, record, analysis.provenance.results)
    yield about.TITLE, lambda sheet: about.write(sheet, styles, analysis)


def _describe(book: Workbook, analysis: Analysis) -> None:
    replayed = " (replayed)" if analysis.summary.provenance.replayed else ""
    book.set_properties(
        {
            "title": formats.clean(f"Perf sheet of {formats.file_names(analysis.summary)}{replayed}", 255),
            "subject": "tt-metal device ops by kernel duration",
            "author": f"perfsheet {__version__}",
            "keywords": "tt-metal, ttnn, profiler, perf sheet",
        }
    )
