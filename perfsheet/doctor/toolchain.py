"""Checks of the target's Python and its packages, of the profiler, and of the tt-metal build."""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterator
from pathlib import Path

from perfsheet.doctor.model import Diagnosis, RunSetup, run_code
from perfsheet.machine.checkout import commit, is_checkout
from perfsheet.mock_board import FIRST_TTNN, default_folder, knows_mock_boards
from perfsheet.run.toolchain import CAPTURE_TOOLS, missing_tools, missing_tracy

_IMPORT_TIMEOUT_S = 120
# rtoptions.cpp of tt-metal contains this text only if the profiler is compiled out.
_WITHOUT_TRACY = b"requires a Tracy-enabled build of tt-metal"
_BUILD_IT = "build tt-metal from source without --disable-profiler (ENABLE_TRACY=ON)"


def check_python(setup: RunSetup) -> Iterator[Diagnosis]:
    """The interpreter starts."""
    python = setup.python
    if python.broken:
        yield Diagnosis("python", "Python", False, python.broken, "name another interpreter with --python")
    else:
        yield Diagnosis("python", "Python", True, f"{python.versions['python']}, {python.interpreter}")


def check_pytest(setup: RunSetup) -> Iterator[Diagnosis]:
    """pytest is installed."""
    version = setup.python.versions.get("pytest")
    fix = "" if version else f"{setup.python.interpreter} -m pip install pytest"
    yield Diagnosis("pytest", "pytest", version is not None, version or "not installed", fix)


def check_ttnn(setup: RunSetup) -> Iterator[Diagnosis]:
    """ttnn can be imported, which opens no device."""
    python = setup.python
    if python.ttnn_file is None:
        fix = "activate the Python environment of tt-metal, or name it with --python"
        yield Diagnosis("ttnn", "ttnn", False, f"not installed for {python.interpreter}", fix)
        return
    version = python.versions.get("ttnn") or "version unknown"
    _, error = run_code(setup, "import ttnn", _IMPORT_TIMEOUT_S)
    if error:
        detail = f"{version} cannot be imported: {error}"
        yield Diagnosis("ttnn", "ttnn", False, detail, "install it again, or build tt-metal")
    else:
        yield Diagnosis("ttnn", "ttnn", True, f"{version}, {python.ttnn_file}")


def check_mock_board(setup: RunSetup) -> Iterator[Diagnosis]:
    """Whether `perfsheet plan` can work: this ttnn knows mock boards. No run needs one."""
    label, ttnn = "mock board", setup.python.ttnn_file
    if ttnn is None:
        return
    if not knows_mock_boards(Path(ttnn).parent):
        detail = f"this ttnn knows none, so nothing can be planned; ttnn {FIRST_TTNN} and later do"
        yield Diagnosis("mock-board", label, None, detail)
        return
    made = default_folder(setup.python.versions.get("ttnn"))
    where = f"in {made}" if made.is_dir() else "not made yet: perfsheet plan --setup, or the first plan, makes it"
    yield Diagnosis("mock-board", label, True if made.is_dir() else None, where)


def check_pandas(setup: RunSetup) -> Iterator[Diagnosis]:
    """The profiler's post-processing works with this version of pandas."""
    version = setup.python.versions.get("pandas")
    if version is None:
        yield Diagnosis("pandas", "pandas", None, "not installed; older profilers do not need it")
    elif version.partition(".")[0].isdigit() and int(version.partition(".")[0]) >= 3:
        detail = f"{version} breaks the profiler's post-processing of device logs"
        fix = f"{setup.python.interpreter} -m pip install 'pandas<3' (the extra `ttnn` of perfsheet does that)"
        yield Diagnosis("pandas", "pandas", False, detail, fix)
    else:
        yield Diagnosis("pandas", "pandas", True, version)


def check_tracy(setup: RunSetup) -> Iterator[Diagnosis]:
    """The module `tracy` can be imported."""
    python = setup.python
    if problem := missing_tracy(python):
        yield Diagnosis("tracy", "tracy module", False, *problem)
        return
    options = "its options are unknown" if python.options is None else f"{len(python.options)} options"
    yield Diagnosis("tracy", "tracy module", True, f"{python.tracy_file}, {options}")


def check_capture_tools(setup: RunSetup) -> Iterator[Diagnosis]:
    """The capture tools that this profiler looks for exist and can be started."""
    label = "capture tools"
    if problem := missing_tools(setup.python, setup.tools):
        yield Diagnosis("capture-tools", label, False, *problem)
        return
    names = next(pair for pair in CAPTURE_TOOLS if all((setup.tools / name).is_file() for name in pair))
    names = setup.python.tools or names
    not_executable = [name for name in names if not os.access(setup.tools / name, os.X_OK)]
    if not_executable:
        fix = f"chmod +x {' '.join(str(setup.tools / name) for name in not_executable)}"
        yield Diagnosis("capture-tools", label, False, f"{' and '.join(not_executable)} cannot be started", fix)
    else:
        yield Diagnosis("capture-tools", label, True, f"{' and '.join(names)} in {setup.tools}")


def check_tracy_build(setup: RunSetup) -> Iterator[Diagnosis]:
    """The libraries of tt-metal are built with the profiler."""
    label = "profiler build"
    libraries = list(_libraries(setup))
    without = next((library for library in libraries if _contains(library, _WITHOUT_TRACY)), None)
    if without is not None:
        yield Diagnosis("profiler-build", label, False, f"{without} is built without the profiler", _BUILD_IT)
    elif any(library.name.startswith("libtt_metal") for library in libraries):
        yield Diagnosis("profiler-build", label, True, f"{libraries[0].parent}")
    else:
        yield Diagnosis("profiler-build", label, None, "no libraries of tt-metal found to check")


def check_metal_home(setup: RunSetup) -> Iterator[Diagnosis]:
    """TT_METAL_HOME is a folder; whether it is a checkout, and of which commit."""
    home, label = setup.home, "TT_METAL_HOME"
    if home is None:
        here = is_checkout(Path.cwd())
        fix = "" if here else "export TT_METAL_HOME=… (the tt-metal checkout), or give --tt-metal-home"
        yield Diagnosis("tt-metal-home", label, here, "not set: the current folder is used", fix)
    elif not home.is_dir():
        yield Diagnosis("tt-metal-home", label, False, f"there is no folder {home}", "set it to the tt-metal checkout")
    else:
        kind = f"checkout of {commit(home) or 'unknown commit'}" if is_checkout(home) else "not a source checkout"
        yield Diagnosis("tt-metal-home", label, True, f"{home}, {kind}")


def _libraries(setup: RunSetup) -> Iterator[Path]:
    ttnn = setup.python.ttnn_file
    folders = [setup.home / "build" / "lib"] if setup.home else []
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
