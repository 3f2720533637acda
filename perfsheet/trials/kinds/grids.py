"""Grids on which a tensor can be sharded in equal parts of whole tiles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from perfsheet.hardware.data_types import TILE_SIDE
from perfsheet.light_dataclass import dataclass
from perfsheet.trials.kinds.base import divisors
from perfsheet.trials.memory import Memory, Shard, scheme
from perfsheet.trials.tensors import Tensor


@dataclass(frozen=True)
class Grid:
    """A shard scheme on columns × rows of cores, with `height` × `width` tiles to a shard.

    `turned`: column-major, so that the height of the tensor lies along the columns.
    """

    layout: str
    columns: int
    rows: int
    height: int
    width: int
    turned: bool = False

    @property
    def cores(self) -> int:
        """How many cores have a shard."""
        return self.columns * self.rows

    @property
    def memory(self) -> Memory:
        """A tensor in these shards in L1."""
        shape = (self.height * TILE_SIDE, self.width * TILE_SIDE)
        orientation = "COL_MAJOR" if self.turned else "ROW_MAJOR"
        return Memory(self.layout, "L1", Shard(((0, 0, self.columns - 1, self.rows - 1),), shape, orientation))

    @property
    def label(self) -> str:
        """`block-sharded on 8 × 6 cores`."""
        turned = ", column-major" if self.turned else ""
        return f"{scheme(self.layout)} on {self.columns} × {self.rows} cores{turned}"

    def of(self, tensor: Tensor) -> Tensor:
        """A tensor in these shards."""
        return replace(tensor, memory=self.memory)


def grids(tensor: Tensor, board: tuple[int, int], layouts: tuple[str, ...]) -> Iterator[Grid]:
    """For each layout the grids with most cores on which every core gets an equal part, at most three.

    Blocks are column-major, too, where that has more cores.
    """
    height, width = tensor.height // TILE_SIDE, tensor.width // TILE_SIDE
    for layout in layouts:
        if layout == "BLOCK_SHARDED":
            found = list(_blocks(height, width, board))
        else:
            tall = layout == "HEIGHT_SHARDED"
            found = [
                Grid(layout, columns, rows, height // cores if tall else height, width if tall else width // cores)
                for columns in range(board[0], 0, -1)
                for rows in range(board[1], 0, -1)
                if (height if tall else width) % (cores := columns * rows) == 0 and cores > 1
            ]
        best: dict[int, Grid] = {}
        for grid in sorted(found, key=lambda one: (-one.cores, one.turned, -one.columns)):
            best.setdefault(grid.cores, grid)
        yield from list(best.values())[:3]


def _blocks(height: int, width: int, board: tuple[int, int]) -> Iterator[Grid]:
    """Blocks in rows and columns of cores, then those with rows and columns exchanged."""
    for turned in (False, True):
        along, across = (height, width) if turned else (width, height)
        for columns in divisors(along, board[0]):
            for rows in divisors(across, board[1]):
                if columns > 1 and rows > 1:
                    down, right = (columns, rows) if turned else (rows, columns)
                    yield Grid("BLOCK_SHARDED", columns, rows, height // down, width // right, turned)
