"""The capture's own columns on All Ops: those worth a look in sight, the rest folded or, in long captures, left out."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from perfsheet.analysis import Analysis
from perfsheet.analysis.numbers import known
from perfsheet.capture.columns import BY_NAME, tensor_column
from perfsheet.render.workbook.sheet import Cell, Field

_LEADING = {"op_code", "device_id", "core_count", "kernel_duration_ns", "pm_ideal_ns"}
"""What stands before the analysis already."""
_OURS = {
    "WORKER CORES",
    "SHARE",
    "UTILIZATION",
    "UTILIZATION BY GRID",
    "SPEED OF LIGHT",
    "BOUND",
    "SHAPE",
    "LAYOUT IN → OUT",
    "FLAGS",
    "FINDINGS",
    "RANK",
    "RUN ORDER",
    "FILE ROW",
    "FILE",
}
_WIDTHS = {"attributes": 40.0, "program_hash": 22.0, "device_arch": 13.0, "math_fidelity": 10.0}
# Sizes per processor and statistics per core: dozens of columns that are rarely read.
_BULK = re.compile(r"MAX KERNEL SIZE|_TT_HOST_FUNC|KERNEL PATH|\(%\)$|\[B\]$", re.IGNORECASE)
_PLAIN_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?")
_EXACT = 1e15
"""Above it a cell would round a whole number."""


@dataclass(frozen=True)
class RawColumns:
    """`fields` by position of the op; `number` gives a declared number column."""

    fields: tuple[Field[int], ...]
    number: Callable[[str], Callable[[int], Cell]]


def raw_columns(analysis: Analysis, raw: bool) -> RawColumns:
    """Columns with something to read in sight; behind them, if `raw`, all others of the capture, folded.

    If not, the last header says how many there are.
    """
    shown: list[Field[int]] = []
    folded: list[Field[int]] = []
    left_out = 0
    for name, header in analysis.ops.table.headers.items():
        if name in _LEADING:
            continue
        in_sight = _worth_a_look(name, header) and _filled(analysis, name)
        if in_sight or raw:
            field = _field(analysis, name, header, not in_sight)
            (shown if in_sight else folded).append(field)
        else:
            left_out += 1
    if left_out:
        shown.append(Field(f"{left_out} MORE COLUMNS: perfsheet report --raw", lambda at: None, width=24))
    return RawColumns((*shown, *folded), lambda name: _number(analysis, name))


def _worth_a_look(name: str, header: str) -> bool:
    column = BY_NAME.get(name)
    return column.curated if column is not None else _BULK.search(header) is None


def _filled(analysis: Analysis, name: str) -> bool:
    table = analysis.ops.table
    if name in table.numbers:
        return bool(np.isfinite(analysis.ops.number(name)).any())
    return any(cell.strip() for cell in analysis.ops.text(name))


def _field(analysis: Analysis, name: str, header: str, folded: bool) -> Field[int]:
    own = f"{header} (CAPTURE)" if header.upper() in _OURS else header
    if name in analysis.ops.table.numbers:
        return _number_field(analysis, name, own, folded)
    return _text_field(analysis, name, own, folded)


def _number_field(analysis: Analysis, name: str, header: str, folded: bool) -> Field[int]:
    values = analysis.ops.number(name)
    told = values[np.isfinite(values)]
    unit = BY_NAME[name].unit if name in BY_NAME else ""
    whole = bool((told == np.round(told)).all())
    style = "ns" if unit == "ns" and whole else "plain_number" if whole else "decimal"
    return Field(header, _number(analysis, name), style, 15 if unit == "cycles" else 12, folded=folded)


def _number(analysis: Analysis, name: str) -> Callable[[int], Cell]:
    values = analysis.ops.number(name)
    return lambda at: known(values[at])


def _text_field(analysis: Analysis, name: str, header: str, folded: bool) -> Field[int]:
    cells = [cell.strip() for cell in analysis.ops.text(name)]
    if BY_NAME.get(name) is None:
        values = _plain_numbers(cells)
        if values is not None:
            style = "decimal" if any(map(_is_fraction, values)) else "plain_number"
            return Field(header, lambda at: values[at], style, 10, folded=folded)
    width = 9.0 if tensor_column(header) and not header.upper().endswith("MEMORY") else 24.0
    return Field(header, lambda at: cells[at], width=_WIDTHS.get(name, width), folded=folded)


def _plain_numbers(cells: list[str]) -> list[float | None] | None:
    """The cells as numbers if that loses nothing of how any of them is written: `007` and `1_000` are names."""
    if not all(_PLAIN_NUMBER.fullmatch(cell) for cell in cells if cell):
        return None
    values = [float(cell) if cell else None for cell in cells]
    return values if all(value is None or abs(value) < _EXACT for value in values) else None


def _is_fraction(value: float | None) -> bool:
    return value is not None and not value.is_integer()
