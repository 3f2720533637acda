"""The captures that the page offers, and their analyses, which all of its views share."""

from __future__ import annotations

import os
import stat
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import streamlit as st

from perfsheet.analysis.from_files import analyse_files
from perfsheet.app.settings import Settings, current
from perfsheet.capture.compressed import beginning
from perfsheet.light_dataclass import dataclass
from perfsheet.provenance import RECORD_NAME
from perfsheet.text.safe import clean

if TYPE_CHECKING:
    from perfsheet.analysis import Analysis, Options
    from perfsheet.comparison import Comparison

_MOST_FILES, _MOST_CANDIDATES = 200_000, 10_000
_DEEPEST = 8
_SUFFIXES = (".csv", ".json", ".gz")
_HEAD_BYTES = 16_384
_SKIPPED = frozenset(("node_modules", "__pycache__", "site-packages"))
_ANALYSES = 6
_LOOKED_AGAIN_S = 2


@dataclass(frozen=True)
class Found:
    """A file that the page offers: its path, how it is named there, and what tells that it has changed."""

    path: Path
    name: str
    modified_ns: int
    size: int


def captures(settings: Settings) -> list[Found]:
    """The captures that were named, then those below the folder, the newest first; each name once."""
    named = [found for path in (*settings.captures, *_added) if (found := _found(path, str(path))) is not None]
    known = {found.path.resolve() for found in named}
    below = [
        found
        for found in _below(settings.folder, _SUFFIXES)
        if found.path.resolve() not in known and _is_capture(str(found.path), found.modified_ns, found.size)
    ]
    names: set[str] = set()
    listed = []
    for found in [*named, *sorted(below, key=lambda found: -found.modified_ns)]:
        one = replace(found, name=clean(str(found.path.absolute()))) if found.name in names else found
        names.add(one.name)
        listed.append(one)
    return listed


_added: list[Path] = []


def add(path: Path) -> str:
    """Offer a capture that a run has left, too; its name on the page."""
    settings = current()
    if not any(found.path.resolve() == path.resolve() for found in captures(settings)):
        _added.append(path)
    return next((found.name for found in captures(settings) if found.path.resolve() == path.resolve()), str(path))


def suites(settings: Settings) -> list[Found]:
    """The suites below the folder, by name."""
    found = [
        entry
        for entry in _below(settings.folder, (".toml",))
        if _is_suite(str(entry.path), entry.modified_ns, entry.size)
    ]
    return sorted(found, key=lambda entry: entry.name)


def looked_at_all(settings: Settings) -> bool:
    """Whether the folder was small enough to be looked through."""
    return _walked(settings.folder, _SUFFIXES, _now())[1]


def _found(path: Path, name: str) -> Found | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return Found(path, clean(name), status.st_mtime_ns, status.st_size) if stat.S_ISREG(status.st_mode) else None


def _now() -> int:
    """Changes when a folder is to be looked at again."""
    return int(time.monotonic() // _LOOKED_AGAIN_S)


def look_again() -> None:
    """Look at the folders again at once."""
    _walked.cache_clear()


def _below(folder: Path, suffixes: tuple[str, ...]) -> Iterator[Found]:
    for path in _walked(folder, suffixes, _now())[0]:
        if (found := _found(path, path.relative_to(folder).as_posix())) is not None:
            yield found


@lru_cache(maxsize=8)
def _walked(folder: Path, suffixes: tuple[str, ...], _when: int) -> tuple[list[Path], bool]:
    """Files with these suffixes below a folder, without hidden folders and those of packages; whether that is all."""
    seen, paths = 0, []
    for name, folders, files in os.walk(folder):
        here = Path(name)
        deep = len(here.relative_to(folder).parts)
        kept = sorted(one for one in folders if not one.startswith(".") and one not in _SKIPPED)
        folders[:] = kept if deep < _DEEPEST else []
        seen += len(files)
        paths += [here / file for file in sorted(files) if file.lower().endswith(suffixes)]
        if seen > _MOST_FILES or len(paths) > _MOST_CANDIDATES:
            return paths[:_MOST_CANDIDATES], False
    return paths, True


@lru_cache(maxsize=2 * _MOST_CANDIDATES)
def _is_capture(path: str, _modified_ns: int, _size: int) -> bool:
    """Whether a file looks like an ops CSV or a plan, by its beginning."""
    head = beginning(Path(path), _HEAD_BYTES)
    if path.endswith(".json"):
        return b'"perfsheet_plan"' in head
    return b"OP CODE" in head and b"," in head


@lru_cache(maxsize=2 * _MOST_CANDIDATES)
def _is_suite(path: str, _modified_ns: int, _size: int) -> bool:
    head = beginning(Path(path), _HEAD_BYTES)
    return b"[[target]]" in head and b"[suite]" in head


_comparing = Lock()
_locks: defaultdict[object, Lock] = defaultdict(Lock)
"""Sessions that ask for the same share the work; others do not wait for them."""


def analysis(found: Found, options: Options) -> Analysis:
    """The analysis of a capture, kept for as long as its file and the record of its run stay as they are.

    Raises PerfsheetError.
    """
    record = _found(found.path.with_name(RECORD_NAME), RECORD_NAME)
    key = (str(found.path), found.modified_ns, found.size, record and record.modified_ns, options)
    with _locks[key]:
        return _analysis(*key)


@lru_cache(maxsize=_ANALYSES)
def _analysis(path: str, _modified_ns: int, _size: int, _record_ns: int | None, options: Options) -> Analysis:
    return analyse_files([path], options)


def comparison(base: Analysis, new: Analysis, noise_pct: float) -> Comparison:
    """One capture beside another."""
    with _comparing:
        return _comparison(base, new, noise_pct)


@lru_cache(maxsize=_ANALYSES)
def _comparison(base: Analysis, new: Analysis, noise_pct: float) -> Comparison:
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
