"""Sheet All Ops: every device op in execution order, what follows from it first, then the capture's own columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from xlsxwriter.utility import xl_col_to_name

from perfsheet.analysis import Analysis
from perfsheet.analysis.numbers import known
from perfsheet.analysis.rules import low_core_count
from perfsheet.analysis.shape import shape_of
from perfsheet.progress import Watch
from perfsheet.render.workbook import live
from perfsheet.render.workbook.marks import data_bar, mark_flagged, mark_impossible
from perfsheet.render.workbook.sheet import Cell, Field, Formula, write_table_sheet
from perfsheet.render.workbook.sheets.raw_columns import RawColumns, raw_columns
from perfsheet.render.workbook.theme import Styles

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

Item = TypeVar("Item")

TITLE = "All Ops"
ROWS_PER_SHEET = 1_048_575
"""Excel's limit less the header; longer captures go on in `All Ops 2`, …"""

_CORES, _GRID, _KERNEL, _IDEAL, _UTILIZATION, _BY_GRID, _FLAGS, _RUN_ORDER = 2, 3, 4, 6, 7, 8, 13, 16
_TOLD_EVERY = 1000


def sheets_needed(analysis: Analysis) -> int:
    """How many sheets the ops take."""
    return max(1, -(-len(analysis.ops) // ROWS_PER_SHEET))


def sheet_title(number: int) -> str:
    """`All Ops`, `All Ops 2`, …"""
    return TITLE if number == 0 else f"{TITLE} {number + 1}"


def link_to(analysis: Analysis, position: int) -> Formula:
    """The op's row in the capture, as a link to its row on this sheet, wherever sorting has put it."""
    number, row = divmod(position, ROWS_PER_SHEET)
    file_row = int(analysis.ops.table.row[analysis.ops.rows[position]])
    return live.link_to_row(sheet_title(number), xl_col_to_name(_RUN_ORDER), row + 2, position + 1, file_row)


def few_cores_share(analysis: Analysis) -> str:
    """A formula for the part of the kernel time on few cores, from the cells of this sheet."""
    sums = []
    for number in range(sheets_needed(analysis)):
        last = min(len(analysis.ops) - number * ROWS_PER_SHEET, ROWS_PER_SHEET) + 1
        cores, grid, kernel = (
            f"'{sheet_title(number)}'!${name}$2:${name}${last}"
            for name in map(xl_col_to_name, (_CORES, _GRID, _KERNEL))
        )
        low = f"({cores}<={grid}*{live.LOW_CORES}/100)"
        sums.append(f"SUMPRODUCT(ISNUMBER({cores})*ISNUMBER({grid})*{low},{kernel})")
    return f"=SUM(({'+'.join(sums)})/{analysis.ops.total_ns!r})"


def write(sheet: Worksheet, styles: Styles, analysis: Analysis, raw: bool, first: int, watch: Watch) -> None:
    """Write the ops from position `first` on, as many as a sheet takes; `watch` hears how many are written.

    `raw`: with all columns of the capture, those that are rarely read folded; else with the others only.
    """
    columns = raw_columns(analysis, raw)
    fields = _fields(analysis, columns, first)
    last = min(len(analysis.ops), first + ROWS_PER_SHEET)
    after = write_table_sheet(sheet, styles, fields, _told(range(first, last), len(analysis.ops), watch))
    data_bar(sheet, _KERNEL, 1, after - 1)
    mark_impossible(sheet, styles, (_UTILIZATION, _BY_GRID), after - 1)
    mark_flagged(sheet, styles, _CORES, _FLAGS, low_core_count.RULE.id, after - 1)
    # On paper sixty columns would be dust: the leading ones carry the analysis.
    sheet.print_area(0, 0, max(1, after - 1), _FLAGS + 1)
    # Hashes are names made of digits: Excel need not offer to make numbers of them.
    sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{after}"})


def _told(positions: range, total: int, watch: Watch) -> Iterator[int]:
    for position in positions:
        if position % _TOLD_EVERY == 0:
            watch.progress(position, total)
        yield position


def _fields(analysis: Analysis, columns: RawColumns, first: int) -> list[Field[int]]:
    ops, light = analysis.ops, analysis.facts.light
    flags, found, ranks, share = _flags(analysis), analysis.findings_of, _ranks(analysis), _shares(analysis)
    can_be_low = (ops.timed & np.isfinite(ops.cores) & np.isfinite(ops.worker_cores)).tolist()

    def utilization(at: int) -> Cell:
        return live.utilization(at - first + 1, (_IDEAL, _KERNEL, _CORES, _GRID), known(ops.utilization[at]))

    def live_flags(at: int) -> Cell:
        return live.flags(at - first + 1, (_CORES, _GRID, _UTILIZATION, _BY_GRID), flags[at], can_be_low[at])

    headers = ops.table.headers
    return [
        Field(headers["op_code"], lambda at: ops.codes[at], width=34),
        Field(headers.get("device_id", "DEVICE ID"), lambda at: int(ops.device[at]), "plain_number", 8),
        Field(headers.get("core_count", "CORE COUNT"), lambda at: known(ops.cores[at]), "count", 8),
        Field("WORKER CORES", lambda at: known(ops.worker_cores[at]), "count", 9),
        Field(headers["kernel_duration_ns"], lambda at: known(ops.kernel_ns[at]), "ns", 18),
        Field("SHARE", lambda at: share[at], "percent", 8),
        Field(headers.get("pm_ideal_ns", "PM IDEAL [ns]"), columns.number("pm_ideal_ns"), "ns", 12),
        Field("UTILIZATION", utilization, "percent", 12),
        Field("UTILIZATION BY GRID", lambda at: known(ops.utilization_grid[at]), "percent", 12),
        Field("SPEED OF LIGHT", lambda at: known(light.sol[at]), "percent", 10),
        Field("BOUND", lambda at: _bound(analysis, at), width=10),
        Field("SHAPE", lambda at: shape_of(ops, at).shape, width=30),
        Field("LAYOUT IN → OUT", lambda at: shape_of(ops, at).layout, width=38),
        Field("FLAGS", live_flags, width=26),
        Field("FINDINGS", lambda at: ", ".join(found.get(at, ())), width=11),
        Field("RANK", ranks.get, "count", 8),
        Field("RUN ORDER", lambda at: at + 1, "count", 8),
        Field("FILE ROW", lambda at: int(ops.table.row[ops.rows[at]]), "plain_number", 9),
        *file_fields(analysis, lambda at: at),
        *columns.fields,
    ]


def _bound(analysis: Analysis, position: int) -> str | None:
    bound = analysis.facts.light.bound(position).value
    return None if bound == "unknown" else bound


def file_fields(analysis: Analysis, position: Callable[[Item], int]) -> list[Field[Item]]:
    """A column with the file of each row, for captures of several; `position` is where an item's op stands."""
    names = [Path(path).name for path in analysis.summary.paths]
    if len(names) == 1:
        return []
    files, rows = analysis.ops.table.file, analysis.ops.rows
    return [Field("FILE", lambda item: names[files[rows[position(item)]]], width=30)]


def _flags(analysis: Analysis) -> list[list[str]]:
    names: list[list[str]] = [[] for _ in range(len(analysis.ops))]
    for flag, mask in analysis.flag_masks.items():
        for position in np.flatnonzero(mask).tolist():
            names[position].append(flag)
    return names


def _ranks(analysis: Analysis) -> dict[int, int]:
    return {position: index for index, position in enumerate(analysis.ranking.order.tolist(), start=1)}


def _shares(analysis: Analysis) -> list[float | None]:
    share: list[float | None] = [None] * len(analysis.ops)
    for position, value in zip(analysis.ranking.order.tolist(), analysis.ranking.share.tolist(), strict=True):
        share[position] = known(value)
    return share
