"""The machine around the profiler: disk space, and what earlier runs left behind."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Iterator

from perfsheet.doctor.model import Diagnosis, Patient
from perfsheet.machine import processes
from perfsheet.run.process_tree import RUN_ID
from perfsheet.run.report import IN_PROGRESS

_LEAST_FREE = 2 << 30
"""A device log of some hundred thousand ops takes about that much."""


def disk(patient: Patient) -> Iterator[Diagnosis]:
    """Reports can be written, and there is room for them."""
    label = "report folder"
    folder = next(at for at in (patient.root, *patient.root.parents) if os.path.exists(at))  # noqa: PTH110 - Path.exists() raises without the permission to look
    if not (folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)):
        yield Diagnosis("disk", label, False, f"{folder} is not writable", "give another folder with -o")
        return
    free = shutil.disk_usage(folder).free
    told = f"{patient.root}, {free / (1 << 30):,.1f} GiB free"
    yield Diagnosis("disk", label, free >= _LEAST_FREE, told, "" if free >= _LEAST_FREE else "make room, or use -o")


def unfinished(patient: Patient) -> Iterator[Diagnosis]:
    """What runs that were killed left in the report folder; it is in nobody's way but takes room."""
    for folder in sorted((patient.root / IN_PROGRESS).glob("*_????????")):
        run_id = folder.name.rpartition("_")[2]  # its beginning
        if not processes.any_marked(f"{RUN_ID}={run_id}"):
            detail = f"{folder} was left by a run that was killed"
            yield Diagnosis("unfinished-run", "unfinished run", None, detail, f"rm -r {shlex.quote(str(folder))}")


def profilers(_patient: Patient) -> Iterator[Diagnosis]:
    """No profiler of an earlier run is left over."""
    found = processes.profilers()
    left = [process for process in found if process.abandoned]
    for process in left:
        detail = f"process {process.pid} is left over, {process.age} old: {process.command}"
        yield Diagnosis("profilers", "left-over profiler", False, detail, f"kill {process.pid}")
    if not left:
        at_work = f"{len(found)} at work: {', '.join(str(process.pid) for process in found)}" if found else "none"
        yield Diagnosis("profilers", "left-over profilers", True, f"none; {at_work}" if found else "none")
