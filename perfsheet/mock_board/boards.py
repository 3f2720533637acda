"""The boards that can be mocked, and the cluster descriptor that TTNN's driver layer would write about each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class MockBoard(NamedTuple):
    """A kind of board. What each of its chips has switched off are masks, as in its fuses.

    `tensix_off` has a bit for each row (Wormhole) or column (Blackhole) of cores, `family` is the board's part of its
    serial number. `links`: the Ethernet channels that connect two chips, on the first and on the second one.
    `meshes`: the meshes that it can open as, the first by default.
    """

    arch: str
    tensix_off: int
    family: int
    chips: int = 1
    dram_off: int = 0
    ethernet_off: int = 0
    pcie_off: int = 0
    links: tuple[int, int] = (8, 0)
    meshes: tuple[str, ...] = ("1x1",)

    def chips_of(self, mesh: str) -> int:
        """How many chips a mesh has: 2 of `1x2`."""
        rows, columns = mesh.split("x")
        return int(rows) * int(columns)


# Cores that are left: n150 72, p100 and p150 120, as on the boards that captures were taken on. A chip of an n300 has
# 64 and dispatches from its Ethernet cores. A mock board checks placements against the grid of worker dispatch instead
# (tt-mlir issue 9235), so it gets the row of workers that this takes on top: either way 8 × 8 are left for ops.
BOARDS: dict[str, MockBoard] = {
    "n150": MockBoard("wormhole_b0", 0x40, family=0x18),
    "n300": MockBoard("wormhole_b0", 0x40, family=0x14, chips=2, meshes=("1x2",)),
    "p100": MockBoard("blackhole", 0x3, family=0x36, dram_off=0x1, ethernet_off=0x3FFF, pcie_off=2),
    "p150": MockBoard(
        "blackhole", 0x3, family=0x40, ethernet_off=0x120, pcie_off=2, links=(6, 0), meshes=("1x1", "1x2")
    ),
}


def cluster_descriptor(name: str, mesh: str = "") -> str:
    """The descriptor of a board as YAML; `mesh` is one of its own, the first by default. Two chips have two links."""
    board = BOARDS[name]
    count = board.chips_of(mesh or board.meshes[0])
    chips = range(count)
    board_id = board.family << 36 | 0x1ABCD000
    harvesting = (
        f"{{noc_translation: true, harvest_mask: {board.tensix_off}, dram_harvesting_mask: {board.dram_off}, "
        f"eth_harvesting_mask: {board.ethernet_off}, pcie_harvesting_mask: {board.pcie_off}, l2cpu_harvesting_mask: 0}}"
    )
    first, second = board.links
    links = [
        f"  - [{{chip: 0, chan: {first + link}}}, {{chip: 1, chan: {second + link}}}]"
        for link in range(2)
        if count == 2
    ]
    # The second chip of an n300 is reached through the first one; boards side by side each have their own slot.
    on_host = chips if count > board.chips else range(1)

    def by_chip(values: Iterable[object]) -> list[str]:
        return [f"  {chip}: {value}" for chip, value in zip(chips, values, strict=True)]

    lines = [
        "io_device_type: PCIe",
        *("arch:", *by_chip([board.arch] * count)),
        *("chips:", *by_chip([chip, 0, 0, 0] for chip in chips)),
        *("chip_unique_ids:", *by_chip(board_id + chip for chip in chips)),
        *("chip_to_boardtype:", *by_chip([name] * count)),
        *("chip_to_bus_id:", *by_chip(f"0x{1 + chip:04x}" for chip in chips)),
        *("asic_locations:", *by_chip(chips)),
        *("harvesting:", *by_chip([harvesting] * count)),
        *("chips_with_mmio:", *(f"  - {chip}: {chip}" for chip in on_host)),
        *(("ethernet_connections:", *links) if links else ("ethernet_connections: []",)),
        "ethernet_connections_to_remote_devices: []",
        *("boards:", f"  - [{{board_id: {board_id}}}, {{board_type: {name}}}, {{chips: {list(chips)}}}]"),
    ]
    return "\n".join([*lines, ""])
