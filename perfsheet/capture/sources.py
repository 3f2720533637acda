"""Where captures are: files, folders, standard input, or the newest report of the profiler."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from perfsheet.errors import unusable, usage
from perfsheet.light_dataclass import dataclass

STDIN = "-"
_REPORT = "ops_perf_results*.csv"
_STAMP = re.compile(r"(\d{4}(?:_\d{2}){5})\.csv$")


@dataclass(frozen=True)
class Source:
    """One capture file to read. `path` is None for standard input; `how_chosen` is blank for a named file."""

    label: str
    path: Path | None
    how_chosen: str = ""


def locate(inputs: Sequence[str | Path]) -> list[Source]:
    """The files behind the inputs: each a file, a folder (its newest report) or `-`; none = the newest report anywhere.

    Raises PerfsheetError (exit status 3) for a path that is missing, or a folder without a report.
    """
    if not inputs:
        return [_newest_report()]
    sources = [_locate_named(str(given)) for given in inputs]
    seen: set[str] = set()
    for source in sources:
        key = STDIN if source.path is None else os.path.realpath(source.path)
        if key in seen:
            raise usage(f"{source.label} is given twice", "name each capture once")
        seen.add(key)
    return sources


def runs(argument: str) -> list[str]:
    """The captures behind one side of a comparison: one, or several runs as `A.csv,B.csv` or a pattern.

    Raises PerfsheetError: exit status 3 for a pattern that nothing matches, 2 for a run that is given twice.
    """
    if argument == STDIN or _is_there(argument):
        return [argument]
    from glob import glob, has_magic

    paths: list[str] = []
    for part in filter(None, argument.split(",")):
        matches = sorted(glob(part, recursive=True)) if has_magic(part) else [part]  # noqa: PTH207 absolute ones, too
        if not matches:
            raise unusable(f"{part}: no file matches this pattern", "check the pattern and put it in quotes")
        paths += matches
    seen: set[str] = set()
    for path in paths:
        key = os.path.realpath(path)
        if key in seen:
            raise usage(f"{path} is given twice", "name each run once")
        seen.add(key)
    return paths or [argument]


def _is_there(path: str) -> bool:
    try:
        return Path(path).exists()
    except (OSError, ValueError):
        return False


def _locate_named(given: str) -> Source:
    try:
        return _locate_one(given)
    except OSError as error:  # a name that is too long, a folder without permission
        raise unusable(f"{given[:80]}: {error.strerror or error}", "check the path") from None


def _locate_one(given: str) -> Source:
    if not given.strip():
        raise usage("the name of a capture is empty", "name a file (is a shell variable unset?)")
    if given == STDIN:
        if sys.stdin is None or sys.stdin.isatty():
            raise usage("standard input is a terminal", "pipe an ops CSV into `-`, or name a file")
        return Source("standard input", None)
    path = Path(given)
    if path.is_dir():
        if not os.access(path, os.R_OK | os.X_OK):
            raise unusable(f"{given}: no permission to read this folder", "check its permissions")
        newest = newest_report([path])
        if newest is None:
            raise unusable(
                f"{given}: no {_REPORT} in this folder", "name the ops CSV itself, or run the profiler first"
            )
        return Source(str(newest), newest, f"the newest report in {given}")
    if not path.exists():
        raise unusable(f"{given}: no such file", "check the path")
    return Source(given, path)


def newest_report(folders: Iterable[Path]) -> Path | None:
    """The newest ops CSV below these folders, by the time stamp in its name, else by modification time."""
    reports = [report for folder in folders if folder.is_dir() for report in folder.rglob(_REPORT) if report.is_file()]
    return max(reports, key=_age_key, default=None)


def newest_beside(path: Path) -> Path | None:
    """The newest ops CSV beside a file of the profiler: in its folder, the one above, or the reports next to it."""
    for folder in (path.parent, path.parent.parent):
        reports = [report for report in folder.glob(_REPORT) if report.is_file()]
        if reports:
            return max(reports, key=_age_key)
    return newest_report([path.parent.parent / "reports"])


def _age_key(report: Path) -> tuple[float, str]:
    stamp = _STAMP.search(report.name)
    if stamp:
        try:
            return datetime.strptime(stamp[1], "%Y_%m_%d_%H_%M_%S").timestamp(), report.name
        except ValueError:
            pass
    return report.stat().st_mtime, report.name


def profiler_folders() -> list[Path]:
    """The folders where the profiler writes reports, in the order in which messages list them."""
    folders: list[Path] = []
    if os.environ.get("TT_METAL_PROFILER_DIR"):
        folders.append(Path(os.environ["TT_METAL_PROFILER_DIR"]))
    if os.environ.get("TT_METAL_HOME"):
        folders.append(Path(os.environ["TT_METAL_HOME"]) / "generated" / "profiler")
    folders.append(Path("generated") / "profiler")
    return folders


def _newest_report() -> Source:
    folders = profiler_folders()
    newest = newest_report(folders)
    if newest is None:
        searched = ", ".join(str(folder) for folder in folders)
        raise unusable(
            f"no capture given, and no {_REPORT} under {searched}",
            "name an ops CSV, or profile a target with `perfsheet run`",
        )
    return Source(str(newest), newest, "no capture given: the newest report is used")
