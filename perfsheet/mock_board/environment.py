"""The environment in which an installed TTNN finds a mock board, in a folder of the user's cache.

TTNN still compiles firmware and kernels for the board. Its wheel brings no RISC-V compiler; where none is installed
either, a stand-in answers every call with a ready program. Nothing is written into the installed package.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import NamedTuple

from perfsheet.mock_board import program
from perfsheet.mock_board.boards import BOARDS, cluster_descriptor

COMPILER = "riscv-tt-elf-g++"
_STAND_IN = Path(__file__).with_name("stand_in_compiler.sh")
_OWN = Path("runtime", "sfpi", "compiler", "bin", COMPILER)
_INSTALLED = Path("/opt/tenstorrent/sfpi/compiler/bin", COMPILER)
"""Where Tenstorrent's packages of the compiler put it."""


class MockEnvironment(NamedTuple):
    """Where TTNN finds the board: `variables` to set, and the compiler that it builds with (None = the stand-in).

    `made`: whether this is its first use.
    """

    folder: Path
    variables: dict[str, str]
    compiler: Path | None
    made: bool


FIRST_TTNN = "0.81"
"""The first ttnn that is known to open a mock board and to capture the cores of every op on it."""
_END_OF_GRID = re.compile(r"end: \[[^\]]*\]")
_SWITCH = b"TT_METAL_MOCK_CLUSTER_DESC_PATH"


def knows_mock_boards(ttnn: Path) -> bool:
    """Whether one of the libraries of an installed TTNN reads the variable that names a mock board."""
    libraries = (path for path in ttnn.rglob("*.so*") if "metal" in path.name and path.is_file())
    return any(_has_switch(path) for path in libraries)


def _has_switch(library: Path) -> bool:
    with library.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return content.find(_SWITCH) >= 0


def cache_folder() -> Path:
    """The folder of all mock boards: `perfsheet/mock-boards` in the user's cache."""
    own = os.environ.get("XDG_CACHE_HOME")
    return (Path(own) if own else Path.home() / ".cache") / "perfsheet" / "mock-boards"


def default_folder(version: str | None) -> Path:
    """The folder of the mock boards for a version of TTNN (None = unknown)."""
    return cache_folder() / f"ttnn-{version or 'unknown'}"


def make_environment(
    ttnn: Path,
    version: str,
    board: str,
    mesh: str = "",
    folder: Path | None = None,
    grid: tuple[int, int] | None = None,
) -> MockEnvironment:
    """Make what is missing of a board's environment for the TTNN in the folder `ttnn`; it can be used again.

    `folder`: where, by default one of this version in the user's cache. `grid`: columns and rows of workers, by default
    those of the board. Raises OSError where it cannot be written.
    """
    own = ttnn / _OWN
    compiler = own if own.is_file() else _INSTALLED if _INSTALLED.is_file() else None
    place = folder or default_folder(version)
    place.mkdir(parents=True, exist_ok=True)
    place = place.resolve()
    root = place / ("root" if grid is None else f"root-{grid[0]}x{grid[1]}")
    made = not root.is_dir()
    _link(ttnn, root, compiler, set() if grid is None else {"tt_metal"})
    if grid is not None:
        _set_grid(ttnn, root, grid)
    shape = mesh or BOARDS[board].meshes[0]
    descriptor = place / f"{board}_{shape}.yaml"
    _write(descriptor, cluster_descriptor(board, shape).encode())
    kind = "own" if compiler else "stand-in"
    variables = {
        "TT_METAL_MOCK_CLUSTER_DESC_PATH": str(descriptor),
        "TT_METAL_RUNTIME_ROOT": str(root),
        "TT_METAL_HOME": str(root),
        # Programs of the stand-in must not be found by a TTNN that runs them on a device.
        "TT_METAL_CACHE": str(place / f"kernels-{kind}{root.name.removeprefix('root')}"),
    }
    return MockEnvironment(place, variables, compiler, made)


def _link(ttnn: Path, root: Path, compiler: Path | None, but: set[str]) -> None:
    """A runtime root of links into the installed package (`but` for some entries), with a compiler in its place."""
    for source in (ttnn, ttnn / "runtime"):
        target = root / source.relative_to(ttnn)
        target.mkdir(parents=True, exist_ok=True)
        for entry in source.iterdir() if source.is_dir() else ():
            if entry.name not in {"runtime", "sfpi", *but}:
                _link_to(target / entry.name, entry)
    tools = root / _OWN.parent
    if compiler is not None:
        sfpi = root / "runtime" / "sfpi"
        if sfpi.is_dir() and not sfpi.is_symlink():
            shutil.rmtree(sfpi)  # the stand-in, from before it was installed
        _link_to(sfpi, compiler.parents[2])
        return
    if tools.parents[1].is_symlink():
        tools.parents[1].unlink()
    tools.mkdir(parents=True, exist_ok=True)
    _write(tools / "firmware.elf", program.firmware())
    _write(tools / "kernel.elf", program.kernel())
    _write(tools / COMPILER, _STAND_IN.read_bytes(), mode=0o755)


def _set_grid(ttnn: Path, root: Path, grid: tuple[int, int]) -> None:
    """Let ops have a worker grid of this size: the core descriptors say where it ends."""
    source, target = ttnn / "tt_metal", root / "tt_metal"
    target.mkdir(exist_ok=True)
    for entry in source.iterdir():
        if entry.name != "core_descriptors":
            _link_to(target / entry.name, entry)
    (target / "core_descriptors").mkdir(exist_ok=True)
    for entry in (source / "core_descriptors").iterdir():
        text = _END_OF_GRID.sub(f"end: [{grid[0] - 1}, {grid[1] - 1}]", entry.read_text(encoding="utf-8"))
        _write(target / "core_descriptors" / entry.name, text.encode())


def _link_to(link: Path, target: Path) -> None:
    """A link, made anew where it leads elsewhere (another installation of the same version)."""
    if link.is_symlink() and os.readlink(link) == str(target):  # noqa: PTH115 Path.readlink() needs Python 3.9
        return
    with contextlib.suppress(FileNotFoundError):
        link.unlink()
    with contextlib.suppress(FileExistsError):  # another process was faster
        link.symlink_to(target)


def _write(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Write a file at once, so that a process that reads it meanwhile finds it whole; nothing if it is there."""
    with contextlib.suppress(OSError):
        if path.read_bytes() == content:
            return
    handle, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    Path(name).chmod(mode)
    shutil.move(name, path)
