"""The devices of this machine, or the simulator in their place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from perfsheet.doctor.model import Diagnosis, Patient
from perfsheet.doctor.probes import answer
from perfsheet.machine import devices, processes

_OPEN_TIMEOUT_S = 120
_OPEN = """
import ttnn
device = ttnn.open_device(device_id=0)
try:
    grid = device.compute_with_storage_grid_size()
    print(f"answer: {str(device.arch()).rpartition('.')[2].lower()}, {grid.x} × {grid.y} worker cores")
finally:
    ttnn.close_device(device)
"""


def nodes(patient: Patient) -> Iterator[Diagnosis]:
    """There is a device, this user may open it; its architecture and board as the kernel driver tells them."""
    found = devices.devices()
    if not found:
        if patient.simulator:
            yield Diagnosis("devices", "devices", None, "none, and none is needed with a simulator")
            return
        loaded = devices.driver_version()
        mend = (
            "install the kernel driver (tt-kmd)" if loaded is None else "check the card with tt-smi or lspci -d 1e52:"
        )
        yield Diagnosis("devices", "devices", False, f"there is no device node in {devices.NODES}", mend)
    for device in found:
        told = f"{device.node}: {device.arch or 'arch unknown'}, {device.board or 'board unknown'}"
        if devices.usable(Path(device.node)):
            yield Diagnosis("devices", "device", True, told)
        else:
            mend = f"give this user the right to read and write {device.node} (udev rules of tt-kmd)"
            yield Diagnosis("devices", "device", False, f"{told}; no permission to open it", mend)


def in_use(_patient: Patient) -> Iterator[Diagnosis]:
    """No other process holds a device: a run would wait for its lock."""
    for node in devices.nodes():
        for holder in devices.holders(node):
            detail = f"{node} is held by process {holder}: {processes.command_line(holder) or 'of another user'}"
            yield Diagnosis("device-in-use", "device in use", False, detail, f"wait for it, or end it: kill {holder}")


def simulator(patient: Patient) -> Iterator[Diagnosis]:
    """TT_METAL_SIMULATOR names something that is there."""
    path = patient.simulator
    if path is None:
        yield Diagnosis("simulator", "simulator", None, "TT_METAL_SIMULATOR is not set: silicon runs the ops")
    elif Path(path).exists():
        yield Diagnosis("simulator", "simulator", True, f"{path} runs the ops: durations are modelled, not measured")
    else:
        mend = "set TT_METAL_SIMULATOR to the simulator's path, or unset it"
        yield Diagnosis("simulator", "simulator", False, f"there is no {path}", mend)


def opened(patient: Patient) -> Iterator[Diagnosis]:
    """Device 0 opens and closes (only with --open-device)."""
    said, error = answer(patient, _OPEN, _OPEN_TIMEOUT_S)
    if error:
        yield Diagnosis("open-device", "open device 0", False, error, "reset the board: tt-smi -r 0")
    else:
        yield Diagnosis("open-device", "open device 0", True, ", ".join(said))
