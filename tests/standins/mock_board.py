"""Run a command on a mock board: the real TTNN of the `ttnn` wheel, without a device.

    LAB_PYTHON mock_board.py BOARD FOLDER COMMAND [ARGUMENT...]

BOARD is n150, n300 (two chips) or p150. FOLDER is made, and can be used again; LAB_PYTHON has the wheel.

TTNN takes a cluster descriptor for a cluster where TT_METAL_MOCK_CLUSTER_DESC_PATH names one: it checks, places and
builds every op, and executes none. To build, it wants the RISC-V compiler, which the wheel lacks, so FOLDER holds a
runtime root made of links into the wheel, and in it a stand-in compiler with a ready firmware and kernel. So shapes,
layouts, memory, program configs, cores and refusals are TTNN's own. Values and times mean nothing.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import struct
import sys
from pathlib import Path
from typing import NamedTuple

STANDINS = Path(__file__).resolve().parent


class Board(NamedTuple):
    """A kind of board: its chips' architecture, and what is switched off in each of them (masks, as in its fuses)."""

    arch: str
    tensix_off: tuple[int, ...]
    family: int
    ethernet_off: int = 0
    pcie_off: int = 0


BOARDS = {
    "n150": Board("wormhole_b0", (0x40,), family=0x18),
    "n300": Board("wormhole_b0", (0x40, 0x40), family=0x14),
    "p150": Board("blackhole", (0,), family=0x40, ethernet_off=0x120, pcie_off=2),
}


def make_board(folder: Path, board: str, wheel: Path) -> dict[str, str]:
    """Make a mock board in `folder` for the TTNN in the folder `wheel`; returns the environment that puts it to use."""
    root = folder / "root"
    for source in (wheel, wheel / "runtime"):
        target = root / source.relative_to(wheel)
        target.mkdir(parents=True, exist_ok=True)
        for entry in source.iterdir():
            link = target / entry.name
            if entry.name not in {"runtime", "sfpi"} and not link.is_symlink():
                link.symlink_to(entry)
    compiler = root / "runtime" / "sfpi" / "compiler" / "bin"
    compiler.mkdir(parents=True, exist_ok=True)
    shutil.copy(STANDINS / "tools" / "riscv-tt-elf-g++", compiler)
    (compiler / "firmware.elf").write_bytes(program(data_at=0x8000, relocatable=False))
    (compiler / "kernel.elf").write_bytes(program(data_at=None, relocatable=True))
    descriptor = folder / f"{board}.yaml"
    descriptor.write_text(cluster_descriptor(board), encoding="utf-8")
    return {
        "TT_METAL_MOCK_CLUSTER_DESC_PATH": str(descriptor),
        "TT_METAL_RUNTIME_ROOT": str(root),
        "TT_METAL_HOME": str(root),
        "TT_METAL_CACHE": str(folder / "cache"),
        "TT_LOGGER_LEVEL": "Error",
    }


def cluster_descriptor(name: str) -> str:
    """What the driver would write about this board; the two chips of an n300 have two Ethernet links."""
    board = BOARDS[name]
    chips = range(len(board.tensix_off))
    board_id = board.family << 36 | 0x1ABCD000

    def by_chip(*values: object) -> list[str]:
        return [f"  {chip}: {value}" for chip, value in zip(chips, values, strict=True)]

    same = len(chips)
    harvesting = (
        f"{{noc_translation: true, harvest_mask: {mask}, dram_harvesting_mask: 0, l2cpu_harvesting_mask: 0, "
        f"eth_harvesting_mask: {board.ethernet_off}, pcie_harvesting_mask: {board.pcie_off}}}"
        for mask in board.tensix_off
    )
    links = [f"  - [{{chip: 0, chan: {8 + link}}}, {{chip: 1, chan: {link}}}]" for link in range(2) if same == 2]
    lines = [
        "io_device_type: PCIe",
        *("arch:", *by_chip(*[board.arch] * same)),
        *("chips:", *by_chip(*([chip, 0, 0, 0] for chip in chips))),
        *("chip_unique_ids:", *by_chip(*(board_id + chip for chip in chips))),
        *("chip_to_boardtype:", *by_chip(*[name] * same)),
        *("chip_to_bus_id:", *by_chip(*["0x0001"] * same)),
        *("asic_locations:", *by_chip(*chips)),
        *("harvesting:", *by_chip(*harvesting)),
        *("chips_with_mmio:", "  - 0: 0"),
        *(("ethernet_connections:", *links) if links else ("ethernet_connections: []",)),
        "ethernet_connections_to_remote_devices: []",
        *("boards:", f"  - [{{board_id: {board_id}}}, {{board_type: {name}}}, {{chips: {list(chips)}}}]"),
    ]
    return "\n".join([*lines, ""])


class Section(NamedTuple):
    """A section of an ELF file; one with an address is loaded."""

    name: str
    kind: int
    flags: int
    content: bytes
    address: int = 0
    link: int = 0
    info: int = 0
    entry_size: int = 0


def program(data_at: int | None, relocatable: bool) -> bytes:
    """A 32-bit RISC-V program that spins, with data at an address (None = behind its text), as TTNN's loader reads it.

    Kernels are moved before they run, so the loader asks for their relocations: here one that changes nothing.
    """
    text_at = 0x4B00
    text = struct.pack("<I", 0x6F) * 12  # `j .`
    text_number, symbols_number, strings_number = 1, 3, 4
    symbols = bytes(16) + struct.pack("<IIIBBH", 1, text_at, 0, 0x10, 0, text_number)  # `_start`, global
    sections = [
        Section(".text", 1, 0x6, text, text_at),
        Section(".data", 1, 0x3, bytes(16), text_at + len(text) if data_at is None else data_at),
        Section(".symtab", 2, 0, symbols, link=strings_number, info=1, entry_size=16),
        Section(".strtab", 3, 0, b"\0_start\0"),
    ]
    if relocatable:
        nothing = struct.pack("<IIi", text_at, 1 << 8, 0)  # R_RISCV_NONE of `_start`
        sections.append(Section(".rela.text", 4, 0x40, nothing, link=symbols_number, info=text_number, entry_size=12))
    return _elf(sections, text_at)


def _elf(sections: list[Section], entry: int) -> bytes:
    names = b"\0" + b"".join(f"{name}\0".encode() for name in [*(one.name for one in sections), ".shstrtab"])
    all_sections = [*sections, Section(".shstrtab", 3, 0, names)]
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


def environment_for(folder: Path, board: str) -> dict[str, str]:
    """The environment of a command on a mock board, for this interpreter's TTNN; torch is a stand-in if it has none."""
    ttnn = importlib.util.find_spec("ttnn")
    if ttnn is None or ttnn.origin is None:
        sys.exit(f"mock_board.py: {sys.executable} has no ttnn")
    changes = make_board(folder.resolve(), board, Path(ttnn.origin).parent)
    if importlib.util.find_spec("torch") is None:
        standin = str(STANDINS / "torch_standin")
        changes["PYTHONPATH"] = os.pathsep.join(filter(None, (standin, os.environ.get("PYTHONPATH"))))
    # The wheel is built without its profiler, and ends a process that asks for it.
    kept = {name: value for name, value in os.environ.items() if name != "TT_METAL_DEVICE_PROFILER"}
    return {**kept, **changes}


if __name__ == "__main__":
    if len(sys.argv) < 4 or sys.argv[1] not in BOARDS:
        sys.exit(f"usage: mock_board.py {{{','.join(BOARDS)}}} FOLDER COMMAND [ARGUMENT...]")
    _, kind, place, *command = sys.argv
    os.execvpe(command[0], command, environment_for(Path(place), kind))
