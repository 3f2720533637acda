"""Merging many perf files into one table, and checking it against its limits."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from perfsheet.errors import usage
from perfsheet.light_dataclass import dataclass
from perfsheet.models.e2e.model import (
    DEVICE_HEADERS,
    HEADERS,
    LOWER_THRESHOLD,
    UPPER_THRESHOLD,
    DeviceRow,
    PerfRow,
    Refusal,
)
from perfsheet.models.e2e.reading import (
    Disagreement,
    find_disagreements,
    find_impossible_cells,
    find_impossible_figures,
    read_figure,
    read_perf_file,
)
from perfsheet.models.impossible import find_impossible

_FLOAT_NOISE = 1e-9
_NAMED = 3


@dataclass(frozen=True)
class MergeResult:
    """The rows of all files, sorted by file name; `device_headers` are the columns of `device_rows`.

    `branches` and `commits` are those written at the top of merged files.
    """

    rows: tuple[PerfRow, ...]
    device_rows: tuple[DeviceRow, ...]
    device_headers: tuple[str, ...]
    refused: tuple[Refusal, ...]
    disagreements: tuple[Disagreement, ...]
    branches: tuple[str, ...] = ()
    commits: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What was corrected, which figures are impossible, and which models occur twice, one sentence each.

        Figures that contradict others of their row are in `disagreements`.
        """
        corrections = [f"{row.file}, line {row.line}: {note}" for row in self.rows for note in row.notes]
        return (*corrections, *_impossible(self.rows, self.device_rows), *_duplicates(self.rows))

    @property
    def unreadable_to_tt_metal(self) -> str:
        """Why tt-metal's own check cannot read the merge, in which it makes numbers of all expectations."""
        expected = ("expected_inference_s", "expected_compile_s")
        without = [row.name for row in self.rows if any(row.value(field) is None for field in expected)]
        some = f"{', '.join(without[:_NAMED])}{', …' if len(without) > _NAMED else ''}"
        return f"check_perf_results of tt-metal cannot read it: no expected times for {some}" if without else ""


def merge(paths: Iterable[str | Path]) -> MergeResult:
    """Read and merge perf files; unusable files and lines are in `refused`. Never raises for a bad file."""
    files = [read_perf_file(path) for path in sorted(paths, key=str)]
    rows = tuple(row for file in files for row in file.rows)
    device_rows = tuple(row for file in files for row in file.device_rows)
    return MergeResult(
        rows,
        device_rows,
        _device_headers(device_rows),
        tuple(refusal for file in files for refusal in file.refused),
        tuple(disagreement for row in rows for disagreement in find_disagreements(row)),
        tuple(dict.fromkeys(file.branch for file in files if file.branch)),
        tuple(dict.fromkeys(file.commit for file in files if file.commit)),
    )


def _device_headers(rows: Sequence[DeviceRow]) -> tuple[str, ...]:
    """The usual columns, then any others that some rows have."""
    more = dict.fromkeys(header for row in rows for header in row.cells if header not in DEVICE_HEADERS)
    return (*DEVICE_HEADERS, *more)


def _impossible(rows: Sequence[PerfRow], device_rows: Sequence[DeviceRow]) -> Iterator[str]:
    for row in rows:
        for field, why in find_impossible(row.value).items():
            yield f"{row.file}, line {row.line}: {HEADERS[field]} is {row.text(field)}, which is impossible: {why}"
    for device_row in device_rows:
        for header, why in find_impossible_cells(device_row).items():
            where = f"{device_row.file}, line {device_row.line}"
            yield f"{where}: {header} is {device_row.cells[header]}, which is impossible: {why}"


def _duplicates(rows: Sequence[PerfRow]) -> list[str]:
    first_rows: dict[tuple[str, str, str], PerfRow] = {}
    sentences = []
    for row in rows:
        first = first_rows.setdefault((row.model, row.setting, row.text("batch")), row)
        if first is not row:
            sentences.append(f"{row.name} is in {first.file} and in {row.file}: both are kept")
    return sentences


@dataclass(frozen=True)
class Limits:
    """Allowed Inference Time as multiples of the expected one (models/perf/perf_utils.py of tt-metal: 0.80 and 1.0).

    A time below `lower` fails too: the target is out of date. Raises PerfsheetError (exit status 2).
    """

    lower: float = 0.80
    upper: float = 1.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.lower) and math.isfinite(self.upper) and 0 <= self.lower <= self.upper):
            raise usage(
                f"limits {self.lower:g} to {self.upper:g} are not a range",
                "give `lower` and `upper`, 0 or more, in order",
            )

    def missed(self, measured: float, expected: float) -> tuple[float, float] | None:
        """The allowed range if `measured` is outside it; None if it is inside."""
        low, high = self.lower * expected, self.upper * expected
        noise = _FLOAT_NOISE * expected
        return None if low - noise <= measured <= high + noise else (low, high)


@dataclass(frozen=True)
class Breach:
    """A figure outside its limits: `measured` is not within `low` to `high`, in the unit of `header`.

    `impossible`: why it cannot have been measured; such a figure keeps no limit.
    """

    file: str
    name: str
    header: str
    measured: float
    low: float
    high: float
    slow: bool
    impossible: str = ""

    @property
    def sentence(self) -> str:
        """The message for users."""
        if self.impossible:
            return f"{self.name}: {self.header} {self.measured:g} is impossible: {self.impossible}"
        what = "is slower than allowed" if self.slow else "is faster than expected: update the target"
        return f"{self.name}: {self.header} {self.measured:g} {what} ({self.low:.4g} to {self.high:.4g})"


def find_breaches(rows: Iterable[PerfRow], limits: Limits) -> Iterator[Breach]:
    """Rows whose inference time is outside the limits; rows without an expected time are not checked.

    A time that is impossible breaches, and so does an impossible compile time that has an expected one.
    """
    for row in rows:
        impossible = find_impossible_figures(row)
        for field in ("compile_s", "inference_s"):
            measured, expected = row.value(field), row.value(f"expected_{field}")
            if field in impossible and measured is not None and expected:
                low, high = limits.lower * expected, limits.upper * expected
                yield Breach(row.file, row.name, HEADERS[field], measured, low, high, False, impossible[field])
        measured, expected = row.value("inference_s"), row.value("expected_inference_s")
        if measured is None or not expected or "inference_s" in impossible:
            continue
        if allowed := limits.missed(measured, expected):
            yield Breach(row.file, row.name, HEADERS["inference_s"], measured, *allowed, measured > allowed[1])


def find_device_breaches(rows: Iterable[DeviceRow]) -> Iterator[Breach]:
    """Figures of device perf files outside the thresholds in their own row."""
    for row in rows:
        impossible = find_impossible_cells(row)
        for header in row.cells:
            if LOWER_THRESHOLD + header not in row.cells and UPPER_THRESHOLD + header not in row.cells:
                continue
            measured, lower, upper = (
                _number(row, prefix + header) for prefix in ("", LOWER_THRESHOLD, UPPER_THRESHOLD)
            )
            low, high = -math.inf if lower is None else lower, math.inf if upper is None else upper
            if measured is not None and header in impossible:
                yield Breach(row.file, row.name, header, measured, low, high, False, impossible[header])
                continue
            if measured is None or low <= measured <= high:
                continue
            higher_is_faster = "SAMPLES/S" in header
            slow = measured < low if higher_is_faster else measured > high
            yield Breach(row.file, row.name, header, measured, low, high, slow)


def _number(row: DeviceRow, header: str) -> float | None:
    figure = read_figure(row.cells.get(header, ""))
    return None if figure is None else figure.value
