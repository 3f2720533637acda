"""Recomputing what a perf file has computed: compile time, inference time and throughputs."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from perfsheet.models.e2e.columns import HEADERS
from perfsheet.models.e2e.model import PerfRow

_FLOAT_NOISE = 1e-9

Interval = tuple[float, float]


@dataclass(frozen=True)
class Disagreement:
    """A figure that is not what the others of its row say: `formula` gives a value in `recomputed`."""

    row: PerfRow
    field: str
    formula: str
    recomputed: Interval

    @property
    def sentence(self) -> str:
        """For people."""
        return (
            f"{self.row.file}, line {self.row.line}: {HEADERS[self.field]} is {self.row.text(self.field)}, "
            f"but {self.formula} is {sum(self.recomputed) / 2:.4g}"
        )


def disagreements(row: PerfRow) -> Iterator[Disagreement]:
    """The figures of a row that its other figures do not give, beyond what rounding explains."""
    first, second = _interval(row, "first_run_s"), _interval(row, "second_run_s")
    if first and second:
        yield from _unless_within(
            row, "compile_s", "First Run − Second Run", (first[0] - second[1], first[1] - second[0])
        )
    if second:
        yield from _unless_within(row, "inference_s", "Second Run", second)
    for throughput, inference in (("throughput", "inference_s"), ("throughput_cpu", "inference_cpu_s")):
        time = _interval(row, inference)
        if time and row.batch and time[1] > 0:
            fastest = row.batch / time[0] if time[0] > 0 else math.inf
            yield from _unless_within(row, throughput, f"Batch / {HEADERS[inference]}", (row.batch / time[1], fastest))


def _unless_within(row: PerfRow, field: str, formula: str, expected: Interval) -> Iterator[Disagreement]:
    written = _interval(row, field)
    noise = _FLOAT_NOISE * max(map(abs, filter(math.isfinite, expected)), default=0.0)
    if written and not (written[1] >= expected[0] - noise and written[0] <= expected[1] + noise):
        yield Disagreement(row, field, formula, expected)


def _interval(row: PerfRow, field: str) -> Interval | None:
    """What a figure may have been before it was rounded to its digits; None when unknown."""
    found = row.figures.get(field)
    if found is None or found.value is None:
        return None
    return found.value - found.half_digit, found.value + found.half_digit
