"""tt-metal's central targets, models/model_targets.yaml: what a model should reach on a board, and whether it does.

targets = read_targets(Path("models/model_targets.yaml"))
entry = targets.find("falcon-7b", "n150", batch=32, sequence_length=128)
check_targets(entry, read_record(path).values)
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

from perfsheet.documents import read_yaml
from perfsheet.errors import usage
from perfsheet.light_dataclass import dataclass

TOLERANCE = 0.15
"""On both sides of a target that has none of its own (models/demos/utils/model_targets.py)."""
_ACCURACIES = {"top1": "top1_token_accuracy", "top5": "top5_token_accuracy"}
"""Accuracies and their measurements. A run with one is fed the right tokens: its times are no real ones."""
_TIMES_TO_TOKEN = ("prefill_time_to_first_token", "prefill_time_to_token")
"""Two names of one figure: of both, the first counts."""
_ACTIVE = ("active", "todo")
_SKUS: Mapping[str, tuple[str, ...]] = {
    "wh_n150": ("n150",),
    "wh_n300": ("n300",),
    "wh_llmbox_perf": ("wh_llmbox", "t3k"),
    "wh_galaxy_perf": ("wh_galaxy", "tg", "glx"),
    "bh_p100": ("p100",),
    "bh_p150": ("p150",),
    "bh_p300": ("p300",),
    "bh_loudbox": ("p150x8",),
    "p300x2": ("p150x4", "bh_quietbox_2", "quietbox_2"),
    "bh_galaxy_perf": ("bh_galaxy", "bhglx"),
    "blackhole": ("bh",),
}
"""The names of a board, or of a machine of several, and its other names (the same file)."""
_CANONICAL = {alias: sku for sku, aliases in _SKUS.items() for alias in (sku, *aliases)}
_MEASURED: Mapping[str, tuple[str, str, float]] = {
    "prefill_t/s": ("inference_prefill", "tokens/s", 1.0),
    "prefill_time_to_first_token": ("inference_prefill", "time_to_token", 1e3),  # the target is in ms
    "prefill_time_to_token": ("inference_prefill", "time_to_token", 1.0),
    "decode_t/s": ("inference_decode", "tokens/s", 1.0),
    "decode_t/s/u": ("inference_decode", "tokens/s/user", 1.0),
    "prefill_decode_t/s/u": ("inference_prefill_decode", "tokens/s/user", 1.0),
    "compile_prefill": ("compile_prefill", "time(s)", 1.0),
    "compile_decode": ("compile_decode", "time(s)", 1.0),
    "top1": ("inference_decode", "top1_token_accuracy", 1.0),
    "top5": ("inference_decode", "top5_token_accuracy", 1.0),
}
"""Step and measurement of a record behind a metric, and the factor to the unit of its target."""


@dataclass(frozen=True)
class _Entry:
    batch_size: int | None = None
    seq_len: int | None = None
    status: str = "active"
    perf: dict[str, Any] = field(default_factory=dict)
    accuracy: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class _Sku:
    entries: list[_Entry] = field(default_factory=list)


@dataclass(frozen=True)
class _Model:
    aliases: list[str] = field(default_factory=list)
    skus: dict[str, _Sku] = field(default_factory=dict)


@dataclass(frozen=True)
class _File:
    targets: dict[str, _Model]
    version: int = 1


@dataclass(frozen=True)
class TargetMetric:
    """A metric, what is expected of it, and what is allowed: from `low` to `high`."""

    name: str
    expected: float
    low: float
    high: float

    @property
    def is_accuracy(self) -> bool:
        """Whether runs that measure accuracy are held against it, and only these."""
        return self.name in _ACCURACIES


@dataclass(frozen=True)
class TargetEntry:
    """The targets of a model on a board, for a batch and sequence length (None = any); `todo`: a gap in the file."""

    model: str
    sku: str
    batch: int | None
    sequence_length: int | None
    todo: bool
    metrics: tuple[TargetMetric, ...]

    @property
    def name(self) -> str:
        """`falcon-7b on wh_n150, batch 32, sequence length 128`."""
        of_batch = "" if self.batch is None else f"batch {self.batch}"
        of_length = "" if self.sequence_length is None else f"sequence length {self.sequence_length}"
        return ", ".join(filter(None, (f"{self.model} on {self.sku}", of_batch, of_length)))


@dataclass(frozen=True)
class Targets:
    """All entries of a file."""

    path: str
    entries: tuple[TargetEntry, ...]
    names: Mapping[str, str]
    """The model of a name or alias, in lower case."""

    def check_board(self, sku: str) -> None:
        """Refuse a board that is neither in the file nor known otherwise. Raises PerfsheetError (exit status 2)."""
        known = {entry.sku for entry in self.entries} | set(_SKUS)
        if canonical_sku(sku) not in known:
            raise usage(f"{self.path} has no board {sku!r}", f"it has {', '.join(sorted(known))}")

    def model(self, name: str) -> str | None:
        """The model of a name or alias, in upper or lower case; None if the file has no such model."""
        return self.names.get(_lower(name))

    def of(self, model: str, sku: str) -> list[TargetEntry]:
        """All entries of a model on a board."""
        wanted = self.model(model)
        return [entry for entry in self.entries if entry.model == wanted and entry.sku == canonical_sku(sku)]

    def find(self, model: str, sku: str, batch: int | None, sequence_length: int | None) -> TargetEntry | None:
        """The most specific entry for it; None without one.

        An entry for any batch or length fits each; one for a batch fits that batch only, not an unknown one.
        """
        fitting = [
            entry
            for entry in self.of(model, sku)
            if entry.batch in (None, batch) and entry.sequence_length in (None, sequence_length)
        ]
        return max(fitting, key=lambda entry: (_specificity(entry), not entry.todo), default=None)


@dataclass(frozen=True)
class TargetCheck:
    """A metric and what was measured, in the unit of the target; None = not measured, which keeps no target."""

    metric: TargetMetric
    measured: float | None
    problem: str = ""

    @property
    def ok(self) -> bool:
        """Whether it is within what is allowed."""
        return self.measured is not None and self.metric.low <= self.measured <= self.metric.high

    @property
    def sentence(self) -> str:
        """`decode_t/s/u: 14.1, 14.586 to 19.734 allowed (target 17.16)`."""
        metric = self.metric
        measured = self.problem or ("not measured" if self.measured is None else f"{self.measured:g}")
        return f"{metric.name}: {measured}, {metric.low:g} to {metric.high:g} allowed (target {metric.expected:g})"


def read_targets(path: Path) -> Targets:
    """Read model_targets.yaml. Raises PerfsheetError (exit status 2) that names the model and the key."""
    file = read_yaml(path, _File, "give models/model_targets.yaml of tt-metal (docs/e2e.md)")
    entries = tuple(
        _entry(path, model, sku, entry)
        for model, block in file.targets.items()
        for sku, of_sku in block.skus.items()
        for entry in of_sku.entries
    )
    listed = [(alias, model) for model, block in file.targets.items() for alias in (*block.aliases, model)]
    names = {_lower(alias).replace("/", "_"): model for alias, model in listed}  # as records have them
    names |= {_lower(alias): model for alias, model in listed}
    return Targets(str(path), entries, names)


def canonical_sku(sku: str) -> str:
    """`wh_n150` for `N150`; an unknown name stays as it is."""
    return _CANONICAL.get(_lower(sku), _lower(sku))


def check_targets(entry: TargetEntry, values: Mapping[tuple[str, str], float]) -> list[TargetCheck]:
    """The metrics of an entry that a run is held against, and what it measured, by step and name.

    Accuracies are those of runs that measure one, all else is of the other runs (validate_perf_targets.py of tt-metal).
    """
    accuracies = {*_ACCURACIES, *_ACCURACIES.values()}
    of_accuracy = any(name in accuracies for _, name in values)
    return [_check(metric, values) for metric in entry.metrics if metric.is_accuracy == of_accuracy]


def _check(metric: TargetMetric, values: Mapping[tuple[str, str], float]) -> TargetCheck:
    """The value of a metric, in the unit of its target: also one that is recorded under the name of the metric."""
    step, name, factor = _MEASURED.get(metric.name, ("", "", 1.0))
    if (step, name) in values:
        return TargetCheck(metric, values[step, name] * factor)
    found = {".".join(key): value for key, value in values.items() if metric.name in (key[1], ".".join(key))}
    if metric.name in found:
        return TargetCheck(metric, found[metric.name])
    if len(found) > 1:
        return TargetCheck(metric, None, f"measured in {len(found)} steps ({', '.join(found)})")
    return TargetCheck(metric, next(iter(found.values()), None))


def _entry(path: Path, model: str, sku: str, entry: _Entry) -> TargetEntry:
    where = f"{path}: {model}, {sku}"
    if entry.status.lower() not in _ACTIVE:
        raise usage(f"{where}: status {entry.status!r} is unknown", "write active or TODO")
    metrics = tuple(_metrics({**entry.perf, **entry.accuracy}, where))
    todo = entry.status.lower() == "todo"
    return TargetEntry(model, canonical_sku(sku), entry.batch_size, entry.seq_len, todo, metrics)


def _metrics(table: Mapping[str, Any], where: str) -> Iterator[TargetMetric]:
    preferred, other = _TIMES_TO_TOKEN
    if table.get(preferred) is not None:
        table = {name: value for name, value in table.items() if name != other}
    for metric, expected in table.items():
        if metric == "tolerance" or metric.endswith("_tolerance") or expected is None:
            continue
        if not _is_number(expected):
            raise usage(f"{where}: {metric} is {expected!r}, which is not a number", "give a number")
        value, tolerance = float(expected), _tolerance(metric, table, where)
        yield TargetMetric(metric, value, value * (1 - tolerance), value * (1 + tolerance))


def _tolerance(metric: str, table: Mapping[str, Any], where: str) -> float:
    """That of the metric (`decode_t_s_u_tolerance`), else that of the entry, else the default, as a fraction."""
    for key in (f"{metric}_tolerance", f"{metric.replace('/', '_')}_tolerance", "tolerance"):
        value = table.get(key)
        if value is None:
            continue
        if not _is_number(value) or not 0 <= value <= 1:
            raise usage(f"{where}: {key} is {value!r}, which is not a tolerance", "give a fraction, such as 0.15")
        return float(value)
    return TOLERANCE


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _specificity(entry: TargetEntry) -> int:
    return (entry.batch is not None) + (entry.sequence_length is not None)


def _lower(text: str) -> str:
    return text.strip().casefold()
