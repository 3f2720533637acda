"""Sheet All Ops: every device op in execution order, what follows from it first, then the capture's own columns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from xlsxwriter.utility import xl_col_to_name

from perfsheet.analysis import Analysis
from perfsheet.analysis.ops.device_ops import Ops, once
from perfsheet.analysis.ops.shape import shapes
from perfsheet.analysis.rules import low_core_count
from perfsheet.analysis.speed_of_light import Bound
from perfsheet.analysis.statistics import known
from perfsheet.capture.table import FloatArray, IntArray
from perfsheet.capture.texts import Texts
from perfsheet.outputs.workbook import live
from perfsheet.outputs.workbook.cells import Cell, Cells, Made
from perfsheet.outputs.workbook.marks import data_bar, mark_flagged, mark_impossible
from perfsheet.outputs.workbook.sheet import Column, Field, write_columns_sheet
from perfsheet.outputs.workbook.sheets.raw_columns import raw_columns
from perfsheet.outputs.workbook.theme import Styles
from perfsheet.progress import Watch
from perfsheet.text import formats

if TYPE_CHECKING:
    from perfsheet.outputs.workbook.worksheet import LongWorksheet

Item = TypeVar("Item")

TITLE = "All Ops"
MOST_OPS = 250_000
"""A sheet of so many ops is a gigabyte of XML, and a zip file holds no more than two of it; of longer captures the
longest so many ops are here."""

_CORES, _GRID, _KERNEL, _IDEAL, _UTILIZATION, _BY_GRID, _FLAGS, _RUN_ORDER = 2, 3, 4, 6, 7, 8, 13, 16


@once
def _shown(ops: Ops) -> IntArray:
    """The positions of the ops on this sheet, in execution order."""
    if len(ops) <= MOST_OPS:
        return np.arange(len(ops))
    longest_first = np.argsort(-np.nan_to_num(ops.kernel_ns, nan=-1.0), kind="stable")
    return np.sort(longest_first[:MOST_OPS])


def left_out(analysis: Analysis) -> str:
    """What is to be said of a capture that is too long for the sheet; blank for others."""
    ops, shown = analysis.ops, _shown(analysis.ops)
    if len(shown) == len(ops):
        return ""
    share = float(np.nansum(ops.kernel_ns[shown])) / ops.total_ns if ops.total_ns else 0.0
    return (
        f"Sheet {TITLE} has the {len(shown):,} longest of {len(ops):,} ops, {formats.percent(share)} of kernel time: a "
        "workbook of all of them would be too large for Excel. All other figures cover every op. A workbook of a part: "
        "--pass, --device, --id-range, --start-signpost"
    )


def link_to(analysis: Analysis, position: int) -> Cell:
    """The op's row in the capture, as a link to its row on this sheet, wherever sorting has put it; just the row for
    an op that is not here."""
    shown = _shown(analysis.ops)
    row = int(np.searchsorted(shown, position))
    file_row = int(analysis.ops.table.row[analysis.ops.rows[position]])
    if row == len(shown) or shown[row] != position:
        return file_row
    return live.link_to_row(TITLE, xl_col_to_name(_RUN_ORDER), row + 2, position + 1, file_row)


def few_cores_share(analysis: Analysis) -> str | None:
    """A formula for the part of the kernel time on few cores, from the cells of this sheet; None where ops are missing
    from it."""
    last = len(analysis.ops) + 1
    if len(_shown(analysis.ops)) < len(analysis.ops):
        return None
    cores, grid, kernel = (
        f"'{TITLE}'!${name}$2:${name}${last}" for name in map(xl_col_to_name, (_CORES, _GRID, _KERNEL))
    )
    low = f"({cores}<={grid}*{live.LOW_CORES}/100)"
    return f"=SUM((SUMPRODUCT(ISNUMBER({cores})*ISNUMBER({grid})*{low},{kernel}))/{analysis.ops.total_ns!r})"


def write(sheet: LongWorksheet, styles: Styles, analysis: Analysis, raw: bool, watch: Watch) -> None:
    """Write the ops; `watch` hears how many are written.

    `raw`: with all columns of the capture, those that are rarely read folded; else with the others only.
    """
    shown = _shown(analysis.ops)
    columns = _columns(analysis, raw, shown)
    after = write_columns_sheet(
        sheet, styles, columns, len(shown), written=lambda rows: watch.progress(rows, len(shown))
    )
    if note := left_out(analysis):
        sheet.write_string(after + 1, 0, note, styles["quiet"])
    data_bar(sheet, _KERNEL, 1, after - 1)
    mark_impossible(sheet, styles, (_UTILIZATION, _BY_GRID), after - 1)
    mark_flagged(sheet, styles, _CORES, _FLAGS, low_core_count.RULE.id, after - 1)
    # On paper sixty columns would be dust: the leading ones carry the analysis.
    sheet.print_area(0, 0, max(1, after - 1), _FLAGS + 1)
    # Hashes are names made of digits: Excel need not offer to make numbers of them.
    sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{after}"})


def _columns(analysis: Analysis, raw: bool, shown: IntArray) -> list[Column]:
    ops, light = analysis.ops, analysis.facts.light
    headers, described = ops.table.headers, shapes(ops)
    columns = [
        Column(headers["op_code"], ops.codes, width=34),
        Column(headers.get("device_id", "DEVICE ID"), ops.device, "plain_number", 8),
        Column(headers.get("core_count", "CORE COUNT"), ops.cores, "count", 8),
        Column("WORKER CORES", ops.worker_cores, "count", 9),
        Column(headers["kernel_duration_ns"], ops.kernel_ns, "ns", 18),
        Column("SHARE", _shares(analysis), "percent", 8),
        Column(headers.get("pm_ideal_ns", "PM IDEAL [ns]"), ops.number("pm_ideal_ns"), "ns", 12),
        Column("UTILIZATION", _utilizations(ops, shown), "percent", 12),
        Column("UTILIZATION BY GRID", ops.utilization_grid, "percent", 12),
        Column("SPEED OF LIGHT", light.sol, "percent", 10),
        Column("BOUND", light.bounds.mapped(lambda bound: "" if bound == Bound.UNKNOWN.value else bound), width=10),
        Column("SHAPE", _of_variants(ops, [one.shape for one in described]), width=30),
        Column("LAYOUT IN → OUT", _of_variants(ops, [one.layout for one in described]), width=38),
        Column("FLAGS", _live_flags(analysis, shown), width=26),
        Column("FINDINGS", _finding_ids(analysis, shown), width=11),
        Column("RANK", _ranks(analysis), "count", 8),
        Column("RUN ORDER", np.arange(1, len(ops) + 1), "count", 8),
        Column("FILE ROW", ops.table.row[ops.rows], "plain_number", 9),
        *_files(analysis),
        *raw_columns(analysis, raw),
    ]
    return columns if len(shown) == len(ops) else [replace(one, cells=_at(one.cells, shown)) for one in columns]


def _at(cells: Cells, shown: IntArray) -> Cells:
    """Cells of every op, at the shown ones; those that are of the shown ones already stay."""
    if isinstance(cells, Made) or len(cells) == len(shown):
        return cells
    if isinstance(cells, Texts):
        return cells.take(shown)
    return cells[shown] if isinstance(cells, np.ndarray) else [cells[at] for at in shown.tolist()]


def _of_variants(ops: Ops, texts: list[str]) -> Texts:
    return Texts(ops.variants.of.astype(np.int32), texts)


def _utilizations(ops: Ops, shown: IntArray) -> Cells:
    places = (_IDEAL, _KERNEL, _CORES, _GRID)

    def some(rows: range) -> list[Cell]:
        values = ops.utilization[shown[rows.start : rows.stop]].tolist()
        return [live.utilization(row + 1, places, known(value)) for row, value in zip(rows, values, strict=True)]

    return Made(len(shown), some)


def _live_flags(analysis: Analysis, shown: IntArray) -> Cells:
    ops, places = analysis.ops, (_CORES, _GRID, _UTILIZATION, _BY_GRID)
    can_be_low = ops.timed & np.isfinite(ops.cores) & np.isfinite(ops.worker_cores)
    of, combinations = _flags(analysis, shown)

    def some(rows: range) -> list[Cell]:
        here = slice(rows.start, rows.stop)
        each = zip(rows, of[here].tolist(), can_be_low[shown[here]].tolist(), strict=True)
        return [live.flags(row + 1, places, combinations[which], can) for row, which, can in each]

    return Made(len(shown), some)


def _flags(analysis: Analysis, shown: IntArray) -> tuple[IntArray, list[tuple[str, ...]]]:
    """For each op which of the combinations of flags it carries, and these."""
    masks = analysis.flag_masks
    bits = np.zeros(len(shown), dtype=np.int64)
    for place, mask in enumerate(masks.values()):
        bits |= mask[shown].astype(np.int64) << place
    found, of = np.unique(bits, return_inverse=True)
    names = [tuple(name for place, name in enumerate(masks) if bit >> place & 1) for bit in found.tolist()]
    return of.reshape(-1), names


def _finding_ids(analysis: Analysis, shown: IntArray) -> Texts:
    ids: dict[int, str] = {}
    for one in analysis.findings:
        places = np.searchsorted(shown, one.positions)
        here = places[(places < len(shown)) & (shown[np.minimum(places, len(shown) - 1)] == one.positions)]
        for place in here.tolist():
            ids[place] = f"{ids[place]}, {one.id}" if place in ids else one.id
    return Texts.of(ids.get(place, "") for place in range(len(shown)))


def file_fields(analysis: Analysis, position: Callable[[Item], int]) -> list[Field[Item]]:
    """A column with the file of each row, for captures of several; `position` is where an item's op stands."""
    names = [Path(path).name for path in analysis.summary.paths]
    if len(names) == 1:
        return []
    files, rows = analysis.ops.table.file, analysis.ops.rows
    return [Field("FILE", lambda item: names[files[rows[position(item)]]], width=30)]


def _files(analysis: Analysis) -> list[Column]:
    names = [Path(path).name for path in analysis.summary.paths]
    ops = analysis.ops
    of = ops.table.file[ops.rows].astype(np.int32)
    return [Column("FILE", Texts(of, names), width=30)] if len(names) > 1 else []


def _ranks(analysis: Analysis) -> FloatArray:
    order = analysis.ranking.order
    ranks = np.full(len(analysis.ops), np.nan)
    ranks[order] = np.arange(1, len(order) + 1)
    return ranks


def _shares(analysis: Analysis) -> FloatArray:
    shares = np.full(len(analysis.ops), np.nan)
    shares[analysis.ranking.order] = analysis.ranking.share
    return shares
