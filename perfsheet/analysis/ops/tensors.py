"""The tensors of an op as the capture describes them, and the bytes that each occupies."""

from __future__ import annotations

import math
from functools import cached_property, lru_cache

from perfsheet.capture.cells import logical_extent, memory_name, padded_extent
from perfsheet.hardware.data_types import bytes_per_element, round_up_to_tile
from perfsheet.light_dataclass import dataclass

Extents = tuple[int, int, int, int]

_LARGEST_EXTENT = 2**40

_MEMORIES = ("DRAM", "L1", "HOST", "SYSTEM_MEMORY", "TRACE")


@dataclass(frozen=True)
class Tensor:
    """One input or output. Extents are (w, z, y, x), None if the capture's cells are not numbers.

    `memory` is without the device prefix: `DRAM_INTERLEAVED`, `L1_BLOCK_SHARDED`, `HOST`.
    """

    padded: Extents | None
    logical: Extents | None
    layout: str
    datatype: str
    memory: str

    @property
    def in_dram(self) -> bool:
        """Whether it is in DRAM."""
        return self.memory.startswith("DRAM")

    @property
    def in_l1(self) -> bool:
        """Whether it is in L1."""
        return self.memory.startswith("L1")

    @property
    def placed(self) -> bool:
        """Whether its memory is known."""
        return any(kind in self.memory for kind in _MEMORIES)

    @property
    def sharded(self) -> bool:
        """Whether it is sharded, in L1 or DRAM."""
        return "SHARDED" in self.memory

    @cached_property
    def elements(self) -> int | None:
        """Logical elements."""
        return None if self.logical is None else math.prod(self.logical)

    @cached_property
    def stored_elements(self) -> int | None:
        """Elements that occupy memory: whole tiles in TILE layout, else the logical ones."""
        if self.padded is None or self.layout == "ROW_MAJOR":
            return self.elements
        w, z, y, x = self.padded
        return w * z * round_up_to_tile(y) * round_up_to_tile(x) if self.layout == "TILE" else w * z * y * x

    @property
    def bytes_per_element(self) -> float | None:
        """Bytes of one element, the shared exponents of block floats included; None for an unknown data type."""
        return bytes_per_element(self.datatype)

    @cached_property
    def size(self) -> float | None:
        """Bytes in memory; None when the shape or the data type is unknown."""
        each, count = self.bytes_per_element, self.stored_elements
        return None if each is None or count is None else each * count

    def part(self, elements: int | None) -> float | None:
        """Bytes of this many of its elements."""
        each = self.bytes_per_element
        return None if each is None or elements is None else each * elements


@lru_cache(maxsize=65536)
def tensor(w: str, z: str, y: str, x: str, layout: str, datatype: str, memory: str) -> Tensor | None:
    """The tensor behind the seven cells of an INPUT_n or OUTPUT_n block; None when they are blank."""
    cells = (w, z, y, x)
    if not (any(cells) or datatype.strip()):
        return None
    padded = _extents(tuple(padded_extent(cell) for cell in cells))
    logical = _extents(tuple(logical_extent(cell) for cell in cells))
    if padded and logical and any(inner > outer for inner, outer in zip(logical, padded, strict=True)):
        padded = logical = None
    return Tensor(
        padded=padded,
        logical=logical,
        layout=_enum(layout),
        datatype=_enum(datatype),
        memory=memory_name(memory),
    )


def _enum(cell: str) -> str:
    return cell.strip().upper().rsplit("::", 1)[-1]


def _extents(cells: tuple[str, ...]) -> Extents | None:
    try:
        w, z, y, x = (int(float(cell)) for cell in cells)
    except (ValueError, OverflowError):
        return None
    return (w, z, y, x) if min(w, z, y, x) >= 0 and max(w, z, y, x) <= _LARGEST_EXTENT else None
