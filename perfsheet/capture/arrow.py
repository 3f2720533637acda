"""Arrow arrays as numpy ones, from their buffers: Arrow's own conversions import pandas, a third of a second."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pyarrow as pa

Number = TypeVar("Number", np.float64, np.int32)


def release() -> None:
    """Give back the memory that Arrow keeps for later."""
    import pyarrow as pa

    pa.default_memory_pool().release_unused()


def values(array: pa.Array, number: type[Number]) -> npt.NDArray[Number]:
    """The numbers of an array of that type; those of nulls may be anything. Not to be written to."""
    data = array.buffers()[1]
    if data is None:
        return np.empty(0, dtype=number)
    found: npt.NDArray[Number] = np.frombuffer(data, number, len(array), array.offset * np.dtype(number).itemsize)
    return found


def nulls(array: pa.Array) -> npt.NDArray[np.bool_]:
    """Where an array has nulls."""
    valid = array.buffers()[0]
    if valid is None or not array.null_count:
        return np.zeros(len(array), dtype=np.bool_)
    bits = np.unpackbits(np.frombuffer(valid, np.uint8), bitorder="little")
    return np.asarray(bits[array.offset : array.offset + len(array)] == 0)


def plain_floats(cells: pa.ChunkedArray) -> npt.NDArray[np.float64] | None:
    """The numbers of a column of plain ones and blanks; None when there is anything else, which needs a closer look.

    Arrow reads no more than Python's float() does, and rounds alike, but for words like `nan(1)`: no word is plain, nor
    is anything with an exponent.
    """
    import pyarrow as pa

    if any(b"e" in data or b"E" in data for data in map(_bytes, cells.chunks)):
        return None
    try:
        numbers = cells.cast(pa.float64())
    except pa.ArrowInvalid:
        return None
    pieces = [np.where(nulls(one), np.nan, values(one, np.float64)) for one in numbers.chunks]
    floats = np.concatenate(pieces) if pieces else np.empty(0)
    return floats if int(np.count_nonzero(np.isfinite(floats))) + cells.null_count == len(floats) else None


def _bytes(strings: pa.StringArray) -> bytes:
    data = strings.buffers()[2]
    return b"" if data is None else data.to_pybytes()
