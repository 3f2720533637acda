"""The capture's own columns on All Ops: those worth a look in sight, the rest folded or, in long captures, left out."""

from __future__ import annotations

import re
from collections.abc import Collection

import numpy as np

from perfsheet.analysis import Analysis
from perfsheet.capture.columns import BY_NAME, tensor_column
from perfsheet.capture.table import FloatArray
from perfsheet.capture.texts import Texts
from perfsheet.outputs.workbook.sheet import Column
from perfsheet.tables import In
from perfsheet.tables.ops import OPS, OpRows

_WIDTHS = {"attributes": 40.0, "program_hash": 22.0, "device_arch": 13.0, "math_fidelity": 10.0}
# Sizes per processor and statistics per core: dozens of columns that are rarely read.
_BULK = re.compile(r"MAX KERNEL SIZE|_TT_HOST_FUNC|KERNEL PATH|\(%\)$|\[B\]$", re.IGNORECASE)
_PLAIN_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?")
_EXACT = 1e15
"""Above it a cell would round a whole number."""


def raw_columns(analysis: Analysis, rows: OpRows, taken: Collection[str], raw: bool) -> list[Column]:
    """Columns with something to read in sight; behind them, if `raw`, all others of the capture, folded.

    If not, the last header says how many there are. `taken` are the headers that stand on the sheet already.
    """
    leading = {column.capture for column in OPS.columns_in(In.ALL_OPS)}
    shown: list[Column] = []
    folded: list[Column] = []
    left_out = 0
    for name, header in analysis.ops.table.headers.items():
        if name in leading:
            continue
        in_sight = _worth_a_look(name, header) and _filled(analysis, name)
        if in_sight or raw:
            own = f"{header} (CAPTURE)" if header.upper() in taken else header
            (shown if in_sight else folded).append(_column(rows, name, own, not in_sight))
        else:
            left_out += 1
    if left_out:
        header = f"{left_out} MORE COLUMNS: perfsheet report --raw"
        shown.append(Column(header, Texts.blank(len(rows)), width=24))
    return [*shown, *folded]


def _worth_a_look(name: str, header: str) -> bool:
    column = BY_NAME.get(name)
    return column.curated if column is not None else _BULK.search(header) is None


def _filled(analysis: Analysis, name: str) -> bool:
    table = analysis.ops.table
    if name in table.numbers:
        return bool(np.isfinite(analysis.ops.number(name)).any())
    return any(cell.strip() for cell in analysis.ops.text(name).present())


def _column(rows: OpRows, name: str, header: str, folded: bool) -> Column:
    if name in rows.ops.table.numbers:
        return _number_column(rows, name, header, folded)
    return _text_column(rows, name, header, folded)


def _number_column(rows: OpRows, name: str, header: str, folded: bool) -> Column:
    values = rows.ops.number(name)[rows.positions]
    told = values[np.isfinite(values)]
    unit = BY_NAME[name].unit if name in BY_NAME else ""
    whole = bool((told == np.round(told)).all())
    style = "ns" if unit == "ns" and whole else "plain_number" if whole else "decimal"
    return Column(header, values, style, 15 if unit == "cycles" else 12, folded)


def _text_column(rows: OpRows, name: str, header: str, folded: bool) -> Column:
    cells = rows.ops.text(name).mapped(str.strip).take(rows.positions)
    if BY_NAME.get(name) is None:
        numbers = _plain_numbers(cells)
        if numbers is not None:
            told = numbers[np.isfinite(numbers)]
            style = "plain_number" if (told == np.round(told)).all() else "decimal"
            return Column(header, numbers, style, 10, folded)
    width = 9.0 if tensor_column(header) and not header.upper().endswith("MEMORY") else 24.0
    return Column(header, cells, width=_WIDTHS.get(name, width), folded=folded)


def _plain_numbers(cells: Texts) -> FloatArray | None:
    """The cells as numbers if that loses nothing of how any of them is written: `007` and `1_000` are names."""
    if not all(_PLAIN_NUMBER.fullmatch(cell) for cell in cells.present() if cell):
        return None
    numbers = np.array([_number(cell) for cell in cells.values], dtype=np.float64)[cells.codes]
    return None if (np.abs(numbers) >= _EXACT).any() else numbers


def _number(cell: str) -> float:
    return float(cell) if _PLAIN_NUMBER.fullmatch(cell) else np.nan
