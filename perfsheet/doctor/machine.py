"""Checks of the machine: devices or the simulator in their place, disk space, and what earlier runs left behind."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from perfsheet.doctor.model import Diagnosis, RunSetup, run_code
from perfsheet.machine import devices, processes
from perfsheet.provenance import debug_tools, debug_tools_problem
from perfsheet.run import leftovers

_MIN_FREE = 2 << 30
"""About the size of a device log of several hundred thousand ops."""

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


def check_devices(setup: RunSetup) -> Iterator[Diagnosis]:
    """There is a device that this user may open; its architecture and board as the kernel driver reports them."""
    nodes = devices.devices()
    if not nodes and setup.simulator:
        yield Diagnosis("devices", "devices", None, "none, and none is needed with a simulator")
    elif not nodes:
        no_driver = devices.driver_version() is None
        fix = "install the kernel driver (tt-kmd)" if no_driver else "check the card with tt-smi or lspci -d 1e52:"
        yield Diagnosis("devices", "devices", False, f"there is no device node in {devices.NODES}", fix)
    for device in nodes:
        detail = f"{device.node}: {device.arch or 'arch unknown'}, {device.board or 'board unknown'}"
        if devices.usable(Path(device.node)):
            yield Diagnosis("devices", "device", True, detail)
        else:
            fix = f"give this user the right to read and write {device.node} (udev rules of tt-kmd)"
            yield Diagnosis("devices", "device", False, f"{detail}; no permission to open it", fix)


def check_device_in_use(_setup: RunSetup) -> Iterator[Diagnosis]:
    """No other process holds a device: a run would wait for its lock."""
    for node in devices.nodes():
        for holder in devices.holders(node):
            detail = f"{node} is held by process {holder}: {processes.command_line(holder) or 'of another user'}"
            yield Diagnosis("device-in-use", "device in use", False, detail, f"wait for it, or end it: kill {holder}")


def check_simulator(setup: RunSetup) -> Iterator[Diagnosis]:
    """TT_METAL_SIMULATOR, if set, is the path of a simulator."""
    path = setup.simulator
    if path is None:
        yield Diagnosis("simulator", "simulator", None, "TT_METAL_SIMULATOR is not set: silicon runs the ops")
    elif Path(path).exists():
        yield Diagnosis("simulator", "simulator", True, f"{path} runs the ops: durations are modelled, not measured")
    else:
        fix = "set TT_METAL_SIMULATOR to the simulator's path, or unset it"
        yield Diagnosis("simulator", "simulator", False, f"there is no {path}", fix)


def check_debug_tools(setup: RunSetup) -> Iterator[Diagnosis]:
    """Neither the watcher nor DPRINT is on: both corrupt what the profiler records."""
    label = "debug tools"
    if found := debug_tools(setup.environment):
        yield Diagnosis("debug-tools", label, False, debug_tools_problem(found), f"unset {' '.join(found)}")
    else:
        yield Diagnosis("debug-tools", label, True, "neither watcher nor DPRINT is on")


def check_open_device(setup: RunSetup) -> Iterator[Diagnosis]:
    """Device 0 can be opened and closed (only with --open-device)."""
    answers, error = run_code(setup, _OPEN, _OPEN_TIMEOUT_S)
    if error:
        yield Diagnosis("open-device", "open device 0", False, error, "reset the board: tt-smi -r 0")
    else:
        yield Diagnosis("open-device", "open device 0", True, ", ".join(answers))


def check_disk(setup: RunSetup) -> Iterator[Diagnosis]:
    """Reports can be written, and there is room for them."""
    label = "report folder"
    folder = next(path for path in (setup.root, *setup.root.parents) if os.path.exists(path))  # noqa: PTH110 - Path.exists() raises without the permission to look
    if not (folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)):
        yield Diagnosis("disk", label, False, f"{folder} is not writable", "choose another folder with -o")
        return
    free = shutil.disk_usage(folder).free
    detail = f"{setup.root}, {free / (1 << 30):,.1f} GiB free"
    yield Diagnosis("disk", label, free >= _MIN_FREE, detail, "" if free >= _MIN_FREE else "make room, or use -o")


def check_unfinished_runs(setup: RunSetup) -> Iterator[Diagnosis]:
    """No killed run has left files in the report folder; they do no harm but take up space."""
    left = leftovers.find([setup.root], [Path(), setup.root])
    for pid in left.processes:
        detail = f"process {pid} was left by a run that was killed: {processes.command_line(pid) or ''}"
        yield Diagnosis("unfinished-run", "unfinished run", False, detail, "perfsheet doctor --clean, or the next run")
    for path in left.paths:
        detail = f"{path} was left by a run that was killed"
        yield Diagnosis("unfinished-run", "unfinished run", None, detail, "perfsheet doctor --clean")


def check_profilers(_setup: RunSetup) -> Iterator[Diagnosis]:
    """No profiler of an earlier run is still running."""
    running = processes.profilers()
    abandoned = [profiler for profiler in running if profiler.abandoned]
    for profiler in abandoned:
        detail = f"process {profiler.pid} is left over, {profiler.age} old: {profiler.command}"
        yield Diagnosis("profilers", "left-over profiler", False, detail, f"kill {profiler.pid}")
    if not abandoned:
        pids = ", ".join(str(profiler.pid) for profiler in running)
        detail = f"none; {len(running)} in use: {pids}" if running else "none"
        yield Diagnosis("profilers", "left-over profilers", True, detail)
