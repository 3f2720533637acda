"""A suite of targets, and what one of them came to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

Collect = Literal["e2e", "device", "latency"]
COLLECTABLE: tuple[Collect, ...] = ("e2e", "device", "latency")

Outcome = Literal["passed", "failed", "killed", "timeout", "nothing ran", "no report", "not run", "unknown"]
UNFINISHED: frozenset[Outcome] = frozenset(("killed", "not run"))
"""Targets that did not come to an end of their own: they run again when a suite is resumed."""


@dataclass(frozen=True)
class Target:
    """One line of the table: a pytest command, and what is to be collected of it.

    `replay` are recorded captures to analyse in place of a profile, `which_pass` is the pass of it that counts.
    `timeout_s` ends a run of it.
    `expected_*` (seconds) and `pcc` (the least that is accepted) go before what its perf file states.
    `reference`, `inputs`, `graph` and `notes` are for its model card.
    """

    model: str
    command: str
    setting: str = ""
    batch: int | None = None
    collect: tuple[Collect, ...] = COLLECTABLE
    replay: tuple[Path, ...] = ()
    board: str | None = None
    which_pass: str = "all"
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
    """Targets in their order. `folder` is where their commands run, `output` where results go."""

    path: Path
    name: str
    folder: Path
    output: Path
    targets: tuple[Target, ...]


@dataclass(frozen=True)
class ModelResult:
    """What a target came to. Everything is a plain value, and None where it is unknown.

    Times end in their unit; `throughput` and `device_fps` are samples a second, `low_core_share` a fraction of kernel
    time. `to_from_device` counts transfers that the capture shows, `fallbacks` ops that ran on the host instead.
    `problem` is why it did not pass, or what is missing of it, `breaches` what it breaks of what is wanted of it;
    `warnings` is what to distrust. Files are relative to
    the folder of results where they lie in it.
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
    replayed: bool = False
    perf_file: str | None = None
    captures: tuple[str, ...] = ()
    workbook: str | None = None
    log: str | None = None

    @property
    def capture(self) -> str | None:
        """The ops CSVs on one line; None without any."""
        return ", ".join(self.captures) or None

    @property
    def run_success(self) -> bool | None:
        """Whether it passed; None when it has not run, or nobody knows."""
        return None if self.outcome in ("not run", "unknown") else self.outcome == "passed"

    @property
    def distance(self) -> float | None:
        """Inference time beyond the expected one, as a fraction of that; below 0 when it is faster."""
        if self.inference_s is None or not self.expected_inference_s:
            return None
        return self.inference_s / self.expected_inference_s - 1

    @property
    def name(self) -> str:
        """`vit, base-patch16, batch 8`."""
        return _name(self.model, self.setting, self.batch)


def with_problem(result: ModelResult, problem: str) -> ModelResult:
    """The result with one more sentence about what went wrong (blank = none)."""
    return replace(result, problem="; ".join(filter(None, (result.problem, problem))))


def as_wanted(target: Target, result: ModelResult) -> ModelResult:
    """The result with what its target expects today, which goes before what its perf file states."""
    return replace(
        result,
        expected_compile_s=target.expected_compile_s or result.expected_compile_s,
        expected_inference_s=target.expected_inference_s or result.expected_inference_s,
        least_pcc=target.pcc,
    )


def _name(model: str, setting: str, batch: int | None) -> str:
    return ", ".join(filter(None, (model, setting, "" if batch is None else f"batch {batch}")))
