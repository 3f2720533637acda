"""Sheet All Ops: every device op of the window in execution order, under the capture's own headers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from perfsheet.analysis import Analysis
from perfsheet.analysis.numbers import known
from perfsheet.analysis.rules import low_core_count
from perfsheet.capture.columns import BY_NAME, Column, tensor_column
from perfsheet.progress import Watch
from perfsheet.render.workbook import utilization
from perfsheet.render.workbook.marks import data_bar, mark_flagged, mark_impossible, strike_stale_flags
from perfsheet.render.workbook.sheet import Cell, Field, write_table_sheet
from perfsheet.render.workbook.theme import Styles

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

Item = TypeVar("Item")

TITLE = "All Ops"
ROWS_PER_SHEET = 1_048_575
"""Excel's limit less the header; longer captures go on in `All Ops 2`, …"""

_LEADING = {"op_code", "device_id", "core_count", "kernel_duration_ns", "pm_ideal_ns"}
_DERIVED = {"WORKER CORES", "SHARE", "UTILIZATION", "UTILIZATION BY GRID", "FLAGS", "FINDINGS", "RANK", "FILE ROW"}
_WIDTHS = {"attributes": 40.0, "program_hash": 22.0, "device_arch": 13.0, "math_fidelity": 10.0}
_PLAIN_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?")
_TOLD_EVERY = 1000
_EXACT = 1e15
"""Above it a cell would round a whole number."""


def sheets_needed(analysis: Analysis) -> int:
    """How many sheets the ops take."""
    return max(1, -(-len(analysis.ops) // ROWS_PER_SHEET))


def sheet_title(number: int) -> str:
    """`All Ops`, `All Ops 2`, …"""
    return TITLE if number == 0 else f"{TITLE} {number + 1}"


def location(position: int) -> str:
    """The cell of an op, as a link target."""
    number, row = divmod(position, ROWS_PER_SHEET)
    return f"'{sheet_title(number)}'!A{row + 2}"


def write(sheet: Worksheet, styles: Styles, analysis: Analysis, first: int, watch: Watch) -> None:
    """Write the ops from position `first` on, as many as a sheet takes; `watch` hears how many are written."""
    fields = _fields(analysis, first)
    last = min(len(analysis.ops), first + ROWS_PER_SHEET)
    after = write_table_sheet(sheet, styles, fields, _told(range(first, last), len(analysis.ops), watch))
    headers = [field.header for field in fields]
    flags = headers.index("FLAGS")
    utilizations = headers.index("UTILIZATION"), headers.index("UTILIZATION BY GRID")
    data_bar(sheet, 4, 1, after - 1)
    mark_impossible(sheet, styles, utilizations, after - 1)
    strike_stale_flags(sheet, styles, flags, utilizations, after - 1)
    mark_flagged(sheet, styles, 2, flags, low_core_count.RULE.id, after - 1)
    # On paper sixty columns would be dust: the leading ones carry the analysis.
    sheet.print_area(0, 0, max(1, after - 1), headers.index("FILE ROW"))
    # Hashes are names made of digits: Excel need not offer to make numbers of them.
    sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{after}"})


def _told(positions: range, total: int, watch: Watch) -> Iterator[int]:
    for position in positions:
        if position % _TOLD_EVERY == 0:
            watch.progress(position, total)
        yield position


def _fields(analysis: Analysis, first: int) -> list[Field[int]]:
    ops = analysis.ops
    flags, found, ranks, share = _flags(analysis), _findings(analysis), _ranks(analysis), _shares(analysis)

    def live(position: int) -> Cell:
        return utilization.formula(position - first + 1, (6, 4, 2, 3), known(ops.utilization[position]))

    headers = ops.table.headers
    return [
        Field(headers["op_code"], lambda at: ops.codes[at], width=34),
        Field(headers.get("device_id", "DEVICE ID"), lambda at: int(ops.device[at]), "plain_number", 8),
        Field(headers.get("core_count", "CORE COUNT"), lambda at: known(ops.cores[at]), "count", 8),
        Field("WORKER CORES", lambda at: known(ops.worker_cores[at]), "count", 9),
        Field(headers["kernel_duration_ns"], lambda at: known(ops.kernel_ns[at]), "ns", 18),
        Field("SHARE", lambda at: share[at], "percent", 8),
        Field(headers.get("pm_ideal_ns", "PM IDEAL [ns]"), _number(analysis, "pm_ideal_ns"), "ns", 12),
        Field("UTILIZATION", live, "percent", 12),
        Field("UTILIZATION BY GRID", lambda at: known(ops.utilization_grid[at]), "percent", 12),
        Field("FLAGS", lambda at: flags[at], width=26),
        Field("FINDINGS", lambda at: found.get(at, ""), width=11),
        Field("RANK", ranks.get, "count", 8),
        Field("FILE ROW", lambda at: int(ops.table.row[ops.rows[at]]), "plain_number", 9),
        *file_fields(analysis, lambda at: at),
        *_raw_fields(analysis),
    ]


def file_fields(analysis: Analysis, position: Callable[[Item], int]) -> list[Field[Item]]:
    """A column with the file of each row, for captures of several; `position` is where an item's op stands."""
    names = [Path(path).name for path in analysis.summary.paths]
    if len(names) == 1:
        return []
    files, rows = analysis.ops.table.file, analysis.ops.rows
    return [Field("FILE", lambda item: names[files[rows[position(item)]]], width=30)]


def _raw_fields(analysis: Analysis) -> list[Field[int]]:
    """The capture's other columns: the declared ones worth a look, tensors, and what perfsheet does not know."""
    table = analysis.ops.table
    fields: list[Field[int]] = []
    for name, header in table.headers.items():
        column = BY_NAME.get(name)
        if name in _LEADING or (column is not None and not column.curated) or header.upper() in _DERIVED:
            continue
        if _is_bulk(header):
            continue
        field = _number_field(analysis, name, header) if name in table.numbers else _text_field(analysis, name, header)
        if field is not None:
            fields.append(field)
    return fields


def _is_bulk(header: str) -> bool:
    """Per-processor kernel sizes and per-core counter statistics: dozens of columns that nobody reads here."""
    return re.search(r"MAX KERNEL SIZE|_TT_HOST_FUNC|KERNEL PATH", header, re.IGNORECASE) is not None


def _number_field(analysis: Analysis, name: str, header: str) -> Field[int] | None:
    values = analysis.ops.number(name)
    known_values = values[np.isfinite(values)]
    if not known_values.size:
        return None
    unit = BY_NAME[name].unit if name in BY_NAME else ""
    whole = bool((known_values == np.round(known_values)).all())
    style = "ns" if unit == "ns" and whole else "plain_number" if whole else "decimal"
    return Field(header, _number(analysis, name), style, 15 if unit == "cycles" else 12)


def _number(analysis: Analysis, name: str) -> Callable[[int], Cell]:
    values = analysis.ops.number(name)
    return lambda at: known(values[at])


def _text_field(analysis: Analysis, name: str, header: str) -> Field[int] | None:
    cells = [cell.strip() for cell in analysis.ops.text(name)]
    if not any(cells):
        return None
    declared: Column | None = BY_NAME.get(name)
    if declared is None:
        values = _plain_numbers(cells)
        if values is not None:
            return Field(
                header, lambda at: values[at], "decimal" if any(map(_is_fraction, values)) else "plain_number", 10
            )
    width = 9.0 if tensor_column(header) and not header.upper().endswith("MEMORY") else 24.0
    return Field(header, lambda at: cells[at], width=_WIDTHS.get(name, width))


def _plain_numbers(cells: list[str]) -> list[float | None] | None:
    """The cells as numbers if that loses nothing of how any of them is written: `007` and `1_000` are names."""
    if not all(_PLAIN_NUMBER.fullmatch(cell) for cell in cells if cell):
        return None
    values = [float(cell) if cell else None for cell in cells]
    return values if all(value is None or abs(value) < _EXACT for value in values) else None


def _is_fraction(value: float | None) -> bool:
    return value is not None and not value.is_integer()


def _flags(analysis: Analysis) -> list[str]:
    texts = np.full(len(analysis.ops), "", dtype=object)
    for flag, mask in analysis.flag_masks.items():
        texts[mask] += f", {flag}"
    return [str(text)[2:] for text in texts]


def _findings(analysis: Analysis) -> dict[int, str]:
    ids: dict[int, list[str]] = {}
    for finding in analysis.findings:
        for position in finding.positions.tolist():
            ids.setdefault(position, []).append(finding.id)
    return {position: ", ".join(names) for position, names in ids.items()}


def _ranks(analysis: Analysis) -> dict[int, int]:
    return {position: index for index, position in enumerate(analysis.ranking.order.tolist(), start=1)}


def _shares(analysis: Analysis) -> list[float | None]:
    share: list[float | None] = [None] * len(analysis.ops)
    for position, value in zip(analysis.ranking.order.tolist(), analysis.ranking.share.tolist(), strict=True):
        share[position] = known(value)
    return share
