"""Arrow arrays as numpy ones, from their buffers: Arrow's own conversions import pandas, a third of a second."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pyarrow as pa

Number = TypeVar("Number", np.float64, np.int32)


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
