"""Columns under the same names for every schema generation, for notebooks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt

from perfsheet.capture.cells import logical_extent, memory_name, padded_extent
from perfsheet.capture.columns import TENSOR_DIMS, tensor_field
from perfsheet.capture.numerals import parse
from perfsheet.capture.texts import Texts


def canonical_columns(
    names: Iterable[str], numbers: Mapping[str, npt.NDArray[np.float64]], texts: Mapping[str, Texts]
) -> dict[str, object]:
    """The columns of a table by canonical name, tensors taken apart: extents as numbers, memory without its device."""
    columns: dict[str, object] = {}
    for name in names:
        field = tensor_field(name)
        if name in numbers:
            columns[name] = numbers[name]
        elif field in TENSOR_DIMS:
            columns[name], columns[f"{name}_logical"] = extents(texts[name])
        else:
            columns[name] = list(texts[name].mapped(memory_name) if field == "memory" else texts[name])
    return columns


def extents(cells: Texts) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Padded and logical extents of a shape column (`32[19]` is 32 and 19; a bare `32` both), NaN where unknown."""
    padded = parse([padded_extent(cell) for cell in cells.values]).values
    logical = parse([logical_extent(cell) for cell in cells.values]).values
    return padded[cells.codes], logical[cells.codes]
