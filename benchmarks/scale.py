"""Captures of any length from a short one: its rows again and again, each time later, every call count a new one."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

_LARGEST_CELL = 1 << 28
_CALLS = "GLOBAL CALL COUNT"
_CLOCKS = (("DEVICE FW START CYCLE", "DEVICE FW END CYCLE"), ("HOST START TS", "HOST END TS"))
_PAUSE = 1_000_000
"""Between two repeats, in cycles and ns."""
_STEP = 1024
"""Between two call counts, as the profiler counts them."""


def scaled(source: Path, rows: int, target: Path) -> Path:
    """Write a capture of so many rows to `target`, a row at a time; one that is there already is kept."""
    if target.is_file():
        return target
    csv.field_size_limit(_LARGEST_CELL)
    with source.open(encoding="utf-8", newline="") as stream:
        headers, *records = csv.reader(stream)
    partial = target.with_suffix(".partial")
    with partial.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(headers)
        writer.writerows(_repeated(headers, records, rows))
    return partial.replace(target)


def _repeated(headers: list[str], records: list[list[str]], rows: int) -> Iterator[list[str]]:
    call = headers.index(_CALLS)
    clocks = [tuple(headers.index(name) for name in pair) for pair in _CLOCKS]
    spans = [_span(records, *pair) for pair in clocks]
    for number in range(rows):
        repeat, place = divmod(number, len(records))
        record = list(records[place])
        record[call] = str(_STEP * (number + 1))
        for pair, span in zip(clocks, spans, strict=True):
            for column in pair:
                if record[column]:
                    record[column] = str(int(float(record[column])) + repeat * span)
        yield record


def _span(records: list[list[str]], start: int, end: int) -> int:
    starts = [int(float(record[start])) for record in records if record[start]]
    ends = [int(float(record[end])) for record in records if record[end]]
    return max(ends, default=0) - min(starts, default=0) + _PAUSE
