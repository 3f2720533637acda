"""Values that TTNN writes as the text of its C++ objects: shapes, memory configs, core ranges."""

from __future__ import annotations

import re
from functools import lru_cache

_EXTENT = re.compile(r"(\d{1,18})(?:\[\d{1,18}\])?")
_NUMBER = re.compile(r"\d{1,18}")
_MEMORY_LAYOUT = re.compile(r"TensorMemoryLayout(?:::|\.)(\w+)")
_BUFFER_TYPE = re.compile(r"BufferType(?:::|\.)(\w+)")
_SHARD = re.compile(r"shard_spec=(?:ShardSpec\{)?.*?grid=(.*?)\]?, ?shape=[\[({]*(\d{1,18}), ?(\d{1,18})")


def enum_name(text: str) -> str:
    """`BFLOAT16` of `DataType::BFLOAT16` or `DataType.BFLOAT16`."""
    return re.split(r"::|\.", text)[-1].strip()


@lru_cache(maxsize=65536)
def shape(text: str) -> tuple[int, ...]:
    """The logical extents of `Shape([1, 1, 384, 768])`; `1[32]` is 1, padded to 32."""
    inner = text[text.find("[") + 1 : text.rfind("]")] if "[" in text else text
    return tuple(int(extent) for extent in _EXTENT.findall(inner))


@lru_cache(maxsize=65536)
def memory(text: str) -> tuple[str, str]:
    """Memory as in the ops CSV (`L1_BLOCK_SHARDED`) and the shard spec (`64×96 on 48 cores`), blank where unknown."""
    layout, kind = _MEMORY_LAYOUT.search(text), _BUFFER_TYPE.search(text)
    if layout is None or kind is None:
        return "", ""
    shard = _SHARD.search(text)
    if shard is None:
        return f"{kind[1]}_{layout[1]}", ""
    return f"{kind[1]}_{layout[1]}", f"{shard[2]}×{shard[3]} on {len(cores(shard[1]))} cores"


@lru_cache(maxsize=4096)
def cores(ranges: str) -> frozenset[tuple[int, int]]:
    """The cores (x, y) of a set of ranges: `{[0-0 - 7-0], [0-1 - 3-1]}`, or the same as JSON or with `x=`, `y=`."""
    numbers = [int(number) for number in _NUMBER.findall(ranges)]
    found: set[tuple[int, int]] = set()
    for left, top, right, bottom in zip(*[iter(numbers)] * 4, strict=False):
        if (right - left + 1) * (bottom - top + 1) > _MOST_CORES:
            return frozenset()
        found.update((x, y) for x in range(left, right + 1) for y in range(top, bottom + 1))
    return frozenset(found)


_MOST_CORES = 4096
"""No chip has as many; a range of more is damage."""
