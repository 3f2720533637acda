"""Sheet All Ops of a comparison: every op of both sides, before on the left, now on the right."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from perfsheet.analysis import Analysis
from perfsheet.analysis.ops.shape import shape_of
from perfsheet.analysis.statistics import known_ints
from perfsheet.compare import Comparison
from perfsheet.compare.results import ComparedOp, Times
from perfsheet.outputs.workbook.cells import Cell
from perfsheet.outputs.workbook.comparison import fields
from perfsheet.outputs.workbook.sheet import Field, write_table_sheet
from perfsheet.outputs.workbook.theme import Styles
from perfsheet.text import comparison, formats

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

TITLE = "All Ops"
ROWS_PER_SHEET = 1_048_575
"""What Excel has room for below the header."""
_ROWS_NAMED = 8


def sheets(styles: Styles, found: Comparison, suffix: str) -> Iterator[tuple[str, Callable[[Worksheet], None]]]:
    """Title and writer of as many sheets as the ops need."""
    for part, first in enumerate(range(0, max(1, len(found.ops)), ROWS_PER_SHEET)):
        more = f" part {part + 1}" if part else ""
        yield f"{TITLE}{suffix}{more}", partial(_write, styles=styles, found=found, first=first)


def _write(sheet: Worksheet, styles: Styles, found: Comparison, first: int) -> None:
    columns = _columns(found)
    after = write_table_sheet(sheet, styles, columns, found.ops[first : first + ROWS_PER_SHEET], freeze=1)
    fields.bars(sheet, found, columns, after - 1)
    sheet.print_area(0, 0, after - 1, len(columns) - 2)  # on paper what changed would shrink the figures beyond reading


def _columns(found: Comparison) -> list[Field[ComparedOp]]:
    base, new = found.base, found.new
    return [
        Field("STATUS", lambda one: one.status, width=10),
        Field("OP CODE BEFORE", lambda one: one.base_code, width=30),
        Field("ROWS BEFORE", lambda one: _rows(base, one.base), "right", 12),
        Field("SHAPE BEFORE", lambda one: _shape(base, one.base), width=24),
        Field("CORES BEFORE", lambda one: _cores(base, one.base), "right", 9),
        fields.before(_times),
        Field("OP CODE NOW", lambda one: one.new_code, width=30),
        Field("ROWS NOW", lambda one: _rows(new, one.new), "right", 12),
        Field("SHAPE NOW", lambda one: _shape(new, one.new), width=24),
        Field("CORES NOW", lambda one: _cores(new, one.new), "right", 9),
        fields.now(_times),
        *fields.differences(found, _times),
        Field("WHAT CHANGED", comparison.what, width=90),
    ]


def _rows(side: Analysis, positions: tuple[int, ...]) -> Cell:
    """Rows of the capture; a single one is a number."""
    if not positions:
        return None
    several = len(side.summary.paths) > 1
    if len(positions) == 1 and not several:
        return side.row_ref(positions[0]).row
    named = [formats.place(side.row_ref(position), several) for position in positions[:_ROWS_NAMED]]
    more = f", … ({len(positions)})" if len(positions) > _ROWS_NAMED else ""
    return ", ".join(named) + more


def _shape(side: Analysis, positions: tuple[int, ...]) -> str:
    return shape_of(side.ops, positions[-1]).shape if positions else ""


def _cores(side: Analysis, positions: tuple[int, ...]) -> Cell:
    return formats.span_cell(known_ints(side.ops.cores[list(positions)])) if positions else None


def _times(one: ComparedOp) -> Times:
    return one.times
