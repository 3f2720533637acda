"""Numbers in the cells of a capture, in whatever way a spreadsheet has written them when it saved the file again."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
import numpy.typing as npt

from perfsheet.capture.cells import UNKNOWN

_BLANKS = " '\u00a0\u202f"
_BY_BLANKS = re.compile(rf"[+-]?\d{{1,3}}(?:[{_BLANKS}]\d{{3}})+(?:[.,]\d+)?")
_BY_COMMAS = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_BY_DOTS = re.compile(r"[+-]?[1-9]\d{0,2}(?:\.\d{3})+")
_TWO_DOTS = re.compile(r"[+-]?\d{1,3}(?:\.\d{3}){2,}(?:,\d+)?")
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+(?:[eE][+-]?\d+)?")
_EUROPEAN = re.compile(r"[+-]?(?:\d+|\d{1,3}(?:\.\d{3})+)(?:,\d+)?(?:[eE][+-]?\d+)?")
_ENOUGH = 3
_LONG = re.compile(r"[+-]?\d{4,}")


class Numerals(Enum):
    """How a file writes its numbers."""

    POINT = "1,234.5"
    POINT_ONLY = "1234.5"
    """Commas may be either: `1,234` is not readable."""
    COMMA = "1.234,5"


@dataclass(frozen=True)
class Parsed:
    """Numbers of a column's cells (NaN = unknown), the positions of cells that are neither, and of those in scientific
    notation, which a spreadsheet has rounded if they were whole numbers."""

    values: npt.NDArray[np.float64]
    unreadable: Sequence[int] = ()
    scientific: Sequence[int] = ()


def parse(cells: Sequence[str], numerals: Numerals = Numerals.POINT) -> Parsed:
    """Read the cells of a number column; infinity is no number.

    Whole columns of plain numbers take the fast path; blanks are common, other texts are not.
    """
    if numerals is not Numerals.COMMA:
        together = "".join(cells)
        # Python's float() reads 1_000, the profiler never writes it; an e is an exponent, or a word.
        if "_" not in together and "e" not in together and "E" not in together:
            try:
                values = np.array([float(cell) if cell else math.nan for cell in cells], dtype=np.float64)
            except ValueError:
                pass
            else:
                if not np.isinf(values).any():
                    return Parsed(values)
    numbers = [_number(cell.strip(), numerals) for cell in cells]
    return Parsed(
        np.array([math.nan if number is None else number for number in numbers], dtype=np.float64),
        [at for at, number in enumerate(numbers) if number is None],
        [at for at, cell in enumerate(cells) if "e" in cell.lower() and not _is_unknown(numbers[at])],
    )


def _is_unknown(number: float | None) -> bool:
    return number is None or math.isnan(number)


def _number(text: str, numerals: Numerals) -> float | None:
    """The number, NaN where the text says that it is unknown, None where it is neither."""
    if text.lower() in UNKNOWN:
        return math.nan
    if _BY_BLANKS.fullmatch(text):
        for blank in _BLANKS:
            text = text.replace(blank, "")
    if numerals is Numerals.COMMA:
        if _EUROPEAN.fullmatch(text):
            text = text.replace(".", "").replace(",", ".")
        elif "," in text:
            return None
    elif numerals is Numerals.POINT and _BY_COMMAS.fullmatch(text):
        text = text.replace(",", "")
    try:
        number = float(text.replace("_", "?"))
    except ValueError:
        return None
    return None if math.isinf(number) else number


def told(whole: Sequence[str], others: Iterable[str], delimiter: str) -> Numerals:
    """How a file writes its numbers, by some of them.

    `whole`: cells of a column that the profiler fills with whole numbers; `others`: cells of other
    number columns. `10.429` among the whole ones is ten thousand, where several cells look like that and none says that
    the point is a decimal one: the profiler writes no thousandths of a nanosecond.
    """
    unsure = Numerals.POINT if delimiter == "," else Numerals.POINT_ONLY
    cells = [cell.strip() for cell in whole]
    marked = [cell for cell in cells if "." in cell or "," in cell]
    rest = [cell for cell in map(str.strip, others) if "." in cell or "," in cell]
    ungrouped = any(map(_LONG.match, cells))
    if any(map(_TWO_DOTS.fullmatch, (*marked, *rest))):
        return Numerals.COMMA
    if len(marked) >= _ENOUGH and not ungrouped and all(map(_BY_DOTS.fullmatch, marked)):
        return Numerals.COMMA
    point = any("." in cell and not _BY_DOTS.fullmatch(cell) and "," not in cell for cell in (*marked, *rest))
    comma = any(_DECIMAL_COMMA.fullmatch(cell) and not _BY_COMMAS.fullmatch(cell) for cell in (*marked, *rest))
    return Numerals.COMMA if comma and not point else unsure
