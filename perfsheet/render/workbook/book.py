"""The workbook as a whole."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from perfsheet._version import __version__
from perfsheet.analysis import Analysis
from perfsheet.render import words
from perfsheet.render.workbook import all_ops, data_quality, hotspots, op_types, place, summary, top_ops
from perfsheet.render.workbook.theme import AMBER, Styles

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook

_IN_MEMORY_OPS = 20_000
"""Beyond it rows go to disk as they are written: memory stays flat."""


def write(analysis: Analysis, path: Path) -> None:
    """Write the workbook to `path`, whole or not at all. Raises PerfsheetError (exit status 7) when it cannot."""
    place.replace(path, lambda sink: _write(analysis, sink))


def _write(analysis: Analysis, sink: io.FileIO) -> None:
    from xlsxwriter import Workbook
    from xlsxwriter.exceptions import FileCreateError

    book = Workbook(
        sink,
        {
            "constant_memory": len(analysis.ops) > _IN_MEMORY_OPS,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    _describe(book, analysis)
    styles = Styles(book)
    titles = [summary.TITLE, hotspots.TITLE, top_ops.TITLE, op_types.TITLE]
    ops_titles = [all_ops.sheet_title(number) for number in range(all_ops.sheets_needed(analysis))]
    sheets = {title: book.add_worksheet(title) for title in [*titles, *ops_titles, data_quality.TITLE]}
    summary.write(book, sheets[summary.TITLE], styles, analysis)
    hotspots.write(sheets[hotspots.TITLE], styles, analysis)
    top_ops.write(sheets[top_ops.TITLE], styles, analysis)
    op_types.write(sheets[op_types.TITLE], styles, analysis)
    for number, title in enumerate(ops_titles):
        all_ops.write(sheets[title], styles, analysis, first=number * all_ops.ROWS_PER_SHEET)
    data_quality.write(sheets[data_quality.TITLE], styles, analysis)
    if analysis.provenance.replayed:
        for sheet in sheets.values():
            sheet.set_header(f"&C&10{words.REPLAYED}")
            sheet.set_tab_color(AMBER)
    sheets[summary.TITLE].activate()
    try:
        book.close()
    except FileCreateError as error:
        cause = error.args[0] if error.args else error
        raise cause if isinstance(cause, OSError) else OSError(str(cause)) from None


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
