"""The ops CSV of exactly this run, out of a root that no other run has."""

from __future__ import annotations

import contextlib
import errno
import re
import shutil
import time
from itertools import count
from pathlib import Path

from perfsheet.errors import not_written

_ANNOUNCED = re.compile(r"(?<!Device only )OPs csv generated at: (.+)")
_TERMINAL_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
IN_PROGRESS = "in-progress"
"""Where, below the user's root, runs work until their report is complete."""
_REPORTS, _LOGS = "reports", ".logs"
_DEVICE_LOGS = ("profile_log_device.csv", "cpp_device_perf_report.csv")


def without_colours(line: str) -> str:
    """`line` as it would be where nothing is coloured."""
    return _TERMINAL_COLOURS.sub("", line)


def has_device_log(root: Path) -> bool:
    """Whether a device has written a log below the root of a run."""
    return any((root / _LOGS / name).is_file() for name in _DEVICE_LOGS)


def announced_csv(line: str) -> Path | None:
    """The path in a line with which the profiler announces an ops CSV (a device-only report is none), else None."""
    found = _ANNOUNCED.search(line)
    return Path(found[1].strip()) if found else None


class PrivateRoot:
    """A folder in which one run leaves its logs and reports, below the root that the user knows.

    The profiler empties the log folder of its root when it starts, and names reports by the second: two runs in one
    root would take each other's data. So each has a root of its own, and its report moves to the user's when it is
    complete. What does not lie in it is not of this run, whatever the profiler announces.
    """

    def __init__(self, root: Path, run_id: str) -> None:
        self._root = root.resolve()
        self._name = f"{time.strftime('%Y_%m_%d_%H_%M_%S')}_{run_id[:8]}"
        self.path = self._root / IN_PROGRESS / self._name
        self._keep = False
        try:
            self.path.mkdir(parents=True)
        except OSError as error:
            raise not_written(
                f"cannot make the report folder {self.path} ({error.strerror})", "give another with -o"
            ) from error

    @property
    def device_logged(self) -> bool:
        """Whether a device has written a log."""
        return has_device_log(self.path)

    def csv(self, announced: Path | None) -> Path | None:
        """The CSV that was announced, else the only one that is there, else None."""
        found = list((self.path / _REPORTS).glob("**/ops_perf_results*.csv"))
        if announced is not None:
            return next((path for path in found if path.resolve() == announced.resolve()), None)
        return found[0] if len(found) == 1 else None

    def publish(self, csv: Path) -> Path:
        """Move the report with `csv`, and the raw logs that it does not hold yet, to the user's root; its new path."""
        wanted = self._root / csv.parent.relative_to(self.path)
        try:
            for log in (self.path / _LOGS).iterdir() if (self.path / _LOGS).is_dir() else ():
                if not (csv.parent / log.name).exists():
                    (csv.parent / _LOGS).mkdir(exist_ok=True)
                    log.rename(csv.parent / _LOGS / log.name)
            wanted.parent.mkdir(parents=True, exist_ok=True)
            folder = _moved(csv.parent, wanted)
        except OSError as error:
            self._keep = True
            raise not_written(
                f"cannot move the report to {wanted} ({error.strerror})", f"it is in {csv.parent}"
            ) from error
        self.discard()
        return folder / csv.name

    def keep(self) -> Path:
        """Put the raw logs of a failed run aside, for whoever wants to process them again; where they are."""
        aside = self._root / "failed" / self._name
        try:
            aside.parent.mkdir(exist_ok=True)
            return self.path.rename(aside)
        except OSError:
            return self.path

    def discard(self) -> None:
        """Remove what is left, unless it holds a report that could not be moved."""
        if self._keep:
            return
        shutil.rmtree(self.path, ignore_errors=True)
        try:
            self.path.parent.rmdir()
        except OSError:  # another run is in progress
            return


def remove_trace_copy(copy: Path) -> None:
    """Remove the copy of the trace that the profiler makes for its web page, which a run does not start.

    The trace is in the report; copies pile up in the build folder, run by run.
    """
    link = copy.parent.parent / "embed.tracy"
    with contextlib.suppress(OSError):
        copy.unlink(missing_ok=True)
        if link.is_symlink() and not link.exists():
            link.unlink()


def _moved(folder: Path, wanted: Path) -> Path:
    """`folder` under its wanted name, or with a number behind it where another run was there first."""
    for number in count(1):
        target = wanted if number == 1 else wanted.with_name(f"{wanted.name}_{number}")
        if not target.exists():
            try:
                return folder.rename(target)
            except OSError as error:
                if error.errno == errno.EXDEV:  # the reports lie on another disk
                    return Path(shutil.move(folder, target))
                if not target.exists():
                    raise
    raise AssertionError("count never ends")
