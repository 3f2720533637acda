"""Change points of generated series beside Apache Otava, and print what docs/history.md holds.

    make benchmark-steps

The series are generated: normal noise of 1.2 % and a step at a random run, alternating levels, heavy tails, spikes.
Otava gets the same least size and level of significance.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from otava.analysis import compute_change_points

from perfsheet.history.steps import LEAST, SIGNIFICANCE, find_steps

CV, RUNS, SERIES = 0.012, 300, 100
_NEAR = 3


@dataclass(frozen=True)
class Case:
    """Series of one sort, and where each steps (None = nowhere)."""

    title: str
    series: list[tuple[np.ndarray, int | None]]


def cases(random: np.random.Generator) -> Iterator[Case]:
    """Every sort of series."""

    def noise(runs: int = RUNS) -> np.ndarray:
        return 100 * (1 + CV * random.standard_normal(runs))

    def stepped(size: float, runs: int = RUNS, before_end: int | None = None) -> tuple[np.ndarray, int]:
        values, at = noise(runs), int(random.integers(10, runs - 10)) if before_end is None else runs - before_end
        values[at:] *= 1 + size
        return values, at

    def spiked() -> np.ndarray:
        values = noise()
        values[random.integers(0, RUNS, 6)] *= 1.5
        return values

    for runs in (50, RUNS):
        for size in (0.04, -0.04, 0.08):
            yield Case(f"{size:+.0%} in {runs} runs", [stepped(size, runs) for _ in range(SERIES)])
    yield Case("+4% in the last 5 of 300 runs", [stepped(0.04, before_end=5) for _ in range(SERIES)])
    yield Case("flat, 300 runs", [(noise(), None) for _ in range(SERIES)])
    yield Case(
        "flat, heavy tails (t, 3 degrees)", [(100 * (1 + CV * random.standard_t(3, RUNS)), None) for _ in range(SERIES)]
    )
    yield Case("flat, six spikes of +50%", [(spiked(), None) for _ in range(SERIES)])
    for share in (0.5, 0.2):
        yield Case(
            f"two levels 6% apart, {share:.0%} on the upper one",
            [(noise() * np.where(random.random(RUNS) < share, 1.06, 1.0), None) for _ in range(SERIES)],
        )


def ours(values: np.ndarray) -> list[int]:
    """Where perfsheet finds a step."""
    return [step.at for step in find_steps(values).found]


def otava(values: np.ndarray) -> list[int]:
    """Where Otava finds one."""
    found, _ = compute_change_points(list(values), max_pvalue=SIGNIFICANCE, min_magnitude=LEAST)
    return [point.index for point in found]


def result(method: Callable[[np.ndarray], list[int]], case: Case) -> str:
    """`100 found, 0 false, 9 ms`: of the steps, of all series together, per series."""
    found = false = 0
    began = time.perf_counter()
    for values, at in case.series:
        places = method(values)
        near = [place for place in places if at is not None and abs(place - at) <= _NEAR]
        found += bool(near)
        false += len(places) - len(near[:1])
    spent = f"{1e3 * (time.perf_counter() - began) / len(case.series):.0f} ms"
    return f"{f'{found} found, ' if case.series[0][1] is not None else ''}{false} false, {spent}"


def main() -> None:
    """Print the table."""
    print(f"| {SERIES} series | perfsheet | Apache Otava |\n| --- | --- | --- |")
    for case in cases(np.random.default_rng(7)):
        print(f"| {case.title} | {result(ours, case)} | {result(otava, case)} |", flush=True)


if __name__ == "__main__":
    main()
