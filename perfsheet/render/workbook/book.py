"""The workbook as a whole."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from perfsheet._version import __version__
from perfsheet.analysis import Analysis
from perfsheet.progress import Watch
from perfsheet.render import words
from perfsheet.render.whole_file import replace
from perfsheet.render.workbook import all_ops, data_quality, hotspots, op_types, provenance, repeats, summary, top_ops
from perfsheet.render.workbook.theme import AMBER, Styles
from perfsheet.signals import ignored

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook

_IN_MEMORY_OPS = 20_000
"""Beyond it rows go to disk as they are written: memory stays flat."""


def write(analysis: Analysis, path: Path, watch: Watch | None = None) -> None:
    """Write the workbook to `path`, whole or not at all; `watch` hears how far it is.

    Raises PerfsheetError (exit status 7) when it cannot be written.
    """
    replace(path, lambda sink: _write(analysis, sink, watch or Watch()))


@contextmanager
def opened(sink: io.FileIO, on_disk: bool) -> Iterator[Workbook]:
    """A workbook that is complete in `sink` at the end; `on_disk` keeps its rows there instead of in memory.

    Raises OSError when it cannot be written; temporary files go away in any case.
    """
    from xlsxwriter import Workbook
    from xlsxwriter.exceptions import FileCreateError

    with _scratch() as folder:
        settings = {
            "constant_memory": on_disk,
            "tmpdir": folder,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        }
        book = Workbook(sink, settings)
        yield book
        try:
            book.close()
        except FileCreateError as error:
            cause = error.args[0] if error.args else error
            raise cause if isinstance(cause, OSError) else OSError(str(cause)) from None


@contextmanager
def _scratch() -> Iterator[str]:
    """A temporary folder whose removal no signal cuts short."""
    folder = tempfile.TemporaryDirectory(prefix="perfsheet-workbook-")
    try:
        yield folder.name
    finally:
        with ignored():
            folder.cleanup()


def _write(analysis: Analysis, sink: io.FileIO, watch: Watch) -> None:
    with opened(sink, len(analysis.ops) > _IN_MEMORY_OPS) as book:
        _describe(book, analysis)
        styles = Styles(book)
        ops_titles = [all_ops.sheet_title(number) for number in range(all_ops.sheets_needed(analysis))]
        titles = [summary.TITLE, hotspots.TITLE, top_ops.TITLE, op_types.TITLE]
        titles += [repeats.TITLE] if analysis.repeats else []
        titles += [*ops_titles, data_quality.TITLE]
        titles += [provenance.TITLE] if analysis.provenance.record else []
        sheets = {title: book.add_worksheet(title) for title in titles}
        summary.write(book, sheets[summary.TITLE], styles, analysis)
        hotspots.write(sheets[hotspots.TITLE], styles, analysis)
        top_ops.write(sheets[top_ops.TITLE], styles, analysis)
        op_types.write(sheets[op_types.TITLE], styles, analysis)
        if analysis.repeats:
            repeats.write(sheets[repeats.TITLE], styles, analysis, analysis.repeats)
        for number, title in enumerate(ops_titles):
            all_ops.write(sheets[title], styles, analysis, number * all_ops.ROWS_PER_SHEET, watch)
        data_quality.write(sheets[data_quality.TITLE], styles, analysis)
        if record := analysis.provenance.record:
            provenance.write(sheets[provenance.TITLE], styles, record, analysis.provenance.results)
        if analysis.provenance.replayed:
            for sheet in sheets.values():
                sheet.set_header(f"&C&10{words.REPLAYED}")
                sheet.set_tab_color(AMBER)
        sheets[summary.TITLE].activate()
        watch.progress(len(analysis.ops), len(analysis.ops))


def _describe(book: Workbook, analysis: Analysis) -> None:
    names = ", ".join(Path(path).name for path in analysis.summary.paths)
    replayed = " (replayed)" if analysis.summary.provenance.replayed else ""
    book.set_properties(
        {
            "title": f"Perf sheet of {names}{replayed}"[:255],
            "subject": "tt-metal device ops by kernel duration",
            "author": f"perfsheet {__version__}",
            "keywords": "tt-metal, ttnn, profiler, perf sheet",
        }
    )
