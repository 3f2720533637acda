"""Tensors of the generated captures, and the text by which the profiler describes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from examples.encoder_block.config import SHARD_GRID, TILE, Grid

ELEMENT_BYTES = {"BFLOAT16": 2, "BFLOAT8_B": 1, "UINT32": 4}
"""Bytes per element as the profiler's model counts them: it ignores the shared exponents of block floats."""

DEVICE_ID = 0


@dataclass(frozen=True)
class Memory:
    """Where a tensor lives; ``shard`` is the shard's shape in elements on ``grid``."""

    buffer: Literal["DRAM", "L1"]
    shard: tuple[int, int] | None = None
    grid: Grid = SHARD_GRID

    @property
    def layout(self) -> str:
        return "BLOCK_SHARDED" if self.shard else "INTERLEAVED"

    def config_text(self) -> str:
        """Render the C++ ``MemoryConfig`` as it appears inside ATTRIBUTES."""
        shard_spec = "std::nullopt"
        if self.shard:
            end = f'"end":{{"x":{self.grid.x - 1},"y":{self.grid.y - 1}}}'
            shard_spec = (
                f'ShardSpec{{grid=[{{"start":{{"x":0,"y":0}},{end}}}], shape=[{self.shard[0]}, {self.shard[1]}], '
                "orientation=ShardOrientation::ROW_MAJOR}"
            )
        return (
            f"MemoryConfig(memory_layout=TensorMemoryLayout::{self.layout},buffer_type=BufferType::{self.buffer},"
            f"shard_spec={shard_spec},nd_shard_spec=std::nullopt,created_with_nd_shard_spec=0)"
        )


DRAM = Memory("DRAM")
L1 = Memory("L1")


def block_sharded(rows: int, columns: int, grid: Grid = SHARD_GRID) -> Memory:
    """Memory of a ``[rows, columns]`` tensor cut into one block per core of ``grid``."""
    return Memory("L1", shard=(rows // grid.y, columns // grid.x), grid=grid)


@dataclass(frozen=True)
class Tensor:
    """A tensor as the profiler records it: a 4-D shape, a layout, a data type and a memory."""

    shape: tuple[int, int, int, int]
    memory: Memory = DRAM
    dtype: str = "BFLOAT16"
    layout: Literal["TILE", "ROW_MAJOR"] = "TILE"

    @property
    def padded(self) -> tuple[int, int, int, int]:
        """Extents in memory: whole tiles in the last two dimensions of a tiled tensor."""
        if self.layout == "ROW_MAJOR":
            return self.shape
        w, z, y, x = self.shape
        return w, z, -(-y // TILE) * TILE, -(-x // TILE) * TILE

    @property
    def elements(self) -> int:
        w, z, y, x = self.padded
        return w * z * y * x

    @property
    def tiles(self) -> int:
        return self.elements // (TILE * TILE)

    @property
    def bytes(self) -> int:
        return self.elements * ELEMENT_BYTES[self.dtype]

    @property
    def dram_bytes(self) -> int:
        """Bytes that reading or writing the tensor moves over the DRAM controllers."""
        return self.bytes if self.memory.buffer == "DRAM" else 0

    def cells(self, prefix: str) -> dict[str, str]:
        """Return the tensor's seven columns, ``prefix`` being INPUT_0, OUTPUT_1 and so on."""
        extents = zip("WZYX", self.padded, self.shape, strict=True)
        cells = {f"{prefix}_{axis}_PAD[LOGICAL]": f"{padded}[{logical}]" for axis, padded, logical in extents}
        cells[f"{prefix}_LAYOUT"] = self.layout
        cells[f"{prefix}_DATATYPE"] = self.dtype
        cells[f"{prefix}_MEMORY"] = f"DEV_{DEVICE_ID}_{self.memory.buffer}_{self.memory.layout}"
        return cells
