"""Memory configs: from the text that TTNN prints of one to the Python that makes it again."""

from __future__ import annotations

import re

from perfsheet.light_dataclass import dataclass

_LAYOUT = re.compile(r"memory_layout=(?:TensorMemoryLayout::)?(\w+)")
_BUFFER = re.compile(r"buffer_type=(?:BufferType::)?(\w+)")
_SHARD = re.compile(r"(?<!nd_)shard_spec=ShardSpec[({]")
_SHAPE = re.compile(r"shape=[\[{(](\d+)\s*[;,]\s*(\d+)[\]})]")
_ORIENTATION = re.compile(r"orientation=(?:ShardOrientation::)?(\w+)")
_RANGES = (
    re.compile(r'"start":\{"x":(\d+)[;,]\s*"y":(\d+)\}[;,]\s*"end":\{"x":(\d+)[;,]\s*"y":(\d+)\}'),
    re.compile(r"\(x=(\d+)[;,]\s*y=(\d+)\)\s*-\s*\(x=(\d+)[;,]\s*y=(\d+)\)"),
    re.compile(r"(\d+)-(\d+) - (\d+)-(\d+)"),
)

Range = tuple[int, int, int, int]
"""Cores from column and row to column and row, both included."""


@dataclass(frozen=True)
class Shard:
    """A shard spec: `shape` is of one shard in elements, `ranges` are the cores that have one."""

    ranges: tuple[Range, ...]
    shape: tuple[int, int]
    orientation: str = "ROW_MAJOR"

    @property
    def cores(self) -> int:
        """How many cores have a shard."""
        return sum((right - left + 1) * (bottom - top + 1) for left, top, right, bottom in self.ranges)

    @property
    def is_a_corner(self) -> bool:
        """Whether its cores are one range from the first core on, row by row."""
        return len(self.ranges) == 1 and self.ranges[0][:2] == (0, 0) and self.orientation == "ROW_MAJOR"

    @property
    def code(self) -> str:
        """The Python that makes it."""
        return (
            f"ttnn.ShardSpec({core_range_set(self.ranges)}, [{self.shape[0]}, {self.shape[1]}], "
            f"ttnn.ShardOrientation.{self.orientation})"
        )


@dataclass(frozen=True)
class Memory:
    """Where a tensor lies: `layout` is INTERLEAVED, HEIGHT_SHARDED, …, `buffer` DRAM or L1; `shard` None = unknown."""

    layout: str
    buffer: str
    shard: Shard | None = None

    @property
    def sharded(self) -> bool:
        """Whether it is cut into shards."""
        return self.layout != "INTERLEAVED"

    @property
    def name(self) -> str:
        """As the ops CSV writes it: `L1_BLOCK_SHARDED`."""
        return f"{self.buffer}_{self.layout}"

    @property
    def words(self) -> str:
        """`block-sharded on 48 cores`, `interleaved in DRAM`."""
        if not self.sharded:
            return f"interleaved in {self.buffer}"
        where = "" if self.buffer == "L1" else f" in {self.buffer}"
        return f"{scheme(self.layout)}{where}{'' if self.shard is None else f' on {self.shard.cores} cores'}"

    @property
    def code(self) -> str:
        """The Python that makes it."""
        if not self.sharded:
            return f"ttnn.{self.buffer}_MEMORY_CONFIG"
        shard = "" if self.shard is None else f", {self.shard.code}"
        if self.buffer == "L1" and self.shard is not None and self.shard.is_a_corner:
            return _sharded(self.layout, self.shard)
        return f"ttnn.MemoryConfig(ttnn.TensorMemoryLayout.{self.layout}, ttnn.BufferType.{self.buffer}{shard})"


def _sharded(layout: str, shard: Shard) -> str:
    """The shorter Python for one range of cores from the first one on."""
    *_, right, bottom = shard.ranges[0]
    return (
        f"ttnn.create_sharded_memory_config(({shard.shape[0]}, {shard.shape[1]}), "
        f"core_grid={core_grid(right + 1, bottom + 1)}, "
        f"strategy=ttnn.ShardStrategy.{layout.removesuffix('_SHARDED')}, "
        "use_height_and_width_as_shard_shape=True)"
    )


def scheme(layout: str) -> str:
    """`block-sharded` of `BLOCK_SHARDED`."""
    return f"{layout.removesuffix('_SHARDED').lower()}-sharded"


DRAM = Memory("INTERLEAVED", "DRAM")
L1 = Memory("INTERLEAVED", "L1")


def core_grid(columns: int, rows: int) -> str:
    """The Python of a grid of cores from the first one on."""
    return f"ttnn.CoreGrid(y={rows}, x={columns})"


def core_range_set(ranges: tuple[Range, ...]) -> str:
    """The Python of a set of core ranges."""
    each = ", ".join(
        f"ttnn.CoreRange(ttnn.CoreCoord({left}, {top}), ttnn.CoreCoord({right}, {bottom}))"
        for left, top, right, bottom in ranges
    )
    return f"ttnn.CoreRangeSet([{each}])"


def ranges_in(text: str) -> tuple[Range, ...]:
    """The core ranges in a text, however the build writes them."""
    for pattern in _RANGES:
        if found := pattern.findall(text):
            return tuple((int(left), int(top), int(right), int(bottom)) for left, top, right, bottom in found)
    return ()


def parse_memory(text: str) -> Memory | None:
    """A `MemoryConfig(…)` of ATTRIBUTES; None where there is none."""
    layout, buffer = _LAYOUT.search(text), _BUFFER.search(text)
    if layout is None or buffer is None:
        return None
    return Memory(layout[1], buffer[1], _shard(text))


def _shard(text: str) -> Shard | None:
    found = _SHARD.search(text)
    if found is None:
        return None
    body = text[found.end() :].partition("nd_shard_spec")[0]
    shape, ranges, orientation = _SHAPE.search(body), ranges_in(body), _ORIENTATION.search(body)
    if shape is None or not ranges:
        return None
    return Shard(ranges, (int(shape[1]), int(shape[2])), orientation[1] if orientation else "ROW_MAJOR")


def named(name: str) -> Memory | None:
    """The memory that the ops CSV calls `L1_BLOCK_SHARDED`, without its shards."""
    buffer, _, layout = name.partition("_")
    return Memory(layout, buffer) if buffer in ("L1", "DRAM") and layout else None
