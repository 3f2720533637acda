"""Finds the newest report of perfsheet."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from perfsheet.errors import unusable

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
