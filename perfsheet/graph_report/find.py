"""Where a graph report is: a file, or the newest one in a folder."""

from __future__ import annotations

import gc
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from perfsheet.capture.reader import is_plan
from perfsheet.errors import PerfsheetError
from perfsheet.graph_report.database import read_database
from perfsheet.graph_report.errors import unreadable
from perfsheet.graph_report.json_report import COMPARISONS, COMPARISONS_SUFFIX, IO_SUFFIX, read_json, read_plan
from perfsheet.graph_report.model import GraphReport

DATABASE = "db.sqlite"
_SMALL = 1 << 20
"""A smaller file is looked into, for what every capture has."""
_OF_RANK = re.compile(r"(.*?)_?\d+_of_\d+\.json$")
_NO_CAPTURE = ("config.json", "run.json", COMPARISONS)


def read(path: str | Path) -> GraphReport:
    """Read the report of a file, or the newest below a folder."""
    return next(iter(candidates(path)))


def candidates(path: str | Path) -> Iterator[GraphReport]:
    """The report of a file; those below a folder, the newest first, each read when it is asked for."""
    if not str(path).strip():
        raise unreadable("--graph", "is blank")
    given = Path(path)
    try:
        if given.is_dir():
            yield from _readable(given, _below(given))
        elif not given.exists():
            raise unreadable(given, "there is no such file or folder")
        elif not given.is_file():
            raise unreadable(given, "is neither a file nor a folder")
        else:
            yield _read(given)
    except OSError as error:
        raise unreadable(given, error.strerror or str(error)) from None


def _readable(folder: Path, places: Sequence[Path]) -> Iterator[GraphReport]:
    """Those of several reports that can be read. Raises PerfsheetError with the reason of the first if none can."""
    chosen = f"newest of {len(places):,} graph reports in {folder}" if len(places) > 1 else ""
    first_error: PerfsheetError | None = None
    any_read = False
    for place in places:
        report = _read_or_error(place)
        if isinstance(report, PerfsheetError):
            first_error = first_error or report
        else:
            any_read = True
            yield replace(report, how_chosen=chosen)
    if first_error is not None and not any_read:
        raise first_error


def _read_or_error(path: Path) -> GraphReport | PerfsheetError:
    try:
        return _read(path)
    except PerfsheetError as error:
        return error


def _read(path: Path) -> GraphReport:
    collecting = gc.isenabled()
    gc.disable()  # of all that is made here nothing is garbage before the end, and looking for it takes a third
    try:
        return _read_file(path)
    finally:
        if collecting:
            gc.enable()


def _read_file(path: Path) -> GraphReport:
    with path.open("rb") as file:
        start = file.read(16)
    if not start:
        raise unreadable(path, "is empty: the capture did not come to its end")
    if start.startswith(b"SQLite format 3"):
        return read_database(path)
    if not start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        raise unreadable(path, "neither a database nor a graph capture of TTNN")
    if is_plan(path):
        return read_plan(path)
    return read_json(_ranks(path))


def files_of(path: Path) -> list[Path]:
    """The files that may be read for a report: all in a folder, or the file with those beside it that are its own."""
    if path.is_dir():
        return list(path.rglob("*"))
    ranks = _ranks(path)
    beside = [rank.with_suffix(suffix) for rank in ranks for suffix in (IO_SUFFIX, COMPARISONS_SUFFIX)]
    journals = [path.with_name(f"{path.name}{ending}") for ending in ("-wal", "-shm", "-journal")]
    return [*ranks, *beside, path.with_name(COMPARISONS), *journals]


def _ranks(path: Path) -> list[Path]:
    """The capture and those of the other ranks of its run."""
    name = _OF_RANK.match(path.name)
    if name is None:
        return [path]
    beside = ((other, _OF_RANK.match(other.name)) for other in path.parent.glob("*.json"))
    return sorted(other for other, same in beside if same is not None and same[1] == name[1])


def _below(folder: Path) -> list[Path]:
    """The databases and captures in a folder, the newest first; ranks of one run are one.

    A capture beside a database is what that was made of.
    """
    found = [path for path in folder.rglob(DATABASE) if path.is_file()]
    imported = {path.parent for path in found}
    captures = [path for path in folder.rglob("*.json") if path.parent not in imported and _may_be_capture(path)]
    found += {_of_run(path): path for path in captures}.values()
    if not found:
        raise unreadable(folder, "no graph report in this folder")
    return sorted(found, key=lambda path: (path.stat().st_mtime_ns, str(path)), reverse=True)


def _of_run(path: Path) -> tuple[Path, str]:
    name = _OF_RANK.match(path.name)
    return path.parent, path.name if name is None else name[1]


def _may_be_capture(path: Path) -> bool:
    if path.name in _NO_CAPTURE or path.name.endswith((IO_SUFFIX, COMPARISONS_SUFFIX, ".tensor_lifetime.json")):
        return False
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return path.stat().st_size >= _SMALL or b'"graph"' in file.read()
    except OSError:
        return False
