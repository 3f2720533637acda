"""What the text of a cell means: numbers in any format that spreadsheets write, memory names, extents of shapes."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Sequence
from enum import Enum

import numpy as np
import numpy.typing as npt

from perfsheet.light_dataclass import dataclass

UNKNOWN = {"", "-", "nan", "none", "null", "n/a"}
"""Text that stands for an unknown value, in lower case."""

_MEMORY_DEVICE = re.compile(r"DEV_\d+_")
_BLANKS = " '\u00a0\u202f"
# Few files have numbers of other kinds, so their patterns are compiled when one does.
_BY_BLANKS = rf"[+-]?\d{{1,3}}(?:[{_BLANKS}]\d{{3}})+(?:[.,]\d+)?"
_BY_COMMAS = r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?"
_BY_POINTS = r"[+-]?[1-9]\d{0,2}(?:\.\d{3})+"
_TWO_POINTS = r"[+-]?\d{1,3}(?:\.\d{3}){2,}(?:,\d+)?"
_DECIMAL_COMMA = r"[+-]?\d+,\d+(?:[eE][+-]?\d+)?"
_EUROPEAN = r"[+-]?(?:\d+|\d{1,3}(?:\.\d{3})+)(?:,\d+)?(?:[eE][+-]?\d+)?"
_ENOUGH = 3
_IN_A_GROUP = 3
_FOUR_DIGITS = r"[+-]?\d{4,}"


class NumberFormat(Enum):
    """How a file writes its numbers."""

    POINT = "1,234.5"
    POINT_ONLY = "1234.5"
    """A comma may be a decimal or a thousands separator: `1,234` cannot be read."""
    COMMA = "1.234,5"


@dataclass(frozen=True)
class ParsedNumbers:
    """The numbers of cells, NaN = unknown; the positions of unreadable cells, and of those in scientific notation."""

    values: npt.NDArray[np.float64]
    unreadable: Sequence[int] = ()
    scientific: Sequence[int] = ()


def parse_numbers(cells: Sequence[str], number_format: NumberFormat = NumberFormat.POINT) -> ParsedNumbers:
    """Parse the cells of a number column; infinity is not a number.

    Columns of plain numbers and blanks, which nearly all are, take the fast path.
    """
    if cells and not cells[0] and cells.count("") == len(cells):
        return ParsedNumbers(np.full(len(cells), math.nan))
    if number_format is not NumberFormat.COMMA:
        joined = "".join(cells)
        # Python's float() reads 1_000, which the profiler never writes; an e is an exponent or part of a word.
        if "_" not in joined and "e" not in joined and "E" not in joined:
            values = _plain_numbers(cells)
            if values is not None and not np.isinf(values).any():
                return ParsedNumbers(values)
    numbers = [_parse_number(cell.strip(), number_format) for cell in cells]
    return ParsedNumbers(
        np.array([math.nan if number is None else number for number in numbers], dtype=np.float64),
        [index for index, number in enumerate(numbers) if number is None],
        [
            index
            for index, (cell, number) in enumerate(zip(cells, numbers, strict=True))
            if "e" in cell.lower() and number is not None and not math.isnan(number)
        ],
    )


def _plain_numbers(cells: Sequence[str]) -> npt.NDArray[np.float64] | None:
    """The numbers of cells that are blank or what JSON or float() takes for a number; None where one is not."""
    filled = [cell or "NaN" for cell in cells] if "" in cells else cells
    try:
        return np.fromiter(_scanned(filled) or map(float, filled), np.float64, len(cells))
    except (ValueError, OverflowError):
        return None


def _scanned(cells: Sequence[str]) -> list[float] | None:
    """The numbers as JSON's scanner reads them: whole ones three times as fast as float(); None where that is none."""
    try:
        numbers: list[float] = json.loads(f"[{','.join(cells)}]")
    except (ValueError, RecursionError):
        return None
    return numbers if len(numbers) == len(cells) and {*map(type, numbers)} <= {int, float} else None


def _parse_number(text: str, number_format: NumberFormat) -> float | None:
    """The number, NaN where the text stands for unknown, None where it is neither."""
    if text.lower() in UNKNOWN:
        return math.nan
    if re.fullmatch(_BY_BLANKS, text):
        for blank in _BLANKS:
            text = text.replace(blank, "")
    if number_format is NumberFormat.COMMA:
        if re.fullmatch(_EUROPEAN, text):
            text = text.replace(".", "").replace(",", ".")
        elif "," in text:
            return None
    elif number_format is NumberFormat.POINT and re.fullmatch(_BY_COMMAS, text):
        text = text.replace(",", "")
    try:
        number = float(text.replace("_", "?"))
    except ValueError:
        return None
    return None if math.isinf(number) else number


_TWO_POINTS_ANYWHERE = r"\.\d+\."


def are_plain(cells: Sequence[str]) -> bool:
    """Whether these are digits alone, in one of them four or more: whoever writes so does not group them."""
    return "".join(cells).isdecimal() and max(map(len, cells)) > _IN_A_GROUP


def detect_number_format(whole: Sequence[str], others: Iterable[str], delimiter: str) -> NumberFormat:
    """How a file writes its numbers.

    `whole`: cells of a column that the profiler fills with whole numbers; `others`: cells of other number columns.
    `10.429` among the whole numbers is ten thousand, if several cells look like that and none shows that the point is
    a decimal one: the profiler does not write thousandths of a nanosecond.
    """
    default = NumberFormat.POINT if delimiter == "," else NumberFormat.POINT_ONLY
    others = list(others)
    every = "\n".join((*whole, *others))
    if "," not in every and not re.search(_TWO_POINTS_ANYWHERE, every) and not any("." in cell for cell in whole):
        return default  # nearly every file
    whole_cells = [cell.strip() for cell in whole]
    whole_marked = [cell for cell in whole_cells if "." in cell or "," in cell]
    marked = [*whole_marked, *(cell for cell in map(str.strip, others) if "." in cell or "," in cell)]
    if any(re.fullmatch(_TWO_POINTS, cell) for cell in marked):
        return NumberFormat.COMMA
    ungrouped = any(re.match(_FOUR_DIGITS, cell) for cell in whole_cells)
    if len(whole_marked) >= _ENOUGH and not ungrouped and all(re.fullmatch(_BY_POINTS, cell) for cell in whole_marked):
        return NumberFormat.COMMA
    decimal_point = any("." in cell and not re.fullmatch(_BY_POINTS, cell) and "," not in cell for cell in marked)
    decimal_comma = any(re.fullmatch(_DECIMAL_COMMA, cell) and not re.fullmatch(_BY_COMMAS, cell) for cell in marked)
    return NumberFormat.COMMA if decimal_comma and not decimal_point else default


def memory_name(cell: str) -> str:
    """`DEV_1_L1_HEIGHT_SHARDED` and `dev_0_l1_height_sharded` are both `L1_HEIGHT_SHARDED`; `HOST` stays.

    Without the device number, which need not be the DEVICE ID, equal configurations have equal names.
    """
    return _MEMORY_DEVICE.sub("", cell.strip().upper(), count=1)


def padded_extent(cell: str) -> str:
    """The padded extent of a shape cell: `32` of `32[19]`; a bare `32` or `32.0` is 32."""
    padded = cell.split("[", 1)[0].strip()
    return padded.removesuffix(".0")


def logical_extent(cell: str) -> str:
    """The logical extent of a shape cell: `19` of `32[19]`; a bare `32` is 32."""
    head, bracket, tail = cell.partition("[")
    return (tail.rstrip("] ") if bracket else head).strip().removesuffix(".0")
