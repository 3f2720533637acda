"""The profiler: its Python side, its capture tools, and a build that has it."""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterator
from pathlib import Path

from perfsheet.doctor.model import Diagnosis, Patient
from perfsheet.machine.checkout import commit, is_checkout
from perfsheet.run.toolchain import CAPTURE_TOOLS, missing_tools, missing_tracy

# rtoptions.cpp of tt-metal has this text only where the profiler is compiled out.
_WITHOUT_TRACY = b"requires a Tracy-enabled build of tt-metal"
_BUILD_IT = "build tt-metal from source without --disable-profiler (ENABLE_TRACY=ON)"


def tracy(patient: Patient) -> Iterator[Diagnosis]:
    """The module `tracy` imports."""
    box = patient.toolbox
    if found := missing_tracy(box):
        yield Diagnosis("tracy", "tracy module", False, *found)
        return
    known = "its options cannot be told" if box.options is None else f"{len(box.options)} options"
    yield Diagnosis("tracy", "tracy module", True, f"{box.tracy_file}, {known}")


def capture_tools(patient: Patient) -> Iterator[Diagnosis]:
    """The capture tools that this profiler looks for are there and can be started."""
    label = "capture tools"
    if found := missing_tools(patient.toolbox, patient.tools):
        yield Diagnosis("capture-tools", label, False, *found)
        return
    names = next(pair for pair in CAPTURE_TOOLS if all((patient.tools / name).is_file() for name in pair))
    names = patient.toolbox.tools or names
    closed = [name for name in names if not os.access(patient.tools / name, os.X_OK)]
    if closed:
        mend = f"chmod +x {' '.join(str(patient.tools / name) for name in closed)}"
        yield Diagnosis("capture-tools", label, False, f"{' and '.join(closed)} cannot be started", mend)
    else:
        yield Diagnosis("capture-tools", label, True, f"{' and '.join(names)} in {patient.tools}")


def tracy_build(patient: Patient) -> Iterator[Diagnosis]:
    """The libraries of tt-metal have the profiler compiled in."""
    label = "profiler build"
    libraries = list(_libraries(patient))
    without = next((library for library in libraries if _contains(library, _WITHOUT_TRACY)), None)
    if without is not None:
        yield Diagnosis("profiler-build", label, False, f"{without} is built without the profiler", _BUILD_IT)
    elif any(library.name.startswith("libtt_metal") for library in libraries):
        yield Diagnosis("profiler-build", label, True, f"{libraries[0].parent}")
    else:
        yield Diagnosis("profiler-build", label, None, "no libraries of tt-metal found to look into")


def metal_home(patient: Patient) -> Iterator[Diagnosis]:
    """TT_METAL_HOME names a folder; whether it is a checkout, and of which commit."""
    home, label = patient.home, "TT_METAL_HOME"
    if home is None:
        here = is_checkout(Path.cwd())
        mend = "export TT_METAL_HOME=… (the tt-metal checkout), or give --tt-metal-home"
        detail = "not set: the current folder is taken for it"
        yield Diagnosis("tt-metal-home", label, here, detail, "" if here else mend)
    elif not home.is_dir():
        yield Diagnosis("tt-metal-home", label, False, f"there is no folder {home}", "set it to the tt-metal checkout")
    else:
        what = f"checkout of {commit(home) or 'unknown commit'}" if is_checkout(home) else "not a source checkout"
        yield Diagnosis("tt-metal-home", label, True, f"{home}, {what}")


def _libraries(patient: Patient) -> Iterator[Path]:
    ttnn = patient.toolbox.ttnn_file
    folders = [patient.home / "build" / "lib"] if patient.home else []
    if ttnn:
        package = Path(ttnn).parent
        folders += [package / "build" / "lib", package]
    seen: set[Path] = set()
    for folder in folders:
        for path in sorted(folder.glob("*.so")):
            if path.is_file() and path.resolve() not in seen:
                seen.add(path.resolve())
                yield path


def _contains(path: Path, text: bytes) -> bool:
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return content.find(text) >= 0
    except (OSError, ValueError):  # not readable, or empty
        return False
