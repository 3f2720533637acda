"""Sheet All Ops: the ops of every pass and device in execution order, perfsheet's columns first, then the capture's."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np
from xlsxwriter.utility import xl_col_to_name

from perfsheet.analysis import Analysis
from perfsheet.analysis.ops.device_ops import Ops, once
from perfsheet.analysis.results import RowRef
from perfsheet.capture.columns import BY_NAME, tensor_column
from perfsheet.capture.table import FloatArray, IntArray
from perfsheet.capture.texts import Texts
from perfsheet.outputs.workbook import live
from perfsheet.outputs.workbook.cells import Cell
from perfsheet.outputs.workbook.sheet import Column as SheetColumn
from perfsheet.outputs.workbook.tables import Further, RowLink, source_ahead, write_table_sheet
from perfsheet.outputs.workbook.theme import Styles
from perfsheet.progress import Watch
from perfsheet.tables import Column, In
from perfsheet.tables.op_rows import OpRows, every_op
from perfsheet.tables.ops import OPS
from perfsheet.text import formats

if TYPE_CHECKING:
    from perfsheet.outputs.workbook.worksheet import LongWorksheet

TITLE = "All Ops"
MOST_OPS = 250_000
"""Most ops on the sheet, the longest first: they are a gigabyte of XML, and a zip file holds at most two."""


@once
def _listed(ops: Ops) -> IntArray:
    """The positions of the ops on this sheet, in execution order."""
    if len(ops) <= MOST_OPS:
        return np.arange(len(ops))
    longest_first = np.argsort(-np.nan_to_num(ops.kernel_ns, nan=-1.0), kind="stable")
    return np.sort(longest_first[:MOST_OPS])


def left_out(analysis: Analysis) -> str:
    """A note about the ops that are not on the sheet; blank if it has all."""
    ops = analysis.every.ops
    listed = _listed(ops)
    if len(listed) == len(ops):
        return ""
    share = float(np.nansum(ops.kernel_ns[listed])) / ops.total_ns if ops.total_ns else 0.0
    return (
        f"Sheet {TITLE} has the {len(listed):,} longest of {len(ops):,} ops, {formats.percent(share)} of kernel time: "
        "a workbook of all of them would be too large for Excel. All other figures cover every op. For a workbook of a "
        "part, use --pass, --device, --id-range or --start-signpost"
    )


def _columns(analysis: Analysis) -> list[Column[OpRows]]:
    headers = analysis.ops.table.headers
    return [
        column.changed(exact=headers.get(column.capture, ""), wrap=False)
        for column in source_ahead(OPS.columns_in(In.ALL_OPS, every_op(analysis)))
    ]


def _letters(analysis: Analysis, *keys: str) -> list[str]:
    """The names of columns of this sheet."""
    shown = [column.key for column in _columns(analysis)]
    return [str(xl_col_to_name(shown.index(key))) for key in keys]


def row_links(analysis: Analysis) -> RowLink:
    """A function from a row of the capture to a link to its row here, wherever sorting has put it.

    It gives the bare number for a row that is not here.
    """
    listed, (letters,) = _listed(analysis.every.ops), _letters(analysis, "run_order")
    has_all = len(listed) == len(analysis.every.ops)

    def link(ref: RowRef) -> Cell:
        if ref.position is None:
            return ref.row
        row = ref.position if has_all else int(np.searchsorted(listed, ref.position))
        if row == len(listed) or listed[row] != ref.position:
            return ref.row
        return live.link_to_row(TITLE, letters, row + 2, ref.position + 1, ref.row)

    return link


def link_to(analysis: Analysis, position: int) -> Cell:
    """The link of one op."""
    return row_links(analysis)(analysis.row_ref(position))


def few_cores_share(analysis: Analysis) -> str | None:
    """A formula for the share of kernel time on few cores from the cells here; None if ops are left out or overlap."""
    every = analysis.every.ops
    last = len(every) + 1
    if len(_listed(every)) < len(every) or analysis.summary.overlapping_ns:
        return None
    rank, cores, grid, kernel = (
        f"'{TITLE}'!${name}$2:${name}${last}"
        for name in _letters(analysis, "rank", "core_count", "worker_cores", "kernel_duration_ns")
    )
    low = f"({cores}<={grid}*{live.LOW_CORES}/100)"
    counted = f"ISNUMBER({rank})*ISNUMBER({cores})*ISNUMBER({grid})"
    return f"=SUM((SUMPRODUCT({counted}*{low},{kernel}))/{analysis.ops.total_ns!r})"


def write(sheet: LongWorksheet, styles: Styles, analysis: Analysis, raw: bool, watch: Watch) -> None:
    """Write the ops, with all columns of the capture if `raw`, else the curated ones; `watch` gets the progress."""
    rows = every_op(analysis, _listed(analysis.every.ops))
    columns = _columns(analysis)
    layout = write_table_sheet(
        sheet,
        styles,
        columns,
        rows,
        freeze="op_code",
        live=live.op_formulas(rows, ideal="pm_ideal_captured_ns"),
        further=Further(
            raw_columns(analysis, rows, {column.header(In.ALL_OPS) for column in columns}, raw),
            lambda count: watch.progress(count, len(rows)),
        ),
    )
    if note := left_out(analysis):
        sheet.write_string(layout.after + 1, 0, note, styles["quiet"])
    # Sixty columns would be unreadable on paper: print the leading ones.
    sheet.print_area(0, 0, max(1, layout.after - 1), layout["finding_ids"])
    # Hashes are text made of digits: no warning of Excel about them.
    sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{layout.after}"})


_WIDTHS = {"attributes": 40.0, "program_hash": 22.0, "device_arch": 13.0, "math_fidelity": 10.0}
# Sizes per processor and statistics per core: dozens of columns that are rarely read.
_BULK = re.compile(r"MAX KERNEL SIZE|_TT_HOST_FUNC|KERNEL PATH|\(%\)$|\[B\]$", re.IGNORECASE)
_PLAIN_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?")
_EXACT = 1e15
"""From here on a cell would round whole numbers."""


def raw_columns(analysis: Analysis, rows: OpRows, taken: Collection[str], raw: bool) -> list[SheetColumn]:
    """The capture's own columns: curated ones with values first, then, if `raw`, all others, folded.

    Without `raw` the last header states how many are left out. `taken`: headers that are on the sheet already.
    """
    leading = {column.capture for column in OPS.columns_in(In.ALL_OPS)}
    shown: list[SheetColumn] = []
    folded: list[SheetColumn] = []
    left_out = 0
    for name, header in analysis.ops.table.headers.items():
        if name in leading:
            continue
        visible = _curated(name, header) and _filled(analysis, name)
        if visible or raw:
            own = f"{header} (CAPTURE)" if header.upper() in taken else header
            (shown if visible else folded).append(_column(rows, name, own, not visible))
        else:
            left_out += 1
    if left_out:
        header = f"{left_out} MORE COLUMNS: perfsheet report --raw"
        shown.append(SheetColumn(header, Texts.blank(len(rows)), width=24))
    return [*shown, *folded]


def _curated(name: str, header: str) -> bool:
    column = BY_NAME.get(name)
    return column.curated if column is not None else _BULK.search(header) is None


def _filled(analysis: Analysis, name: str) -> bool:
    ops = analysis.every.ops
    if name in ops.table.numbers:
        return bool(np.isfinite(ops.number(name)).any())
    return any(cell.strip() for cell in ops.text(name).present())


def _column(rows: OpRows, name: str, header: str, folded: bool) -> SheetColumn:
    if name in rows.ops.table.numbers:
        return _number_column(rows, name, header, folded)
    return _text_column(rows, name, header, folded)


def _number_column(rows: OpRows, name: str, header: str, folded: bool) -> SheetColumn:
    values = rows.ops.number(name)[rows.positions]
    known_values = values[np.isfinite(values)]
    unit = BY_NAME[name].unit if name in BY_NAME else ""
    whole = bool((known_values == np.round(known_values)).all())
    style = "ns" if unit == "ns" and whole else "plain_number" if whole else "decimal"
    return SheetColumn(header, values, style, 15 if unit == "cycles" else 12, folded)


def _text_column(rows: OpRows, name: str, header: str, folded: bool) -> SheetColumn:
    cells = rows.ops.text(name).mapped(str.strip).take(rows.positions)
    if BY_NAME.get(name) is None:
        numbers = _plain_numbers(cells)
        if numbers is not None:
            known_values = numbers[np.isfinite(numbers)]
            style = "plain_number" if (known_values == np.round(known_values)).all() else "decimal"
            return SheetColumn(header, numbers, style, 10, folded)
    width = 9.0 if tensor_column(header) and not header.upper().endswith("MEMORY") else 24.0
    return SheetColumn(header, cells, width=_WIDTHS.get(name, width), folded=folded)


def _plain_numbers(cells: Texts) -> FloatArray | None:
    """The cells as numbers, if each is written as a plain number: `007` and `1_000` are names."""
    if not all(_PLAIN_NUMBER.fullmatch(cell) for cell in cells.present() if cell):
        return None
    numbers = np.array([_number(cell) for cell in cells.values], dtype=np.float64)[cells.codes]
    return None if (np.abs(numbers) >= _EXACT).any() else numbers


def _number(cell: str) -> float:
    return float(cell) if _PLAIN_NUMBER.fullmatch(cell) else np.nan
