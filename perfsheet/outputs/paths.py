"""Where output files go, whether they can be written, and which report is the newest."""

from __future__ import annotations

import contextlib
import os
import stat
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from perfsheet.atomic_write import exists_already, is_stream, locked, own_file
from perfsheet.errors import not_written, unusable, usage
from perfsheet.provenance import RECORD_NAME


def default_path(captures: Sequence[str]) -> Path:
    """`run.csv` becomes `run.xlsx` beside it, a workbook `run.perfsheet.xlsx`, standard input `perfsheet.xlsx` here."""
    first = Path(captures[0])
    if not first.is_file():
        return Path("perfsheet.xlsx")
    if first.suffix.lower() == ".xlsx":
        return first.with_name(f"{first.stem}.perfsheet.xlsx")
    return first.with_suffix(".xlsx")


def check_file(path: Path, inputs: Sequence[str], force: bool) -> None:
    """Refuse an output that cannot or must not be written; `inputs` are the files that are read.

    Raises PerfsheetError: exit status 2 when it would replace an input, 7 for the rest.
    """
    beside = [str(Path(name).with_name(RECORD_NAME)) for name in inputs if Path(name).name]
    if path.name == SETTINGS or any(is_same(path, name) for name in [*inputs, *beside]):
        raise usage(f"{path} is an input", "give the output another name")
    if (number := own_file(path)) is not None:
        refuse_open_input(number, str(path), inputs)
    if is_stream(path):
        return
    if path.is_symlink() and not path.exists():
        raise not_written(f"{path} is a link to nothing, or to itself", "remove it, or give another place with -o")
    if path.is_dir():
        raise not_written(f"{path} is a folder", "give a file name with -o")
    if not path.parent.is_dir():
        raise not_written(f"{path.parent} is not a folder", "make it first, or give another place with -o")
    check_new(path, force)
    if path.exists() and path.with_name(f"~${path.name}").exists():
        raise locked(path)


def refuse_open_input(number: int, name: str, inputs: Sequence[str]) -> None:
    """Refuse an open file of this process that is one of the inputs. Raises PerfsheetError (exit status 2)."""
    with contextlib.suppress(OSError):
        ours = os.fstat(number)
        for path in inputs:
            with contextlib.suppress(OSError):
                if os.path.samestat(ours, os.stat(path)) and stat.S_ISREG(ours.st_mode):  # noqa: PTH116
                    raise usage(f"{name} is an input ({path})", "redirect it elsewhere")


def refuse_same(outputs: Sequence[Path]) -> None:
    """Refuse two outputs that are one file. Raises PerfsheetError (exit status 2)."""
    for number, path in enumerate(outputs):
        if any(is_same(path, other) for other in outputs[:number]):
            raise usage("two outputs have the same name", "give each its own")


def is_same(path: Path, other: str | Path) -> bool:
    """Whether both are one file, also under two names; devices and pipes are never an output that would be replaced."""
    if os.path.realpath(path) == os.path.realpath(other):
        return not is_stream(path)
    try:
        return path.samefile(other) and not is_stream(path)
    except (OSError, ValueError):
        return False


def check_new(path: Path, force: bool) -> None:
    """Refuse to write over a file that is there already. Raises PerfsheetError (exit status 7)."""
    if path.exists() and not force and not is_stream(path):
        raise exists_already(path)


SETTINGS = "pyproject.toml"
WORKBOOK, PAGE = ".xlsx", ".html"
_HEAD_BYTES = 4096


def newest_report(folders: Iterable[Path], suffix: str) -> Path | None:
    """The newest report with that suffix, in the folders and below those named `generated`."""
    return _newest(report for folder in folders for report in _reports(folder, suffix))


def report_at(path: Path, suffix: str) -> Path:
    """The report at a path: the file itself, or the newest in or below a folder. Raises PerfsheetError (status 3)."""
    if path.is_file():
        return path
    if not path.is_dir():
        raise unusable(f"{path}: no such file", "check the path")
    newest = _newest(report for report in path.rglob(f"*{suffix}") if is_ours(report))
    if newest is None:
        raise unusable(f"{path}: no report of perfsheet ({suffix}) in this folder", "write one with `perfsheet report`")
    return newest


def is_ours(path: Path) -> bool:
    """Whether perfsheet wrote the file."""
    try:
        if path.suffix == PAGE:
            with path.open("rb") as stream:
                return b'<meta name="generator" content="perfsheet ' in stream.read(_HEAD_BYTES)
        with zipfile.ZipFile(path) as archive:
            return b"<dc:creator>perfsheet " in archive.read("docProps/core.xml")
    except (OSError, KeyError, zipfile.BadZipFile):
        return False


def _newest(reports: Iterable[Path]) -> Path | None:
    return max(reports, key=lambda report: report.stat().st_mtime, default=None)


def _reports(folder: Path, suffix: str) -> Iterator[Path]:
    """Reports in a folder; searched recursively only below `generated`, for a checkout is large."""
    if not folder.is_dir():
        return
    below = folder.rglob if "generated" in folder.parts else folder.glob
    yield from (path for path in below(f"*{suffix}") if is_ours(path))
