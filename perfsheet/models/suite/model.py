"""A suite of targets, the result of a target, and its check against the target's limits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

from perfsheet.light_dataclass import dataclass
from perfsheet.masking import masked_command
from perfsheet.models.e2e.merging import Limits
from perfsheet.models.impossible import find_impossible

Collect = Literal["e2e", "device", "latency"]
COLLECTABLE: tuple[Collect, ...] = ("e2e", "device", "latency")

Outcome = Literal["passed", "failed", "killed", "timeout", "nothing ran", "no report", "not run", "unknown"]
RAN: frozenset[Outcome] = frozenset(("passed", "failed", "killed"))
"""Outcomes of runs that may have measured something; the figures of all others are left out."""
UNFINISHED: frozenset[Outcome] = frozenset(("killed", "not run"))
"""Outcomes of targets that did not run to their end: a resumed suite runs them again."""


@dataclass(frozen=True)
class Target:
    """One row of the table: a pytest command, and what to collect from it.

    `replay` are recorded captures to analyse instead of profiling, `which_pass` the pass that counts, `timeout_s` the
    time limit of a run. `expected_*` (seconds) override the perf file; `pcc` is the lowest accepted PCC.
    `reference`, `inputs`, `graph` and `notes` are for the model card.
    """

    model: str
    command: str
    setting: str = ""
    batch: int | None = None
    collect: tuple[Collect, ...] = COLLECTABLE
    replay: tuple[Path, ...] = ()
    board: str | None = None
    which_pass: str | None = None
    timeout_s: float | None = None
    python: str | None = None
    expected_compile_s: float | None = None
    expected_inference_s: float | None = None
    pcc: float | None = None
    reference: str = ""
    inputs: str = ""
    graph: str = ""
    notes: str = ""

    @property
    def name(self) -> str:
        """`vit, base-patch16, batch 8`."""
        return _name(self.model, self.setting, self.batch)


@dataclass(frozen=True)
class Suite:
    """The targets in order. `folder` is where their commands run, `output` where the results go.

    `central_targets` is tt-metal's model_targets.yaml, `sku` the board or machine in it.
    """

    path: Path
    name: str
    folder: Path
    output: Path
    targets: tuple[Target, ...]
    central_targets: Path | None = None
    sku: str = ""


def not_run(target: Target) -> ModelResult:
    """The result of a target before it runs; credentials in its command are masked."""
    return ModelResult(target.model, target.setting, target.batch, masked_command(target.command))


@dataclass(frozen=True)
class ModelResult:
    """The result of a target. Every value is plain; None = unknown.

    Times have their unit in the name; `throughput` and `device_fps` are samples per second, `low_core_share` a fraction
    of kernel time. `to_from_device` counts the transfers in the capture, `fallbacks` the ops that ran on the host.
    `problem` says why the target did not pass, or what could not be collected; `breaches` are the limits it misses;
    `warnings` say which figures to be careful with; `contradicted` says, by field, what in its perf file a figure
    contradicts, `refused` why a figure that was given is not taken; `written` are the figures as the perf file has
    them. `further` are the results of the other perf files that the same run wrote, `records` its benchmark records.
    Paths of files inside the results folder are relative to it.
    """

    model: str
    setting: str = ""
    batch: int | None = None
    command: str = ""
    outcome: Outcome = "not run"
    problem: str = ""
    warnings: tuple[str, ...] = ()
    started: str | None = None
    duration_s: float | None = None
    first_run_s: float | None = None
    second_run_s: float | None = None
    compile_s: float | None = None
    inference_s: float | None = None
    throughput: float | None = None
    inference_cpu_s: float | None = None
    throughput_cpu: float | None = None
    expected_compile_s: float | None = None
    expected_inference_s: float | None = None
    latency_ms: float | None = None
    latency_std_ms: float | None = None
    latency_runs: int | None = None
    kernel_ns: float | None = None
    device_fps: float | None = None
    device_ops: int | None = None
    reshards: int | None = None
    to_from_device: int | None = None
    fallbacks: int | None = None
    torch_ops_before: str | None = None
    torch_ops_remain: str | None = None
    low_core_share: float | None = None
    pcc: float | None = None
    least_pcc: float | None = None
    breaches: tuple[str, ...] = ()
    contradicted: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    replayed: bool = False
    written: Mapping[str, str] = field(default_factory=dict)
    further: tuple[ModelResult, ...] = ()
    perf_file: str | None = None
    records: tuple[str, ...] = ()
    captures: tuple[str, ...] = ()
    workbook: str | None = None
    log: str | None = None

    @property
    def capture(self) -> str | None:
        """The ops CSVs on one line; None if there are none."""
        return ", ".join(self.captures) or None

    @property
    def run_success(self) -> bool | None:
        """Whether it passed; None if it has not run, or this is unknown."""
        return None if self.outcome in ("not run", "unknown") else self.outcome == "passed"

    @cached_property
    def impossible(self) -> dict[str, str]:
        """Why a figure cannot have been measured, by field."""
        return {**self.contradicted, **find_impossible(lambda name: getattr(self, name))}

    @property
    def has_run(self) -> bool:
        """Whether it may have measured something; otherwise it has no figures."""
        return self.outcome in RAN or self.perf_file is not None

    @property
    def distance(self) -> float | None:
        """Inference time above the expected one, as a fraction of the expected one; negative if faster."""
        if self.inference_s is None or not self.expected_inference_s or "inference_s" in self.impossible:
            return None
        return self.inference_s / self.expected_inference_s - 1

    @property
    def name(self) -> str:
        """`vit, base-patch16, batch 8`."""
        return _name(self.model, self.setting, self.batch)


MEASURED = (
    *("first_run_s", "second_run_s", "compile_s", "inference_s", "throughput", "inference_cpu_s", "throughput_cpu"),
    *("latency_ms", "latency_std_ms", "latency_runs", "pcc", "torch_ops_before", "torch_ops_remain"),
    *("kernel_ns", "device_fps", "device_ops", "reshards", "to_from_device", "fallbacks", "low_core_share"),
)
"""The fields of ModelResult that only a run gives."""


def with_problem(result: ModelResult, problem: str) -> ModelResult:
    """The result with one more sentence added to its problem (blank = none)."""
    return replace(result, problem="; ".join(filter(None, (result.problem, problem))))


def every_row(results: Sequence[ModelResult]) -> list[ModelResult]:
    """The results of all targets, each followed by those of the other perf files of its run."""
    return [row for result in results for row in (result, *result.further)]


def is_model(name: str, target: Target) -> bool:
    """Whether figures are of the target's model: `vit (bare metal)` tells two targets of one model apart."""
    return name.casefold() in (target.model.casefold(), plain_model(target.model).casefold())


def plain_model(name: str) -> str:
    """`vit` for `vit (bare metal)`."""
    return name.partition(" (")[0]


def fits(target: Target, setting: str, batch: int | None) -> bool:
    """Whether figures of this setting and batch are the target's: what it does not say may be any."""
    return (not target.setting or setting == target.setting) and target.batch in (None, batch)


def with_expectations(target: Target, result: ModelResult) -> ModelResult:
    """The result with the current expectations of its target, which override those of its perf file.

    They hold for all perf files of the run that fit the target, and its PCC for all: a second file evades no limit.
    """
    result = _expecting(target, result)
    return replace(
        result,
        least_pcc=target.pcc,
        further=tuple(
            replace(
                _expecting(target, row) if fits(target, row.setting, row.batch) else row,
                least_pcc=None if row.pcc is None else target.pcc,
            )
            for row in result.further
        ),
    )


def _expecting(target: Target, result: ModelResult) -> ModelResult:
    wanted = {name: getattr(target, name) or getattr(result, name) for name in _EXPECTED}
    changed = {name for name in _EXPECTED if wanted[name] != getattr(result, name)}
    written = {name: text for name, text in result.written.items() if name not in changed}
    return replace(result, **wanted, written=written)


_EXPECTED = ("expected_compile_s", "expected_inference_s")


def check_limits(results: Sequence[ModelResult], limits: Limits | None) -> list[ModelResult]:
    """The results with their breaches: inference time outside `limits` (None = not checked), PCC too low.

    A figure that is impossible, or was refused, keeps no limit, nor does one that a passed test does not have.
    """
    return [
        replace(
            result,
            breaches=tuple(_breaches(result, limits)),
            further=tuple(check_limits(result.further, limits)),
        )
        for result in results
    ]


def _breaches(result: ModelResult, limits: Limits | None) -> Iterator[str]:
    unusable = {**result.refused, **result.impossible}
    limited = {
        "compile_s": result.expected_compile_s if limits else None,
        "inference_s": result.expected_inference_s if limits else None,
        "pcc": result.least_pcc,
    }
    for name, what in (("compile_s", "compile time"), ("inference_s", "inference time"), ("pcc", "PCC")):
        if limited[name] is not None and result.run_success and name not in unusable and getattr(result, name) is None:
            yield f"{what} was not measured, and {limited[name]:g}{' s' if name.endswith('_s') else ''} is expected"
        if limited[name] is not None and name in unusable:
            value = getattr(result, name) if name in result.impossible else None
            figure = "" if value is None else f" {value:g}{' s' if name.endswith('_s') else ''}"
            verb = "is impossible" if figure else "cannot be checked"
            yield f"{what}{figure} {verb}: {unusable[name]}"
    time = None if "inference_s" in unusable else result.inference_s
    expected = result.expected_inference_s
    if limits and time is not None and expected and (allowed := limits.missed(time, expected)):
        what = "slower than allowed" if time > allowed[1] else "faster than expected: update the target"
        yield f"inference time {time:g} s is {what} ({allowed[0]:.4g} to {allowed[1]:.4g} s)"
    pcc = None if "pcc" in result.impossible else result.pcc
    if result.least_pcc is not None and pcc is not None and pcc < result.least_pcc:
        yield f"PCC {pcc:g} is below {result.least_pcc:g}"


def _name(model: str, setting: str, batch: int | None) -> str:
    return ", ".join(filter(None, (model, setting, "" if batch is None else f"batch {batch}")))
