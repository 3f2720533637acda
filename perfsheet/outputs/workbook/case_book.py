"""The workbook of a target's cases: all side by side, then the ranking of each, and how the first of them was run."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from perfsheet._version import __version__
from perfsheet.analysis.cases import Case, op_codes
from perfsheet.atomic_write import replace
from perfsheet.outputs.workbook import opened
from perfsheet.outputs.workbook.cells import Cell, Link
from perfsheet.outputs.workbook.sheets.runs import RUN, write_run
from perfsheet.outputs.workbook.tables import mark_word, write_table_sheet
from perfsheet.outputs.workbook.theme import Styles
from perfsheet.progress import Watch
from perfsheet.tables import In
from perfsheet.tables.cases import CASES, op_codes_table
from perfsheet.tables.op_rows import top_ops
from perfsheet.tables.ops import OPS
from perfsheet.text.safe import clean

if TYPE_CHECKING:
    from perfsheet.outputs.workbook.worksheet import LongWorksheet

TITLE, BY_OP_CODE = "Cases", "Cases By Op Code"
_MOST_SHEETS = 100
"""Cases with a sheet of their own, and with a column of their own in the table by op code."""
_OPS_SHOWN = 200
_OP_COLUMNS = (
    *("rank", "op_code", "shape", "layout", "core_count", "worker_cores", "kernel_duration_ns", "share_pct"),
    *("cumulative_pct", "pm_ideal_ns", "utilization_pct", "utilization_grid_pct", "flags", "device_id", "file_row"),
    "tensors",
)


def write(cases: Sequence[Case], path: Path, watch: Watch | None = None) -> None:
    """Write the workbook atomically to `path`. Raises PerfsheetError (exit status 7) if it cannot be written."""
    replace(path, lambda sink: _write(cases, sink, watch or Watch()))


def _write(cases: Sequence[Case], sink: io.FileIO, watch: Watch) -> None:
    with opened(sink, on_disk=False) as book:
        book.set_properties({"title": "Perf sheet of cases", "author": f"perfsheet {__version__}"})
        styles = Styles(book)
        sheet = book.add_worksheet(TITLE)
        by_op_code = book.add_worksheet(BY_OP_CODE)
        own = [case for case in cases if case.analysis][:_MOST_SHEETS]
        _write_cases(sheet, styles, cases, {case.number for case in own})
        _write_op_codes(by_op_code, styles, own)
        for done, case in enumerate(own, 1):
            _write_ranking(book.add_worksheet(sheet_title(case)), styles, case)
            watch.progress(done, len(own))
        first = next((case.analysis.provenance.record for case in own if case.analysis), None)
        if first is not None:
            results = [test for case in own if case.analysis for test in case.analysis.provenance.results]
            write_run(book.add_worksheet(RUN), styles, first, results)
        sheet.activate()


def sheet_title(case: Case) -> str:
    """`Case 3`."""
    return f"Case {case.number}"


def _write_cases(sheet: LongWorksheet, styles: Styles, cases: Sequence[Case], with_sheet: set[int]) -> None:
    def name(case: Case) -> Cell:
        if case.number not in with_sheet:
            return case.nodeid
        return Link(f"'{sheet_title(case)}'!A1", case.nodeid, "Its ranking")

    names = {"nodeid": lambda layout: [name(case) for case in cases]}
    layout = write_table_sheet(sheet, styles, CASES.columns_in(In.SHEET, cases), cases, freeze="nodeid", live=names)
    mark_word(sheet, styles, "failed", layout["outcome"], 1, layout.after - 1)
    # On paper paths and sentences would make the figures too small to read.
    sheet.print_area(0, 0, layout.after - 1, layout["duration_s"])


def _write_op_codes(sheet: LongWorksheet, styles: Styles, cases: Sequence[Case]) -> None:
    table = op_codes_table(cases)
    write_table_sheet(sheet, styles, table.columns, op_codes(cases), freeze="op_code")
    sheet.set_row(0, 46)


def _write_ranking(sheet: LongWorksheet, styles: Styles, case: Case) -> None:
    analysis = case.analysis
    assert analysis is not None
    ops = top_ops(analysis, _OPS_SHOWN)
    columns = [column.changed(wrap=False) for column in OPS.pick(*_OP_COLUMNS)]
    layout = write_table_sheet(sheet, styles, columns, ops, freeze="op_code")
    left_out = analysis.summary.timed_ops - len(ops)
    more = f"; {left_out:,} shorter ops are in its ops CSV only" if left_out else ""
    note = clean(f"{case.nodeid}: {analysis.window.label}{more}")
    sheet.write_string(layout.after + 1, 1, note, styles["quiet"])
    sheet.write_url(layout.after + 2, 1, f"internal:'{TITLE}'!A1", styles["link"], "All cases")
