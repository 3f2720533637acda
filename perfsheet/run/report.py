"""The ops CSV of exactly this run: never an older one, whatever lies about in the report folders."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

_ANNOUNCED = re.compile(r"(?<!Device only )OPs csv generated at: (.+)")
_TERMINAL_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_CLOCK_SLACK_S = 2.0  # file systems keep times as coarsely as that

Stamp = tuple[int, int]


def announced_csv(line: str) -> Path | None:
    """The path in a line with which the profiler announces an ops CSV (a device-only report is none), else None."""
    found = _ANNOUNCED.search(_TERMINAL_COLOURS.sub("", line))
    return Path(found[1].strip()) if found else None


class Reports:
    """The ops CSVs under one artifact root, as they were when this was made: before the run starts."""

    def __init__(self, root: Path) -> None:
        self._folder = root.resolve() / "reports"
        self._before = self._now()

    def of_this_run(self, announced: Path | None, started: float) -> Path | None:
        """The CSV that the run announced, else the only one that is new under the root, else None.

        `started` (seconds since the epoch) only decides on an announced file outside the root, of which nothing else is
        known. Inside it a file counts when it was not there before the run, or was written anew: no clock is trusted.
        """
        now = self._now()
        new = {path for path, stamp in now.items() if self._before.get(path) != stamp}
        if announced is not None:
            path = announced.resolve()
            if path in now:
                return path if path in new else None
            recent = path.is_file() and path.stat().st_mtime >= started - _CLOCK_SLACK_S
            return path if recent else None
        return new.pop() if len(new) == 1 else None

    def _now(self) -> dict[Path, Stamp]:
        stamps: dict[Path, Stamp] = {}
        for path in self._folder.glob("**/ops_perf_results*.csv"):
            with contextlib.suppress(OSError):  # a link to nowhere, or gone meanwhile
                stamps[path] = (path.stat().st_mtime_ns, path.stat().st_size)
        return stamps
