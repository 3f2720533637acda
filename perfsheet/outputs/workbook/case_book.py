"""The workbook of a target's cases: all side by side, then the ranking of each, and how the first of them was run."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from perfsheet._version import __version__
from perfsheet.analysis.cases import Case, OpCodeOfCases, op_codes
from perfsheet.analysis.ops.signature import signatures
from perfsheet.analysis.results import RankedOp
from perfsheet.analysis.rules import low_core_count, reshard
from perfsheet.atomic_write import replace
from perfsheet.outputs.workbook.book import opened
from perfsheet.outputs.workbook.cells import Cell, Link
from perfsheet.outputs.workbook.marks import data_bar, mark_impossible, mark_word
from perfsheet.outputs.workbook.sheet import Field, write_table_sheet
from perfsheet.outputs.workbook.sheets.run import TITLE as RUN
from perfsheet.outputs.workbook.sheets.run import write as write_run
from perfsheet.outputs.workbook.sheets.top_ops import FIGURES, NAMES
from perfsheet.outputs.workbook.theme import Styles
from perfsheet.progress import Watch
from perfsheet.text import formats

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

TITLE, BY_OP_CODE = "Cases", "Cases By Op Code"
_MOST_SHEETS = 100
"""Cases with a sheet of their own, and with a column of their own in the table by op code."""
_OPS_SHOWN = 200


def write(cases: Sequence[Case], path: Path, watch: Watch | None = None) -> None:
    """Write the workbook to `path`, whole or not at all. Raises PerfsheetError (exit status 7) when it cannot."""
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


def _write_cases(sheet: Worksheet, styles: Styles, cases: Sequence[Case], with_sheet: set[int]) -> None:
    def name(case: Case) -> Cell:
        if case.number not in with_sheet:
            return case.nodeid
        return Link(f"'{sheet_title(case)}'!A1", case.nodeid, "Its ranking")

    fields: list[Field[Case]] = [
        Field("CASE", name, width=60),
        Field("OUTCOME", lambda case: case.outcome or "no verdict", width=12),
        Field("#", lambda case: case.number, "count", 6),
        Field("KERNEL [ns]", lambda case: case.kernel_ns, "ns", 16),
        Field("FPS", lambda case: case.summary.fps.all if case.summary else None, "decimal", 12),
        Field("DEVICE OPS", lambda case: case.summary.device_rows if case.summary else None, "count", 10),
        Field("TIME ON FEW CORES", lambda case: case.share_of(low_core_count.RULE.id), "percent", 12),
        Field("TIME IN RESHARDS", lambda case: case.share_of(reshard.RULE.id), "percent", 12),
        Field("TIME WITH A MODEL", lambda case: case.summary.modelled_share if case.summary else None, "percent", 12),
        Field("LONGEST OP CODE", lambda case: case.longest.op_code if case.longest else None, width=34),
        Field("ITS SHARE", lambda case: case.longest.share if case.longest else None, "percent", 9),
        *_spread_fields(cases),
        Field("TEST DURATION [s]", lambda case: case.duration_s and round(case.duration_s, 3), "decimal", 12),
        Field("WHAT WENT WRONG", lambda case: case.problem, "wrap", 60),
        Field("TO DISTRUST", lambda case: "; ".join(case.summary.warnings) if case.summary else None, "wrap", 60),
        Field("OPS CSV", lambda case: case.csv, width=60),
    ]
    after = write_table_sheet(sheet, styles, fields, cases)
    data_bar(sheet, 3, 1, after - 1)
    mark_word(sheet, styles, "failed", 1, 1, after)
    # On paper paths and sentences would shrink the figures beyond reading.
    sheet.print_area(0, 0, after - 1, [field.header for field in fields].index("TEST DURATION [s]"))


def _spread_fields(cases: Sequence[Case]) -> list[Field[Case]]:
    """How the kernel time varies, where the cases were repeated."""
    if not any(case.kernel_spread for case in cases):
        return []
    return [
        Field("RUNS", lambda case: case.kernel_spread.runs if case.kernel_spread else None, "count", 7),
        Field("MIN [ns]", lambda case: case.kernel_spread.min_ns if case.kernel_spread else None, "ns", 14),
        Field("MEDIAN [ns]", lambda case: case.kernel_spread.median_ns if case.kernel_spread else None, "ns", 14),
        Field("MAX [ns]", lambda case: case.kernel_spread.max_ns if case.kernel_spread else None, "ns", 14),
        Field("STD DEV [ns]", lambda case: case.kernel_spread.std_ns if case.kernel_spread else None, "ns", 12),
        Field("CV", lambda case: case.kernel_spread.cv if case.kernel_spread else None, "percent", 8),
    ]


def _write_op_codes(sheet: Worksheet, styles: Styles, cases: Sequence[Case]) -> None:
    """Kernel time of every op code, a column per case."""

    def of_case(index: int, case: Case) -> Field[OpCodeOfCases]:
        header = f"{case.number}: {formats.short_nodeid(case.nodeid)} [ns]"
        return Field(formats.clean(header, 255), lambda kind: kind.kernel_ns[index], "ns", 16)

    fields = [
        Field[OpCodeOfCases]("OP CODE", lambda kind: kind.op_code, width=36),
        *(of_case(index, case) for index, case in enumerate(cases)),
    ]
    write_table_sheet(sheet, styles, fields, op_codes(cases))
    sheet.set_row(0, 46)


def _write_ranking(sheet: Worksheet, styles: Styles, case: Case) -> None:
    analysis = case.analysis
    assert analysis is not None
    ops = analysis.top(_OPS_SHOWN)
    found = signatures(analysis.ops, [op.position for op in ops])
    tensors = {op.position: signature.tensors for op, signature in zip(ops, found, strict=True)}
    fields: list[Field[RankedOp]] = [
        *NAMES,
        *FIGURES,
        Field("UTILIZATION", lambda op: op.utilization, "percent", 12),
        Field("UTILIZATION BY GRID", lambda op: op.utilization_grid, "percent", 12),
        Field("FLAGS", lambda op: ", ".join(op.flags), width=26),
        Field("DEVICE ID", lambda op: op.device, "plain_number", 8),
        Field("FILE ROW", lambda op: op.row.row, "plain_number", 9),
        Field("INPUTS → OUTPUTS", lambda op: tensors[op.position], width=90),
    ]
    after = write_table_sheet(sheet, styles, fields, ops)
    headers = [field.header for field in fields]
    data_bar(sheet, headers.index("DEVICE KERNEL DURATION [ns]"), 1, after - 1)
    by_grid = headers.index("UTILIZATION BY GRID")
    for utilization in (by_grid - 1, by_grid):
        mark_impossible(sheet, styles, utilization, 1, after - 1)
    left_out = analysis.summary.timed_rows - len(ops)
    more = f"; {left_out:,} shorter ops are in its ops CSV only" if left_out else ""
    sheet.write_string(after + 1, 1, formats.clean(f"{case.nodeid}: {analysis.window.label}{more}"), styles["quiet"])
    sheet.write_url(after + 2, 1, f"internal:'{TITLE}'!A1", styles["link"], "All cases")
