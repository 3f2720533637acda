"""Latencies that somebody else measured: printed by a command, or recorded in a CSV file."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from perfsheet.errors import usage
from perfsheet.models.bench.model import UNITS, Entry, Measurement, Printed, Runtime
from perfsheet.text.safe import clean

_MEAN, _STD, _RUNS = "mean", "std", "n"
_MOST_RUNS = 1_000_000


def pattern_of(runtime: Runtime) -> re.Pattern[str] | None:
    """The pattern for a printed latency; None for what is measured otherwise. Raises PerfsheetError (exit status 2)."""
    if runtime.unit not in UNITS:
        raise usage(f"unknown unit {runtime.unit!r}", f"choose from {', '.join(UNITS)}")
    if not runtime.latency:
        return None
    try:
        pattern = re.compile(runtime.latency)
    except re.error as error:
        raise usage(f"the pattern {runtime.latency!r} is not a regular expression: {error}", "check it") from None
    if not pattern.groups:
        raise usage(
            f"the pattern {runtime.latency!r} has no group", r"put the time in brackets: 'latency: ([\d.]+) ms'"
        )
    return pattern


class PrintedTimes:
    """The times in what a command prints, line by line."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime, self._pattern = runtime, pattern_of(runtime)
        self._factor = UNITS[runtime.unit]
        self._found: list[Mapping[str, float]] = []

    def read(self, line: str) -> None:
        """Look for a time in a line."""
        for match in self._pattern.finditer(line) if self._pattern else ():
            groups = match.groupdict() if _MEAN in match.groupdict() else {_MEAN: match[1]}
            numbers = {name: _number(text) for name, text in groups.items()}
            known = {name: number for name, number in numbers.items() if number is not None}
            if _MEAN in known and len(self._found) < _MOST_RUNS:
                self._found.append(known)

    def into(self, row: Measurement) -> Measurement:
        """The row with the times: of several each is a run, of one with more than a mean it is what was printed."""
        if row.problem:
            return row
        if not self._found:
            return replace(row, problem=f"no line of its output matches {self._runtime.latency!r}")
        (last, *more) = reversed(self._found)
        if more and _STD not in last and _RUNS not in last:
            return replace(row, runs_ms=tuple(self._factor * one[_MEAN] for one in self._found))
        return replace(row, printed=_printed(last, self._factor))


def recorded(entry: Entry, row: Measurement) -> Measurement:
    """The row with the times of a CSV file: those of a column, or the mean, deviation and number that it has."""
    path, factor = Path(entry.runtime.recorded), UNITS[entry.runtime.unit]
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            lines = list(csv.DictReader(stream, skipinitialspace=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        return replace(row, problem=f"{path.name} cannot be read: {getattr(error, 'strerror', None) or error}")
    if not lines:
        return replace(row, problem=f"{path.name} has no rows")
    columns = list(lines[0])
    wanted = entry.runtime.column or next((name for name in columns if name and _is_time(name)), "")
    if wanted not in columns:
        return replace(row, problem=f"{path.name} has no column {clean(wanted) or 'of times: name it with `column`'}")
    known = [one for line in lines if _MEAN in (one := _numbers(line, wanted))]
    if not known:
        return replace(row, problem=f"column {clean(wanted)} of {path.name} has no number")
    if wanted != _MEAN:
        return replace(row, runs_ms=tuple(factor * one[_MEAN] for one in known))
    if len(known) > 1:
        return replace(row, problem=f"{path.name} has {len(known)} means: which one is meant is not said")
    return replace(row, printed=_printed(known[0], factor))


def _numbers(line: Mapping[str, str | None], column: str) -> dict[str, float]:
    """The mean, deviation and number of runs of a line, as far as it has them."""
    columns = ((_MEAN, column), (_STD, _STD), (_RUNS, _RUNS))
    return {name: number for name, key in columns if (number := _number(line.get(key))) is not None}


def _is_time(name: str) -> bool:
    return bool(re.search(r"(?i)latency|time|^mean$", name))


def _printed(found: Mapping[str, float], factor: float) -> Printed:
    runs = found.get(_RUNS)
    std = found.get(_STD)
    return Printed(
        factor * found[_MEAN], None if std is None else factor * std, None if runs is None or runs < 1 else int(runs)
    )


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) else None
