"""Data types: bytes of a tile and significant bits of an element, with their sources.

Bytes: tile_size in tt_metal/api/tt-metalium/tt_backend_api_types.hpp and tech_reports/data_formats/data_formats.md of
tt-metal (https://github.com/tenstorrent/tt-metal).
"""

from __future__ import annotations

TILE_SIDE = 32
TILE_ELEMENTS = TILE_SIDE * TILE_SIDE

# Block floats share one 8-bit exponent among 16 elements.
_EXPONENTS = TILE_ELEMENTS // 16
TILE_BYTES = {
    "FLOAT32": 4096,
    "INT32": 4096,
    "UINT32": 4096,
    "BFLOAT16": 2048,
    "FLOAT16": 2048,
    "UINT16": 2048,
    "UINT8": 1024,
    "FP8_E4M3": 1024,
    "BFLOAT8_B": 1024 + _EXPONENTS,
    "BFLOAT4_B": 512 + _EXPONENTS,
    "BFLOAT2_B": 256 + _EXPONENTS,
}
"""Bytes of a 32×32 tile."""

SIGNIFICANT_BITS = {"FLOAT32": 24, "BFLOAT16": 8, "BFLOAT8_B": 7, "BFLOAT4_B": 3, "BFLOAT2_B": 1}
"""Significant bits of an element, the implicit one of bfloat16 and float32 included (block floats have none)."""


def bytes_per_element(data_type: str) -> float | None:
    """Bytes of one element, the shared exponents of block floats included; None for an unknown data type."""
    tile = TILE_BYTES.get(data_type)
    return None if tile is None else tile / TILE_ELEMENTS


def round_up_to_tile(extent: int) -> int:
    """The extent that so many elements occupy in TILE layout."""
    return -(-extent // TILE_SIDE) * TILE_SIDE
