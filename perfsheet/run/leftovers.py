"""What a killed perfsheet could not remove: processes of its targets, folders of its runs, files that it was writing.

Everything that a run sets up names its owner, the perfsheet process. Once that is gone, it is left over.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from perfsheet.atomic_write import PARTIAL_FILES
from perfsheet.light_dataclass import dataclass

OWNER = "PERFSHEET_OWNER"
"""The variable that names the owner of a target's processes."""
IN_PROGRESS = "in-progress"
"""Folder below the user's root in which runs work until their report is complete."""
TEMPORARY = "perfsheet-run-"
"""What the names of the runs' temporary folders begin with."""

_OWNER_FILE = ".owner"
_SETTING_UP_S = 600.0
"""A folder without an owner may be of a run that is just starting, for so long."""
_WRITING_S = 3600.0
"""A file that was begun so long ago is not being written any more."""


@dataclass(frozen=True)
class Leftovers:
    """Processes, and folders and files, whose owners are gone."""

    processes: tuple[int, ...]
    paths: tuple[Path, ...]


def claim(folder: Path) -> None:
    """Write into a folder that this process owns it. Raises OSError."""
    from perfsheet.machine.processes import own_name

    (folder / _OWNER_FILE).write_text(own_name(), encoding="ascii")


def release(folder: Path) -> None:
    """Take the owner out of a folder that is to stay."""
    with contextlib.suppress(OSError):
        (folder / _OWNER_FILE).unlink(missing_ok=True)


def find(roots: Iterable[Path], written: Iterable[Path] = ()) -> Leftovers:
    """What is left over of runs below `roots` and in the folder for temporary files, and of outputs in `written`."""
    from perfsheet.machine.processes import orphans

    folders = [folder for root in roots for folder in _children(root / IN_PROGRESS)]
    folders += [folder for folder in _children(Path(tempfile.gettempdir())) if folder.name.startswith(TEMPORARY)]
    partial = [path for folder in written for path in sorted(folder.glob(PARTIAL_FILES)) if _age_s(path) > _WRITING_S]
    return Leftovers(tuple(orphans(OWNER)), (*(folder for folder in folders if is_abandoned(folder)), *partial))


def is_abandoned(folder: Path) -> bool:
    """Whether a folder of a run is of nobody any more."""
    from perfsheet.machine.processes import lives

    try:
        return not lives((folder / _OWNER_FILE).read_text(encoding="ascii"))
    except (OSError, UnicodeDecodeError):
        return _age_s(folder) > _SETTING_UP_S


def remove(leftovers: Leftovers) -> Iterator[str]:
    """End the processes and remove the folders and files; says of each what was done."""
    from perfsheet.machine.processes import command_line, end_all

    commands = {pid: command_line(pid) or "" for pid in leftovers.processes}
    survivors = end_all(leftovers.processes)
    for pid, command in commands.items():
        verb = "could not be ended" if pid in survivors else "is ended"
        yield f"process {pid}, left over from a killed run, {verb}: {command}"
    yield from map(_removed, leftovers.paths)


def _removed(path: Path) -> str:
    try:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    except OSError as error:
        return f"{path} cannot be removed: {error.strerror or error}"
    return f"{path}, left over from a killed run, is removed"


def _children(folder: Path) -> list[Path]:
    """The folders in a folder that are this user's own; no links."""
    mine = os.getuid() if hasattr(os, "getuid") else None
    try:
        folders = [entry for entry in os.scandir(folder) if entry.is_dir(follow_symlinks=False)]
        own = [entry.path for entry in folders if mine in (None, entry.stat(follow_symlinks=False).st_uid)]
    except OSError:
        return []
    return list(map(Path, sorted(own)))


def _age_s(path: Path) -> float:
    try:
        return time.time() - path.lstat().st_mtime
    except OSError:
        return 0.0
