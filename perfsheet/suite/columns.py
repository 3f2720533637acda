"""The columns of the table of a suite: what every output shows, in this order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from perfsheet.suite.model import ModelResult

Kind = Literal["text", "success", "count", "seconds", "milliseconds", "rate", "ns", "share", "distance", "accuracy"]
Value = str | float | int | bool | None


@dataclass(frozen=True)
class Column:
    """A column: its header with the unit, the name of the value in JSON and CSV, its kind, and how a result has it.

    `rank` says how soon it goes where there is no room (0 = never).
    """

    header: str
    name: str
    kind: Kind
    value: Callable[[ModelResult], Value]
    rank: int = 9


def _field(header: str, name: str, kind: Kind, rank: int = 9) -> Column:
    return Column(header, name, kind, lambda result: getattr(result, name), rank)


COLUMNS: tuple[Column, ...] = (
    _field("Model", "model", "text", 0),
    _field("Setting", "setting", "text", 2),
    _field("Batch", "batch", "count", 0),
    _field("Run Success", "run_success", "success", 0),
    _field("First Run (s)", "first_run_s", "seconds", 10),
    _field("Second Run (s)", "second_run_s", "seconds", 12),
    _field("Compile Time (s)", "compile_s", "seconds", 4),
    _field("Inference Time (s)", "inference_s", "seconds", 0),
    _field("Throughput (batch*inf/s)", "throughput", "rate", 3),
    _field("Latency (ms)", "latency_ms", "milliseconds", 13),
    _field("Latency Std (ms)", "latency_std_ms", "milliseconds", 14),
    _field("Inference Time CPU (s)", "inference_cpu_s", "seconds", 11),
    _field("Throughput CPU (batch*inf/s)", "throughput_cpu", "rate", 15),
    _field("Device Kernel Time (ns)", "kernel_ns", "ns", 0),
    _field("FPS on Device", "device_fps", "rate", 1),
    _field("Device Ops", "device_ops", "count", 5),
    _field("Reshards", "reshards", "count", 6),
    _field("To/From Device Ops", "to_from_device", "count", 16),
    _field("Host Fallback Ops", "fallbacks", "count", 17),
    _field("Torch Ops Before", "torch_ops_before", "text", 18),
    _field("Torch Ops Remain", "torch_ops_remain", "text", 19),
    _field("Time On Few Cores (%)", "low_core_share", "share", 7),
    _field("Accuracy (PCC)", "pcc", "accuracy", 3),
    _field("Expected Compile Time (s)", "expected_compile_s", "seconds", 20),
    _field("Expected Inference Time (s)", "expected_inference_s", "seconds", 21),
    _field("Distance To Target (%)", "distance", "distance", 2),
)

SHARES = ("share", "distance")
"""Kinds that are fractions here, and percent in every output."""


def percent(column: Column, value: Value) -> Value:
    """The value as outputs have it: fractions in percent."""
    return 100 * value if column.kind in SHARES and isinstance(value, float | int) else value
