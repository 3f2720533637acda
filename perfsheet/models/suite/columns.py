"""The columns of the table of a suite: what every output shows, in this order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from perfsheet.models.suite.model import ModelResult

Kind = Literal["text", "success", "count", "seconds", "milliseconds", "rate", "ns", "share", "distance", "accuracy"]
SHARES = ("share", "distance")
"""Kinds that are fractions here, and percent in every output."""

Value = str | float | int | bool | None


@dataclass(frozen=True)
class Column:
    """A column: its header with the unit, the name of the value in JSON and CSV, its kind, and how a result has it.

    `rank` says how soon it goes where there is no room (0 = never); `short` is its header there.
    """

    header: str
    name: str
    kind: Kind
    value: Callable[[ModelResult], Value]
    rank: int
    short: str

    @property
    def output_name(self) -> str:
        """The name in JSON and CSV, which has the unit of shares."""
        return f"{self.name}_pct" if self.kind in SHARES else self.name


def _field(header: str, name: str, kind: Kind, rank: int, short: str = "") -> Column:
    return Column(header, name, kind, lambda result: getattr(result, name), rank, short or header)


COLUMNS: tuple[Column, ...] = (
    _field("Model", "model", "text", 0),
    _field("Setting", "setting", "text", 0),
    _field("Batch", "batch", "count", 0),
    _field("Run Success", "run_success", "success", 0, "Run"),
    _field("First Run (s)", "first_run_s", "seconds", 10, "First s"),
    _field("Second Run (s)", "second_run_s", "seconds", 12, "Second s"),
    _field("Compile Time (s)", "compile_s", "seconds", 4, "Compile s"),
    _field("Inference Time (s)", "inference_s", "seconds", 0, "Inference s"),
    _field("Throughput (batch*inf/s)", "throughput", "rate", 3, "Batch*inf/s"),
    _field("Latency (ms)", "latency_ms", "milliseconds", 13, "Latency ms"),
    _field("Latency Std (ms)", "latency_std_ms", "milliseconds", 14, "± ms"),
    _field("Inference Time CPU (s)", "inference_cpu_s", "seconds", 11, "CPU s"),
    _field("Throughput CPU (batch*inf/s)", "throughput_cpu", "rate", 15, "CPU batch*inf/s"),
    _field("Device Kernel Time (ns)", "kernel_ns", "ns", 0, "Kernel ns"),
    _field("FPS on Device", "device_fps", "rate", 2, "Device FPS"),
    _field("Device Ops", "device_ops", "count", 5, "Ops"),
    _field("Reshards", "reshards", "count", 6),
    _field("To/From Device Ops", "to_from_device", "count", 16, "To/from"),
    _field("Host Fallback Ops", "fallbacks", "count", 17, "Fallbacks"),
    _field("Torch Ops Before", "torch_ops_before", "text", 18, "Torch ops"),
    _field("Torch Ops Remain", "torch_ops_remain", "text", 19, "Remain"),
    _field("Time On Few Cores (%)", "low_core_share", "share", 7, "Few cores %"),
    _field("Accuracy (PCC)", "pcc", "accuracy", 3, "PCC"),
    _field("Expected Compile Time (s)", "expected_compile_s", "seconds", 20, "Exp. compile s"),
    _field("Expected Inference Time (s)", "expected_inference_s", "seconds", 21, "Expected s"),
    _field("Distance To Target (%)", "distance", "distance", 1, "To target %"),
)


def percent(column: Column, value: Value) -> Value:
    """The value as outputs have it: fractions in percent."""
    return 100 * value if column.kind in SHARES and isinstance(value, float | int) else value


def shown_columns(results: Sequence[ModelResult], with_success: bool = True) -> list[Column]:
    """Those that are known of some result; of runs (`with_success`) the main ones besides."""
    return [
        column
        for column in COLUMNS
        if (with_success and column.rank == 0 and column.name != "setting")
        or (column.kind != "success" and any(column.value(one) not in (None, "") for one in results))
    ]
