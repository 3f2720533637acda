"""The files of one run: its log, its private root, and the report in it."""

from __future__ import annotations

import contextlib
import errno
import re
import shutil
import time
from itertools import count
from pathlib import Path

from perfsheet.errors import not_written
from perfsheet.run.leftovers import IN_PROGRESS, claim, release

_ANNOUNCEMENT = re.compile(r"(?<!Device only )OPs csv generated at: (.+)")
_TERMINAL_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_REPORTS, _LOGS = "reports", ".logs"
_DEVICE_LOGS = ("profile_log_device.csv", "cpp_device_perf_report.csv")


class Log:
    """Everything that the run prints, in a file that is kept; `kind` is part of its name."""

    def __init__(self, folder: Path, run_id: str, kind: str = "run") -> None:
        self.path = folder / f"perfsheet_{kind}_{_name(run_id)}.log"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("xb", buffering=0)
        except OSError as error:
            raise not_written(
                f"cannot write the log {self.path} ({error.strerror})", "choose another folder"
            ) from error

    def write(self, output: bytes) -> None:
        """Add output. Raises OSError."""
        view = memoryview(output)
        while view:
            view = view[self._file.write(view) or 0 :]

    def close(self, beside: Path | None = None) -> Path:
        """Close the log, move it into the folder of `beside` if that is given, and return its path."""
        with contextlib.suppress(OSError):  # nothing is lost: all was written, or its failure raised
            self._file.close()
        if beside is not None and not self.path.is_relative_to(beside.parent):
            with contextlib.suppress(OSError):  # it can stay where it is
                self.path = Path(shutil.move(self.path, beside.parent / self.path.name))
        return self.path


class PrivateRoot:
    """A folder below the user's root in which one run leaves its logs and reports.

    The profiler empties the log folder of its root when it starts, and names reports by the second, so two runs in one
    root would overwrite each other's data. Each run therefore gets its own root, and its report moves to the user's
    when it is complete. A file outside this folder does not belong to the run, whatever the profiler announces.
    """

    def __init__(self, root: Path, run_id: str) -> None:
        self._root = root.resolve()
        self._name = _name(run_id)
        self.path = self._root / IN_PROGRESS / self._name
        self._keep = False
        try:
            self.path.mkdir(parents=True)
            claim(self.path)
        except OSError as error:
            raise not_written(
                f"cannot make the report folder {self.path} ({error.strerror})", "choose another with -o"
            ) from error

    @property
    def device_logged(self) -> bool:
        """Whether a device has written a log."""
        return has_device_log(self.path)

    def csv(self, announced: Path | None) -> Path | None:
        """The announced CSV, or the only one in the root if none was announced; else None."""
        csvs = list((self.path / _REPORTS).glob("**/ops_perf_results*.csv"))
        if announced is not None:
            return next((csv for csv in csvs if csv.resolve() == announced.resolve()), None)
        return csvs[0] if len(csvs) == 1 else None

    def publish(self, csv: Path) -> Path:
        """Move the report of `csv`, and the raw logs that it lacks, to the user's root; returns the new path."""
        published = self._root / csv.parent.relative_to(self.path)
        try:
            for log in (self.path / _LOGS).iterdir() if (self.path / _LOGS).is_dir() else ():
                if not (csv.parent / log.name).exists():
                    (csv.parent / _LOGS).mkdir(exist_ok=True)
                    log.rename(csv.parent / _LOGS / log.name)
            published.parent.mkdir(parents=True, exist_ok=True)
            folder = _move(csv.parent, published)
        except OSError as error:
            self._keep = True
            raise not_written(
                f"cannot move the report to {published} ({error.strerror})", f"it is in {csv.parent}"
            ) from error
        self.discard()
        return folder / csv.name

    def keep(self) -> Path:
        """Put the raw logs of a failed run aside, so that they can be processed again; returns their folder."""
        aside = self._root / "failed" / self._name
        try:
            aside.parent.mkdir(exist_ok=True)
            release(self.path)
            return self.path.rename(aside)
        except OSError:
            return self.path

    def discard(self) -> None:
        """Remove the root, unless it holds a report that could not be moved."""
        if self._keep:
            return
        shutil.rmtree(self.path, ignore_errors=True)
        try:
            self.path.parent.rmdir()
        except OSError:  # another run is in progress
            return


def without_colours(line: str) -> str:
    """`line` without the escape sequences that colour a terminal."""
    return _TERMINAL_COLOURS.sub("", line)


def has_device_log(root: Path) -> bool:
    """Whether a device has written a log below the root of a run."""
    return any((root / _LOGS / name).is_file() for name in _DEVICE_LOGS)


def announced_csv(line: str) -> Path | None:
    """The path in a line by which the profiler announces an ops CSV (not a device-only report), else None."""
    announcement = _ANNOUNCEMENT.search(line)
    return Path(announcement[1].strip()) if announcement else None


def remove_trace_copy(copy: Path) -> None:
    """Remove the copy of the trace that the profiler makes for its web page, which a run does not start.

    The trace is in the report; copies would pile up in the build folder, run by run.
    """
    link = copy.parent.parent / "embed.tracy"
    with contextlib.suppress(OSError):
        copy.unlink(missing_ok=True)
        if link.is_symlink() and not link.exists():
            link.unlink()


def _name(run_id: str) -> str:
    return f"{time.strftime('%Y_%m_%d_%H_%M_%S')}_{run_id[:8]}"


def _move(folder: Path, wanted: Path) -> Path:
    """Move `folder` to `wanted`, with a number appended if that name is taken; returns its new path."""
    for number in count(1):
        target = wanted if number == 1 else wanted.with_name(f"{wanted.name}_{number}")
        if not target.exists():
            try:
                return folder.rename(target)
            except OSError as error:
                if error.errno == errno.EXDEV:  # the reports are on another disk
                    return Path(shutil.move(folder, target))
                if not target.exists():
                    raise
    raise AssertionError("count never ends")
