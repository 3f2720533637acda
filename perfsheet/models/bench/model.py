"""What a bench measures: a function or command over a matrix of variants; and its results."""

from __future__ import annotations

import itertools
import shlex
import statistics
from collections.abc import Collection, Sequence
from functools import cached_property
from typing import Any, Literal

from perfsheet.errors import usage
from perfsheet.light_dataclass import dataclass
from perfsheet.masking import MASK, masked_command, masked_option
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


Kind = Literal["function", "command", "printed", "recorded"]
Deviation = Literal["sample", "population"]
UNITS = {"ms": 1.0, "s": 1e3, "us": 1e-3, "µs": 1e-3, "ns": 1e-6}
"""Units of printed and recorded times, in ms."""


@dataclass(frozen=True)
class Runtime:
    """How a row is measured: one of `function` (`module.py:function`), `command` and `recorded` (a CSV file).

    Of a command whose output has its own latency, `latency` is the pattern for it: group 1 is a time, or the groups
    `mean`, `std` and `n` are what it printed of many. `column` is that of the recorded times, or `mean`, whose row then
    has `std` and `n`. `unit` is that of printed and recorded times. `deviation` is the kind of the row's deviation
    (None = that of the bench, and unknown of one that somebody else computed), `runs` the number of runs of a mean that
    does not say it.
    """

    function: str = ""
    command: str = ""
    recorded: str = ""
    latency: str = ""
    column: str = ""
    unit: str = "ms"
    deviation: Deviation | None = None
    python: str | None = None
    runs: int | None = None

    def __post_init__(self) -> None:
        if self.runs is not None and self.runs < 1:
            raise usage(f"`runs` {self.runs}: not a number of runs", "give 1 or more")

    @property
    def kind(self) -> Kind:
        """What is measured, and by whom: only a function and a command are timed here."""
        if self.recorded:
            return "recorded"
        return "function" if self.function else "printed" if self.latency else "command"

    @property
    def what(self) -> str:
        """The function, the command or the file."""
        return self.function or self.command or self.recorded


@dataclass(frozen=True)
class Group:
    """A table of its own: `caption` stands above it, `note` below it."""

    name: str = ""
    caption: str = ""
    note: str = ""

    @property
    def title(self) -> str:
        """What tells it from others: its name, else its caption."""
        return " ".join((self.name or self.caption).split())


@dataclass(frozen=True)
class Entry:
    """A row to measure: its labels, and how. `parameters` is what a function is given, by default the labels.

    `iterations` runs are measured after `warmup` runs that are not; `timeout_s` is the time limit of all of them.
    `tokens` is how many one run works on. Raises PerfsheetError (exit status 2) for impossible numbers.
    """

    variant: Variant
    runtime: Runtime
    group: int = 0
    iterations: int = 10
    warmup: int = 1
    timeout_s: float | None = None
    tokens: int | None = None
    parameters: tuple[tuple[str, Value], ...] | None = None

    def __post_init__(self) -> None:
        if self.iterations < 1:
            raise usage(f"cannot measure {self.iterations} iterations", "give -n 1 or more")
        if self.warmup < 0:
            raise usage(f"`warmup` {self.warmup}: not a number of runs", "give 0 or more")
        if self.timeout_s is not None and not 0 < self.timeout_s < float("inf"):
            raise usage(f"`timeout` {self.timeout_s:g}: not a time", "give seconds above 0")
        if self.tokens is not None and self.tokens < 1:
            raise usage(f"`tokens` {self.tokens}: not a number of tokens", "give 1 or more")


@dataclass(frozen=True)
class Plan:
    """The rows of a bench, the first row that speed-ups compare with, and what its page says.

    `hardware` is where it runs, `counted` which tokens count. `deviation` is that of the runs that are timed here.
    """

    name: str
    entries: tuple[Entry, ...]
    groups: tuple[Group, ...] = (Group(),)
    baseline: int = 0
    hardware: str = ""
    counted: str = ""
    deviation: Deviation = "sample"

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of all labels."""
        return tuple(dict.fromkeys(name for entry in self.entries for name, _ in entry.variant.values))


@dataclass(frozen=True)
class TimedRun:
    """A run of a row by its name: its number from 1, warm-up runs included, and its time."""

    row: str
    number: int
    time_ms: float
    warmup: bool


INTERRUPTED = "not measured: interrupted"
"""The problem of a row that the user did not wait for."""


@dataclass(frozen=True)
class Printed:
    """What somebody else measured and printed: mean and deviation in ms, and of how many runs; None = not said."""

    mean_ms: float
    std_ms: float | None = None
    runs: int | None = None


@dataclass(frozen=True)
class Measurement:
    """The measured runs of one row in ms, and the peak memory of its process in bytes.

    `warmup_ms` are the runs before them. `device_bytes` is the peak memory of the device, by `device_memory` (CUDA,
    TTNN; blank = none was found). `printed` stands in for runs that only the measured program knows. `not_taken` are
    the labels that the function has no parameter for. Without runs `problem` says why. Unknown values are None.
    """

    variant: Variant
    runs_ms: tuple[float, ...] = ()
    peak_bytes: int | None = None
    problem: str = ""
    warmup_ms: tuple[float, ...] = ()
    device_bytes: int | None = None
    device_memory: str = ""
    printed: Printed | None = None
    kind: Kind = "function"
    deviation: Deviation | None = "sample"
    tokens: int | None = None
    group: int = 0
    what: str = ""
    not_taken: tuple[str, ...] = ()

    @cached_property
    def impossible(self) -> str:
        """Why its runs cannot have been measured; blank if they can."""
        runs = ((number, time_ms, TIME.reason(time_ms)) for number, time_ms in enumerate(self.runs_ms, 1))
        wrong = next((f"run {number} took {time_ms:g} ms: {why}" for number, time_ms, why in runs if why), "")
        if not wrong and self.printed is not None and (why := TIME.reason(self.printed.mean_ms)):
            wrong = f"the latency is {self.printed.mean_ms:g} ms: {why}"
        return wrong

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

    @property
    def runs(self) -> int | None:
        """How many runs the mean is of; None if that was not printed."""
        return len(self.runs_ms) if self.printed is None else self.printed.runs

    @cached_property
    def mean_ms(self) -> float | None:
        """Arithmetic mean."""
        if self.printed is not None:
            return self.printed.mean_ms
        return statistics.fmean(self.runs_ms) if self.runs_ms else None

    @cached_property
    def std_ms(self) -> float | None:
        """Standard deviation, of the kind that `deviation` says (None = whoever printed it did not); unknown for a
        single run."""
        if self.printed is not None:
            return self.printed.std_ms
        deviation = statistics.pstdev if self.deviation == "population" else statistics.stdev
        return deviation(self.runs_ms) if len(self.runs_ms) > 1 else None

    @property
    def tokens_per_s(self) -> float | None:
        """Tokens of a run / mean latency; None without tokens, or if the latency is impossible."""
        if self.tokens is None or not self.mean_ms or self.impossible:
            return None
        return 1e3 * self.tokens / self.mean_ms

    @cached_property
    def median_ms(self) -> float | None:
        """Median."""
        return statistics.median(self.runs_ms) if self.runs_ms else None


@dataclass(frozen=True)
class Bench:
    """The measurements of all rows in order; `what` is measured, `parameters` are the names of the labels."""

    what: str
    parameters: tuple[str, ...]
    rows: tuple[Measurement, ...]
    baseline: int
    iterations: int
    warmup: int
    groups: tuple[Group, ...] = (Group(),)
    hardware: str = ""
    counted: str = ""

    def of(self, group: int) -> list[Measurement]:
        """The rows of a group."""
        return [row for row in self.rows if row.group == group]

    @property
    def runs_differ(self) -> bool:
        """Whether a mean is of another number of runs than `iterations`, or one that somebody else counted."""
        known = [row for row in self.rows if not row.failed]
        return any(row.kind in ("printed", "recorded") or row.runs != self.iterations for row in known)

    @property
    def deviations_differ(self) -> bool:
        """Whether its standard deviations are not all of one known kind."""
        return len({row.deviation for row in self.rows if row.std_ms is not None}) > 1

    def name_of(self, row: Measurement) -> str:
        """`py_trt: precision=fp32`: the row's labels, of several tables with that of the row."""
        return named_in(self.groups, row.group, row.variant.name)

    def labels(self, group: int) -> tuple[str, ...]:
        """The names of the labels of a group."""
        return tuple(dict.fromkeys(name for row in self.of(group) for name, _ in row.variant.values))

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


def named_in(groups: Sequence[Group], group: int, name: str) -> str:
    """A name with that of its group, if there are several: `py_trt: precision=fp32`."""
    return f"{groups[group].title or f'table {group + 1}'}: {name}" if len(groups) > 1 else name


def plan_of_variants(
    runtime: Runtime,
    variants: Sequence[Variant],
    iterations: int = 10,
    warmup: int = 1,
    timeout_s: float | None = None,
    tokens: int | None = None,
    **of_plan: Any,
) -> Plan:
    """One table of variants of the same function or command; `of_plan` are further fields of the plan.

    Raises PerfsheetError (exit status 2) for impossible numbers, or a command that does not say all of a variant.
    """
    entries = tuple(Entry(one, runtime, 0, iterations, warmup, timeout_s, tokens) for one in variants)
    plan = Plan(masked_command(runtime.command) if runtime.command else runtime.what, entries, **of_plan)
    for entry in entries:
        missing = [
            name for name in plan.parameters if f"{{{name}}}" in runtime.command and not entry.variant.value(name)
        ]
        if missing:
            raise usage(
                f"{entry.variant.name} has no {missing[0]}, which the command needs", "give every variant a value"
            )
    return plan


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


def baseline_index(baseline: str | None, variants: Sequence[Variant], groups: Sequence[str] = ()) -> int:
    """The index of the baseline: the first variant with the values `name=a,other=b`; by default the first of all.

    `groups` are the names of their groups, which `group=name` selects. Raises PerfsheetError (exit status 2) if no
    variant has them.
    """
    if baseline is None:
        return 0
    pairs = [part.partition("=") for part in baseline.split(",")]
    wanted = {(name.strip(), value.strip()) for name, _, value in pairs}
    for index, variant in enumerate(variants):
        if wanted <= {*variant.values, *(("group", name) for name in groups[index : index + 1])}:
            return index
    raise usage(f"`baseline` {baseline}: no variant has these values", "give NAME=VALUE of one of the rows")


def _axis(text: str) -> tuple[str, tuple[str, ...]]:
    name, equals, values_text = text.partition("=")
    values = tuple(value.strip() for value in values_text.split(","))
    if not equals or not _is_label(name) or "" in values:
        raise usage(f"`vary` {text}: not a parameter with values", "give NAME=A,B")
    if len(set(values)) < len(values):
        raise usage(f"`vary` {text}: the same value twice", "give each value once")
    return name.strip(), values


def _single(text: str) -> Variant:
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise usage(f"`variant` {text!r}: {error}", 'give "NAME=A OTHER=B"') from None
    pairs = [word.partition("=") for word in words]
    if not pairs or any(not equals or not _is_label(name) or not value for name, equals, value in pairs):
        raise usage(f"`variant` {text!r}: not parameters with one value each", 'give "NAME=A OTHER=B"')
    if len({name for name, _, _ in pairs}) < len(pairs):
        raise usage(f"`variant` {text!r} gives a parameter twice", "give each once")
    return Variant(tuple((name, value) for name, _, value in pairs))


def _is_label(name: str) -> bool:
    """Any name, such as `trt.enabled_precisions`, that begins with a letter and has no brackets of placeholders."""
    return name.strip()[:1].isalpha() and not set("{}\n") & set(name)
