"""Limits of merged perf files: measured against expected, with the thresholds of tt-metal's own check."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from perfsheet.errors import usage
from perfsheet.models.e2e.columns import HEADERS
from perfsheet.models.e2e.model import DeviceRow, PerfRow
from perfsheet.models.e2e.reading import figure

_FLOAT_NOISE = 1e-9
_LOWER, _UPPER = "Lower Threshold ", "Upper Threshold "


@dataclass(frozen=True)
class Limits:
    """Allowed Inference Time as multiples of the expected one (models/perf/perf_utils.py of tt-metal: 0.80 and 1.0).

    What is faster than `lower` fails, too: its target is out of date. Raises PerfsheetError (exit status 2).
    """

    lower: float = 0.80
    upper: float = 1.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.lower) and math.isfinite(self.upper) and 0 <= self.lower <= self.upper):
            raise usage(
                f"limits {self.lower:g} to {self.upper:g} are no range", "give --lower and --upper, 0 or more, in order"
            )

    def outside(self, measured: float, expected: float) -> tuple[float, float] | None:
        """The range that `measured` should be in and is not; None when it is."""
        low, high = self.lower * expected, self.upper * expected
        noise = _FLOAT_NOISE * expected
        return None if low - noise <= measured <= high + noise else (low, high)


@dataclass(frozen=True)
class Breach:
    """A figure outside its limits: `measured` is not within `low` to `high`, in the unit of `header`."""

    file: str
    name: str
    header: str
    measured: float
    low: float
    high: float
    slow: bool

    @property
    def sentence(self) -> str:
        """For people."""
        what = "is slower than it may be" if self.slow else "is faster than expected: update the target"
        return f"{self.name}: {self.header} {self.measured:g} {what} ({self.low:.4g} to {self.high:.4g})"


def breaches(rows: Iterable[PerfRow], limits: Limits) -> Iterator[Breach]:
    """Rows whose inference time is outside the limits; those without an expectation cannot breach one."""
    for row in rows:
        measured, expected = row.value("inference_s"), row.value("expected_inference_s")
        if measured is None or not expected:
            continue
        if allowed := limits.outside(measured, expected):
            yield Breach(row.file, row.name, HEADERS["inference_s"], measured, *allowed, measured > allowed[1])


def device_breaches(rows: Iterable[DeviceRow]) -> Iterator[Breach]:
    """Rows of device perf files outside their own thresholds."""
    for row in rows:
        for column in row.cells:
            if _LOWER + column not in row.cells and _UPPER + column not in row.cells:
                continue
            found = [figure(row.cells.get(name, "")) for name in (column, _LOWER + column, _UPPER + column)]
            measured, lower, upper = (None if one is None else one.value for one in found)
            low, high = -math.inf if lower is None else lower, math.inf if upper is None else upper
            if measured is None or low <= measured <= high:
                continue
            fast_is_high = "SAMPLES/S" in column
            slow = measured < low if fast_is_high else measured > high
            yield Breach(row.file, device_name(row), column, measured, low, high, slow)


def device_name(row: DeviceRow) -> str:
    """`vit, base-patch16, batch 1`."""
    model, setting, batch = (row.cells.get(name, "") for name in ("Model", "Setting", "Batch"))
    return ", ".join(filter(None, (model, setting, f"batch {batch}")))
