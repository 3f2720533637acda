"""Tenstorrent devices as the kernel driver reports them; none is opened."""

from __future__ import annotations

import os
from pathlib import Path

from perfsheet.hardware.boards import arch_of_pci_id
from perfsheet.provenance import Device

NODES = Path("/dev/tenstorrent")
_CLASS = Path("/sys/class/tenstorrent")
_HOLDERS = Path("/proc/driver/tenstorrent")


def devices() -> tuple[Device, ...]:
    """The device nodes, with architecture and board if the driver reports them."""
    return tuple(Device(str(node), _arch(node.name), _read(_class(node.name) / "tt_card_type")) for node in nodes())


def nodes() -> list[Path]:
    """The device nodes, in numerical order."""
    return sorted((path for path in NODES.glob("*") if path.name.isdigit()), key=lambda path: int(path.name))


def usable(node: Path) -> bool:
    """Whether this user may open the node."""
    return os.access(node, os.R_OK | os.W_OK)


def holders(node: Path) -> list[int]:
    """The processes that have the device open, as the driver lists them."""
    listed = _read(_HOLDERS / node.name / "pids") or ""
    return [int(word) for word in listed.split() if word.isdigit()]


def driver_version() -> str | None:
    """Version of the kernel driver; None if it is not loaded."""
    return _read(Path("/sys/module/tenstorrent/version"))


def _class(number: str) -> Path:
    return _CLASS / f"tenstorrent!{number}"


def _arch(number: str) -> str | None:
    return arch_of_pci_id(_read(_class(number) / "device" / "device") or "")


def _read(path: Path) -> str | None:
    try:
        return path.read_text(errors="replace").strip() or None
    except OSError:
        return None
