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
_THOUSANDS = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?")


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
    if (_STD in pattern.groupindex or _RUNS in pattern.groupindex) and _MEAN not in pattern.groupindex:
        raise usage(f"the pattern {runtime.latency!r} has a group std or n, and none for the mean", "add (?P<mean>…)")
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
        self._unreadable = ""

    def read(self, line: str) -> None:
        """Look for a time in a line."""
        for match in self._pattern.finditer(line) if self._pattern else ():
            named = match.groupdict() if _MEAN in match.groupdict() else {_MEAN: match[1]}
            texts = {name: text for name in (_MEAN, _STD, _RUNS) if (text := named.get(name)) is not None}
            numbers = {name: number for name, text in texts.items() if (number := _number(text)) is not None}
            if len(numbers) < len(texts) or _MEAN not in numbers or not all(map(_can_be, numbers, numbers.values())):
                self._unreadable = self._unreadable or match[0]
            elif len(self._found) < _MOST_RUNS:
                self._found.append(numbers)

    def into(self, row: Measurement) -> Measurement:
        """The row with the times: each is a run, or the one with the name `mean` is that of many."""
        if row.problem:
            return row
        pattern = f"'{clean(self._runtime.latency)}'"
        if self._unreadable:
            return replace(row, problem=f"{pattern} matches '{clean(self._unreadable)}', which has no such number")
        if not self._found:
            return replace(row, problem=f"no line of its output matches {pattern}")
        if self._pattern and _MEAN in self._pattern.groupindex and len(self._found) > 1:
            return replace(row, problem=f"its output has {len(self._found)} means: which one is meant is not said")
        if len(self._found) > 1:
            return replace(row, runs_ms=tuple(self._factor * one[_MEAN] for one in self._found))
        return replace(row, printed=_printed(self._found[0], self._factor, self._runtime))


def recorded(entry: Entry, row: Measurement) -> Measurement:
    """The row with the times of a CSV file: those of a column, or the mean, deviation and number that it has.

    A file that cannot be used, or a cell that is no time, is its problem.
    """
    path, factor = Path(entry.runtime.recorded), UNITS[entry.runtime.unit]
    try:
        column, lines = _read(path, entry.runtime.column)
        if column != _MEAN:
            return replace(row, runs_ms=tuple(factor * _time(path, line, number, column) for number, line in lines))
        if len(lines) > 1:
            raise _UnusableError(f"{path.name} has {len(lines)} means: which one is meant is not said")
        ((number, line),) = lines
        found = {name: _time(path, line, number, name) for name in (_MEAN, _STD, _RUNS) if line.get(name)}
    except _UnusableError as error:
        return replace(row, problem=str(error))
    return replace(row, printed=_printed(found, factor, entry.runtime))


def check_recorded(runtime: Runtime) -> None:
    """Refuse a recorded file that cannot be used, before anything runs. Raises PerfsheetError (exit status 2)."""
    try:
        column, lines = _read(Path(runtime.recorded), runtime.column)
        if runtime.runs is not None and column != _MEAN:
            raise _UnusableError(f"`runs` is of a mean, and {clean(column)} has {len(lines)} runs")
    except _UnusableError as error:
        raise usage(str(error), "give a CSV with recorded times") from None


class _UnusableError(Exception):
    """Why a recorded file has no latency."""


def _read(path: Path, column: str) -> tuple[str, list[tuple[int, dict[str, str | None]]]]:
    """The column of times, and the lines with their numbers."""
    if not path.is_file():
        raise _UnusableError(f"there is no file {path}")
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, skipinitialspace=True)
            lines = [(reader.line_num, line) for line in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _UnusableError(f"{path.name} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    columns = [name for name in reader.fieldnames or () if name]
    wanted = column or next(filter(_is_time, columns), "")
    if wanted not in columns:
        raise _UnusableError(f"{path.name} has no column {clean(wanted) or 'of times: name it with `column`'}")
    if not lines:
        raise _UnusableError(f"{path.name} has no rows")
    return wanted, lines


def _time(path: Path, line: Mapping[str, str | None], number: int, column: str) -> float:
    value = _number(line.get(column))
    if value is None or not _can_be(column, value):
        raise _UnusableError(
            f"{path.name}, line {number}: {column} is {clean(line.get(column) or 'blank')}, which it cannot be"
        )
    return value


def _can_be(name: str, value: float) -> bool:
    """Whether a deviation or a number of runs can have this value; times are judged with all others."""
    return not (name == _STD and value < 0) and not (name == _RUNS and (value < 1 or value % 1))


def _is_time(name: str) -> bool:
    return bool(re.search(r"(?i)latency|time|^mean$", name))


def _printed(found: Mapping[str, float], factor: float, runtime: Runtime) -> Printed:
    runs, std = found.get(_RUNS, runtime.runs), found.get(_STD)
    return Printed(factor * found[_MEAN], None if std is None else factor * std, None if runs is None else int(runs))


def _number(text: str | None) -> float | None:
    if text and _THOUSANDS.fullmatch(text):
        text = text.replace(",", "")
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) else None
