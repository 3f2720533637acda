"""Tensors that an op reads or makes."""

from __future__ import annotations

import math

from perfsheet.hardware.data_types import round_up_to_tile
from perfsheet.light_dataclass import dataclass
from perfsheet.trials.memory import Memory


@dataclass(frozen=True)
class Tensor:
    """A tensor to be made: `shape` is the logical one, `memory` None where the capture does not tell it."""

    shape: tuple[int, ...]
    dtype: str
    layout: str
    memory: Memory | None

    @property
    def height(self) -> int:
        """All rows of it, in whole tiles where it is in tiles."""
        rows = round_up_to_tile(self.shape[-2]) if self.layout == "TILE" else self.shape[-2]
        return math.prod(self.shape[:-2]) * rows

    @property
    def width(self) -> int:
        """Elements of a row, in whole tiles where it is in tiles."""
        return round_up_to_tile(self.shape[-1]) if self.layout == "TILE" else self.shape[-1]
