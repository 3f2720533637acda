"""The captures that the page offers, and their analyses, which all of its views share."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import streamlit as st

from perfsheet.analysis.from_files import analyse_files
from perfsheet.app.settings import Settings, current
from perfsheet.light_dataclass import dataclass
from perfsheet.text.safe import clean

if TYPE_CHECKING:
    from perfsheet.analysis import Analysis, Options
    from perfsheet.comparison import Comparison

_MOST_FILES = 20_000
_DEEPEST = 8
_HEAD_BYTES = 16_384
_SKIPPED = frozenset(("node_modules", "__pycache__", "site-packages"))
_ANALYSES = 6


@dataclass(frozen=True)
class Found:
    """A file that the page offers: its path, how it is named there, and what tells that it has changed."""

    path: Path
    name: str
    modified_ns: int
    size: int


def captures(settings: Settings) -> list[Found]:
    """The captures that were named, then those below the folder, the newest first."""
    given = [*settings.captures, *_added]
    named = [found for path in given if (found := _found(path, str(path))) is not None]
    known = {found.path.resolve() for found in named}
    below = [
        found
        for path in _files(settings.folder)
        if path.resolve() not in known
        and (found := _found(path, path.relative_to(settings.folder).as_posix())) is not None
        and _is_capture(str(path), found.modified_ns, found.size)
    ]
    return [*named, *sorted(below, key=lambda found: -found.modified_ns)]


_added: list[Path] = []


def add(path: Path) -> str:
    """Offer a capture that a run has left, too; its name on the page."""
    settings = current()
    if not any(found.path.resolve() == path.resolve() for found in captures(settings)):
        _added.append(path)
    return next(found.name for found in captures(settings) if found.path.resolve() == path.resolve())


def suites(settings: Settings) -> list[Found]:
    """The suites below the folder, by name."""
    found = [
        entry
        for path in _files(settings.folder, (".toml",))
        if (entry := _found(path, path.relative_to(settings.folder).as_posix())) is not None
        and _is_suite(str(path), entry.modified_ns, entry.size)
    ]
    return sorted(found, key=lambda entry: entry.name)


def _found(path: Path, name: str) -> Found | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return Found(path, clean(name), status.st_mtime_ns, status.st_size) if path.is_file() else None


def _files(folder: Path, suffixes: tuple[str, ...] = (".csv", ".json", ".gz")) -> Iterator[Path]:
    """Files below a folder, without hidden folders and those of packages."""
    seen = 0
    for name, folders, files in os.walk(folder):
        here = Path(name)
        deep = len(here.relative_to(folder).parts)
        kept = sorted(one for one in folders if not one.startswith(".") and one not in _SKIPPED)
        folders[:] = kept if deep < _DEEPEST else []
        for file in sorted(files):
            seen += 1
            if seen > _MOST_FILES:
                return
            if file.lower().endswith(suffixes):
                yield here / file


@lru_cache(maxsize=_MOST_FILES)
def _is_capture(path: str, _modified_ns: int, _size: int) -> bool:
    """Whether a file looks like an ops CSV or a plan, by its beginning."""
    head = _head(path)
    if path.endswith(".json"):
        return b'"perfsheet_plan"' in head
    return b"OP CODE" in head and b"," in head


@lru_cache(maxsize=_MOST_FILES)
def _is_suite(path: str, _modified_ns: int, _size: int) -> bool:
    head = _head(path)
    return b"[[target]]" in head and b"[suite]" in head


def _head(path: str) -> bytes:
    import gzip
    import zlib

    try:
        with gzip.open(path) if path.endswith(".gz") else Path(path).open("rb") as stream:
            return bytes(stream.read(_HEAD_BYTES))
    except (OSError, EOFError, zlib.error):
        return b""


_one_at_a_time = Lock()


def analysis(found: Found, options: Options) -> Analysis:
    """The analysis of a capture, kept for as long as the file stays as it is. Raises PerfsheetError."""
    with _one_at_a_time:  # two sessions that ask for the same share the work
        return _analysis(str(found.path), found.modified_ns, found.size, options)


@lru_cache(maxsize=_ANALYSES)
def _analysis(path: str, _modified_ns: int, _size: int, options: Options) -> Analysis:
    return analyse_files([path], options)


@lru_cache(maxsize=_ANALYSES)
def comparison(base: Analysis, new: Analysis, noise_pct: float) -> Comparison:
    """One capture beside another."""
    from perfsheet.comparison import compare

    return compare(base, new, noise_pct)


def downloads(name: str, makers: dict[str, Callable[[], str | bytes]]) -> None:
    """Buttons that make a file when they are clicked; by suffix."""
    for suffix, make in makers.items():
        st.download_button(
            f".{suffix}",
            data=make,
            file_name=f"{name}.{suffix}",
            mime=_TYPES[suffix],
            on_click="ignore",
            key=f"download_{suffix}",
        )


_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "html": "text/html",
    "md": "text/markdown",
    "json": "application/json",
}


def written(write: Callable[[Any, Path], object], subject: Any) -> bytes:
    """The bytes of a file that a writer writes."""
    with tempfile.TemporaryDirectory(prefix="perfsheet-app-") as folder:
        path = Path(folder) / "report.xlsx"
        write(subject, path)
        return path.read_bytes()
