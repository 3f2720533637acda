"""What a bench measures: a function or command over a matrix of variants; and its results."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Collection, Sequence
from functools import cached_property

from perfsheet.errors import usage
from perfsheet.light_dataclass import dataclass
from perfsheet.masking import MASK, masked_option
from perfsheet.models.impossible import TIME

Value = str | int | float | bool
_MOST_VARIANTS = 1000


@dataclass(frozen=True)
class Variant:
    """One row of the table: its parameters and their values, as written."""

    values: tuple[tuple[str, str], ...] = ()

    @property
    def name(self) -> str:
        """`runtime=trace, precision=bf16`."""
        return ", ".join(f"{name}={value}" for name, value in self.values) or "as it is"

    def shown(self, hidden: Collection[str] = ()) -> Variant:
        """The variant with credentials among its values masked, and all values of the parameters in `hidden`."""
        return Variant(
            tuple((name, MASK if name in hidden else masked_option(name, value)) for name, value in self.values)
        )

    def value(self, name: str) -> str:
        """The value of a parameter; blank if it has none."""
        return dict(self.values).get(name, "")


@dataclass(frozen=True)
class Plan:
    """A function (`module.py:function`) or a command, its variants, and how often each is run.

    For each variant `iterations` runs are measured after `warmup` runs that are not. `timeout_s` is the time limit of a
    variant. Raises PerfsheetError (exit status 2) for impossible numbers.
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
            raise usage(f"cannot measure {self.iterations} iterations", "give -n 1 or more")
        if self.warmup < 0:
            raise usage(f"`warmup` {self.warmup}: not a number of runs", "give 0 or more")
        if self.timeout_s is not None and not 0 < self.timeout_s < float("inf"):
            raise usage(f"`timeout` {self.timeout_s:g}: not a time", "give seconds above 0")

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of all parameters."""
        return tuple(dict.fromkeys(name for variant in self.variants for name, _ in variant.values))


@dataclass(frozen=True)
class Measurement:
    """The measured runs of one variant in ms, and the peak memory of its process in bytes.

    Without runs `problem` says why. Unknown values are None.
    """

    variant: Variant
    runs_ms: tuple[float, ...] = ()
    peak_bytes: int | None = None
    problem: str = ""

    @cached_property
    def impossible(self) -> str:
        """Why its runs cannot have been measured; blank if they can."""
        runs = ((number, time_ms, TIME.reason(time_ms)) for number, time_ms in enumerate(self.runs_ms, 1))
        return next((f"run {number} took {time_ms:g} ms: {why}" for number, time_ms, why in runs if why), "")

    @property
    def failed(self) -> str:
        """Why there is no figure to rely on: its problem, or what is impossible about its runs."""
        return self.problem or (f"impossible: {self.impossible}" if self.impossible else "")

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
        """Sample standard deviation (n − 1); unknown for a single run."""
        return statistics.stdev(self.runs_ms) if len(self.runs_ms) > 1 else None

    @cached_property
    def median_ms(self) -> float | None:
        """Median."""
        return statistics.median(self.runs_ms) if self.runs_ms else None


@dataclass(frozen=True)
class Bench:
    """The measurements of all variants in order; `what` is the function or command, `parameters` are their names."""

    what: str
    parameters: tuple[str, ...]
    rows: tuple[Measurement, ...]
    baseline: int
    iterations: int
    warmup: int

    @property
    def baseline_row(self) -> Measurement:
        """The measurement that speed-ups compare with."""
        return self.rows[self.baseline]

    def speed_up(self, row: Measurement) -> float | None:
        """Mean latency of the baseline / mean latency of the row: above 1 is faster.

        None if either is unknown or impossible.
        """
        base = self.baseline_row
        if base.mean_ms is None or row.mean_ms is None or base.impossible or row.impossible:
            return None
        return base.mean_ms / row.mean_ms


def parse_variants(vary: Sequence[str], single: Sequence[str]) -> tuple[Variant, ...]:
    """Every combination of `vary` (`name=a,b`), then one variant for each of `single` (`name=a other=b`).

    Without either there is one variant without parameters. Raises PerfsheetError (exit status 2).
    """
    axes = [_axis(text) for text in vary]
    names = [name for name, _ in axes]
    if repeated := [name for name in names if names.count(name) > 1]:
        raise usage(f"`vary` gives {repeated[0]} twice", f"give it once: `vary` {repeated[0]}=A,B")
    combinations = [
        Variant(tuple(zip(names, values, strict=True)))
        for values in itertools.islice(itertools.product(*(values for _, values in axes)), _MOST_VARIANTS + 1)
    ]
    if len(combinations) > _MOST_VARIANTS:
        raise usage(f"more than {_MOST_VARIANTS:,} variants", "vary less")
    return (*(combinations if axes or not single else ()), *map(_single, single))


def baseline_index(baseline: str | None, variants: Sequence[Variant]) -> int:
    """The index of the baseline: the first variant with the values `name=a,other=b`; by default the first of all.

    Raises PerfsheetError (exit status 2) if no variant has them.
    """
    if baseline is None:
        return 0
    pairs = [part.partition("=") for part in baseline.split(",")]
    wanted = {(name.strip(), value.strip()) for name, _, value in pairs}
    for index, variant in enumerate(variants):
        if wanted <= set(variant.values):
            return index
    raise usage(f"`baseline` {baseline}: no variant has these values", "give NAME=VALUE of one of the rows")


def _axis(text: str) -> tuple[str, tuple[str, ...]]:
    name, equals, values_text = text.partition("=")
    values = tuple(value.strip() for value in values_text.split(","))
    if not equals or not name.strip().isidentifier() or "" in values:
        raise usage(f"`vary` {text}: not a parameter with values", "give NAME=A,B")
    if len(set(values)) < len(values):
        raise usage(f"`vary` {text}: the same value twice", "give each value once")
    return name.strip(), values


def _single(text: str) -> Variant:
    pairs = [part.partition("=") for part in text.split()]
    if not pairs or any(not equals or not name.isidentifier() or not value for name, equals, value in pairs):
        raise usage(f"`variant` {text!r}: not parameters with one value each", 'give "NAME=A OTHER=B"')
    if len({name for name, _, _ in pairs}) < len(pairs):
        raise usage(f"`variant` {text!r} gives a parameter twice", "give each once")
    return Variant(tuple((name, value) for name, _, value in pairs))
