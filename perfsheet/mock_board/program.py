"""A ready RISC-V program, in place of those that TTNN builds and that a mock board never runs."""

from __future__ import annotations

import struct
from typing import NamedTuple


class _Section(NamedTuple):
    """A section of an ELF file; one with an address is loaded."""

    name: str
    kind: int
    flags: int
    content: bytes
    address: int = 0
    link: int = 0
    info: int = 0
    entry_size: int = 0


def firmware() -> bytes:
    """A program at a fixed place."""
    return _program(data_at=0x8000, relocatable=False)


def kernel() -> bytes:
    """A program that can be moved before it runs; with a relocation, as the loader asks, that does nothing."""
    return _program(data_at=None, relocatable=True)


def _program(data_at: int | None, relocatable: bool) -> bytes:
    """A 32-bit program that spins, with data at an address (None = behind its text), as TTNN's loader reads it."""
    text_at = 0x4B00
    text = struct.pack("<I", 0x6F) * 12  # `j .`
    text_number, symbols_number, strings_number = 1, 3, 4
    symbols = bytes(16) + struct.pack("<IIIBBH", 1, text_at, 0, 0x10, 0, text_number)  # `_start`, global
    sections = [
        _Section(".text", 1, 0x6, text, text_at),
        _Section(".data", 1, 0x3, bytes(16), text_at + len(text) if data_at is None else data_at),
        _Section(".symtab", 2, 0, symbols, link=strings_number, info=1, entry_size=16),
        _Section(".strtab", 3, 0, b"\0_start\0"),
    ]
    if relocatable:
        nothing = struct.pack("<IIi", text_at, 1 << 8, 0)  # R_RISCV_NONE of `_start`
        sections.append(_Section(".rela.text", 4, 0x40, nothing, link=symbols_number, info=text_number, entry_size=12))
    return _elf(sections, text_at)


def _elf(sections: list[_Section], entry: int) -> bytes:
    names = b"\0" + b"".join(f"{name}\0".encode() for name in [*(one.name for one in sections), ".shstrtab"])
    all_sections = [*sections, _Section(".shstrtab", 3, 0, names)]
    loaded = [one for one in sections if one.address]
    header_size, segment_size, section_size = 52, 32, 40
    body = b""
    segments = b""
    table = bytes(section_size)
    for one in all_sections:
        body += bytes(-len(body) % 4)
        offset = header_size + segment_size * len(loaded) + len(body)
        size = len(one.content)
        body += one.content
        name = names.index(f"\0{one.name}\0".encode()) + 1
        table += struct.pack(
            "<10I", name, one.kind, one.flags, one.address, offset, size, one.link, one.info, 4, one.entry_size
        )
        if one.address:
            access = 5 if one.flags & 0x4 else 6  # read, and execute or write
            segments += struct.pack("<8I", 1, offset, one.address, one.address, size, size, access, 16)
    body += bytes(-len(body) % 4)
    table_at = header_size + len(segments) + len(body)
    little_endian_32 = b"\x7fELF" + bytes([1, 1, 1]) + bytes(9)
    header = little_endian_32 + struct.pack(
        "<2H5I6H",
        *(2, 243, 1, entry, header_size, table_at, 0),  # an executable for RISC-V
        *(header_size, segment_size, len(loaded), section_size, len(all_sections) + 1, len(all_sections)),
    )
    return header + segments + body + table
