"""Many perf files as one table: each header checked, columns by name, computed figures verified."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from perfsheet.models.e2e.columns import DEVICE_HEADERS
from perfsheet.models.e2e.model import DeviceRow, PerfRow, Refused
from perfsheet.models.e2e.reading import read_perf_file
from perfsheet.models.e2e.verifying import Disagreement, disagreements


@dataclass(frozen=True)
class Merged:
    """Rows in the order of their files, those sorted by name; `device_headers` are the columns of `device_rows`.

    `branches` and `commits` are what files that were merged before said of theirs.
    """

    rows: tuple[PerfRow, ...]
    device_rows: tuple[DeviceRow, ...]
    device_headers: tuple[str, ...]
    refused: tuple[Refused, ...]
    disagreements: tuple[Disagreement, ...]
    branches: tuple[str, ...] = ()
    commits: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What was put right, one sentence a case."""
        found = [f"{row.file}, line {row.line}: {note}" for row in self.rows for note in row.notes]
        return (*found, *_twice(self.rows))


def merge(paths: Iterable[str | Path]) -> Merged:
    """Read perf files and put them together; what cannot be taken is in `refused`. Never raises for a bad file."""
    files = [read_perf_file(path) for path in sorted(paths, key=str)]
    rows = tuple(row for file in files for row in file.rows)
    device_rows = tuple(row for file in files for row in file.device_rows)
    return Merged(
        rows,
        device_rows,
        _device_headers(device_rows),
        tuple(refused for file in files for refused in file.refused),
        tuple(found for row in rows for found in disagreements(row)),
        tuple(dict.fromkeys(file.branch for file in files if file.branch)),
        tuple(dict.fromkeys(file.commit for file in files if file.commit)),
    )


def _device_headers(rows: Sequence[DeviceRow]) -> tuple[str, ...]:
    """The usual columns, those that some rows have besides behind them."""
    more = dict.fromkeys(header for row in rows for header in row.cells if header not in DEVICE_HEADERS)
    return (*DEVICE_HEADERS, *more)


def _twice(rows: Sequence[PerfRow]) -> list[str]:
    seen: dict[tuple[str, str, str], PerfRow] = {}
    found = []
    for row in rows:
        first = seen.setdefault((row.model, row.setting, row.text("batch")), row)
        if first is not row:
            found.append(f"{row.name} is in {first.file} and in {row.file}: both are kept")
    return found
