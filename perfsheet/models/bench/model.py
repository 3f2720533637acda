"""What is measured, and what came of it."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from functools import cached_property

from perfsheet.errors import usage

Value = str | int | float | bool


@dataclass(frozen=True)
class Variant:
    """One row of the table: the values of its parameters, as written."""

    values: tuple[tuple[str, str], ...] = ()

    @property
    def name(self) -> str:
        """`runtime=trace, precision=bf16`."""
        return ", ".join(f"{name}={value}" for name, value in self.values) or "as it is"

    def value(self, name: str) -> str:
        """The value of a parameter; blank when it has none."""
        return dict(self.values).get(name, "")


@dataclass(frozen=True)
class Plan:
    """A callable (`module.py:function`) or a command, its variants, and how often each is run.

    Of each variant `iterations` runs are measured after `warmup` ones that are not. `timeout_s` ends a variant.
    Raises PerfsheetError (exit status 2) for numbers that make no sense.
    """

    function: str
    command: str
    variants: tuple[Variant, ...]
    iterations: int = 10
    warmup: int = 1
    timeout_s: float | None = None
    python: str | None = None
    baseline: int = 0

    def __post_init__(self) -> None:
        if self.iterations < 1:
            raise usage(f"{self.iterations} iterations are nothing to measure", "give -n 1 or more")
        if self.warmup < 0:
            raise usage(f"--warmup {self.warmup}: not a number of runs", "give 0 or more")
        if self.timeout_s is not None and not 0 < self.timeout_s < float("inf"):
            raise usage(f"--timeout {self.timeout_s:g}: not a time", "give seconds above 0")

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of all parameters."""
        return tuple(dict.fromkeys(name for variant in self.variants for name, _ in variant.values))


@dataclass(frozen=True)
class Measured:
    """One variant: the time of every measured run in ms, and the most memory that its process has had (bytes).

    Without runs `problem` says why; what is unknown is None.
    """

    variant: Variant
    runs_ms: tuple[float, ...] = ()
    peak_bytes: int | None = None
    problem: str = ""

    @property
    def min_ms(self) -> float | None:
        """The shortest run."""
        return min(self.runs_ms, default=None)

    @property
    def max_ms(self) -> float | None:
        """The longest run."""
        return max(self.runs_ms, default=None)

    @cached_property
    def mean_ms(self) -> float | None:
        """Arithmetic mean."""
        return statistics.fmean(self.runs_ms) if self.runs_ms else None

    @cached_property
    def std_ms(self) -> float | None:
        """Standard deviation of the sample (n − 1); unknown for a single run."""
        return statistics.stdev(self.runs_ms) if len(self.runs_ms) > 1 else None

    @cached_property
    def median_ms(self) -> float | None:
        """Median."""
        return statistics.median(self.runs_ms) if self.runs_ms else None


@dataclass(frozen=True)
class Bench:
    """All variants in their order; `parameters` are their names, `what` the callable or command."""

    what: str
    parameters: tuple[str, ...]
    rows: tuple[Measured, ...]
    baseline: int
    iterations: int
    warmup: int

    def speed_up(self, row: Measured) -> float | None:
        """Mean latency of the baseline over that of the row: above 1 is faster; None where one is unknown."""
        base = self.rows[self.baseline].mean_ms
        return base / row.mean_ms if base is not None and row.mean_ms else None
