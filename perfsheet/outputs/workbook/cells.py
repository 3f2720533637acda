"""Cells of a workbook, and the XML of a column of cells.

A report has hundreds of thousands of cells. XlsxWriter takes 7 µs for each; a column at a time, with each distinct text
escaped once, takes a tenth of that.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import repeat
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from perfsheet.capture.texts import Texts
from perfsheet.light_dataclass import dataclass
from perfsheet.outputs.workbook.worksheet import format_index
from perfsheet.text.safe import clean

if TYPE_CHECKING:
    from xlsxwriter.format import Format

    from perfsheet.outputs.workbook.worksheet import LongWorksheet

LONGEST_TEXT = 32_767
"""Excel's limit for a cell; a character beyond the first 65,536 counts twice."""

_EXACT = 2.0**53
_TEXT_TYPES = {str, type(None)}


class Formula(NamedTuple):
    """A live formula with the value that it has now, for viewers that do not calculate."""

    text: str
    value: float | str


@dataclass(frozen=True)
class Link:
    """Text that leads to a cell of this workbook, such as `'All Ops'!A57`, or `outside` to a file or an address."""

    target: str
    text: str
    tip: str = ""
    outside: bool = False


Value = str | float | int | None
Cell = Value | Formula | Link
Numbers = npt.NDArray[np.float64] | npt.NDArray[np.int64]


class LazyCells:
    """Cells made when they are written: a column of formulas would take more memory than all others together."""

    def __init__(self, count: int, make: Callable[[range], Sequence[Cell]]) -> None:
        self._count = count
        self._make = make

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, rows: slice) -> Sequence[Cell]:
        return self._make(range(*rows.indices(self._count)))


Cells = Numbers | Texts | LazyCells | Sequence[Cell]
"""A column: numbers (NaN is an empty cell), texts (blank is an empty cell), or a mixture without links."""


@lru_cache(maxsize=8192)
def safe_text(value: str) -> str:
    """Text that is safe in a cell; cached, for few texts fill thousands of cells."""
    text = clean(value, LONGEST_TEXT - 1)
    if len(text) > LONGEST_TEXT // 2 and len(units := text.encode("utf-16-le")) // 2 > LONGEST_TEXT:
        text = units[: 2 * (LONGEST_TEXT - 2)].decode("utf-16-le", "ignore") + "…"
    # XlsxWriter takes a text in these tags for XML of its own making.
    return f"{text} " if text.startswith("<r>") and text.endswith("</r>") else text


def cells_xml(
    sheet: LongWorksheet, cells: Cells, letters: str, style: Format, rows: Sequence[str]
) -> list[Iterable[str]]:
    """The XML of the cells of a column in these rows (from 1), in parts: a cell is what all parts have for its row.

    An empty cell is blank, and an empty column has no parts. Parts that are the same in all rows have no end.
    """
    head, tail = f'<c r="{letters}', f'" s="{format_index(style)}"'
    if isinstance(cells, np.ndarray):
        return _numbers(cells, head, tail, rows)
    if isinstance(cells, Texts):
        return _texts(sheet, cells, head, tail, rows)
    if isinstance(cells, LazyCells):
        cells = cells[:]
    if set(map(type, cells)) <= _TEXT_TYPES:
        return _texts(sheet, Texts.of(cell or "" for cell in cells), head, tail, rows)  # type: ignore[misc]
    return _some(head, rows, ("" if cell is None or cell == "" else tail + _content(sheet, cell) for cell in cells))


def _some(head: str, rows: Sequence[str], rests: Iterable[str]) -> list[Iterable[str]]:
    """The parts of a column some of whose cells are empty; `rests` is what follows the row in a cell."""
    return [[f"{head}{row}{rest}" if rest else "" for row, rest in zip(rows, rests, strict=True)]]


def _numbers(numbers: Numbers, head: str, tail: str, rows: Sequence[str]) -> list[Iterable[str]]:
    known = np.isfinite(numbers)
    finite = numbers if known.all() else numbers[known]
    if not len(finite):
        return []
    shown: Iterable[str]
    if (finite == np.rint(finite)).all() and (np.abs(finite) < _EXACT).all():
        shown = map(str, finite.astype(np.int64).tolist())
    else:
        shown = map("%.16g".__mod__, finite.tolist())
    if finite is numbers:
        return [repeat(head), rows, repeat(f"{tail}><v>"), shown, repeat("</v></c>")]
    return _some(head, rows, (f"{tail}><v>{next(shown)}</v></c>" if there else "" for there in known.tolist()))


def _texts(sheet: LongWorksheet, texts: Texts, head: str, tail: str, rows: Sequence[str]) -> list[Iterable[str]]:
    uses = np.bincount(texts.codes)
    used = np.flatnonzero(uses)
    values = map(texts.values.__getitem__, used.tolist())
    rests = {
        code: tail + sheet.text_reference(safe_text(value), count) if value else ""
        for code, value, count in zip(used.tolist(), values, uses[used].tolist(), strict=True)
    }
    if not any(rests.values()):
        return []
    cells = map(rests.__getitem__, texts.codes.tolist())
    return [repeat(head), rows, cells] if all(rests.values()) else _some(head, rows, cells)


def _content(sheet: LongWorksheet, cell: Cell) -> str:
    if isinstance(cell, Formula):
        kind = ' t="str"' if isinstance(cell.value, str) and cell.value else ""
        return f"{kind}><f>{_escaped(cell.text.removeprefix('='))}</f><v>{_value(cell.value)}</v></c>"
    if isinstance(cell, str):
        return sheet.text_reference(safe_text(cell), 1)
    return f"><v>{_value(cell)}</v></c>" if isinstance(cell, int | float) and math.isfinite(cell) else "/>"


def _value(value: float | str) -> str:
    return _escaped(clean(value)) if isinstance(value, str) else str(value)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")  # the module html takes 3 ms to import
