"""The columns of published results tables, by their headers."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from perfsheet.errors import usage
from perfsheet.light_dataclass import dataclass
from perfsheet.models.suite.model import ModelResult
from perfsheet.text.safe import clean

UNKNOWN = "N/A"
Cell = str | int | float | None


@dataclass(frozen=True)
class LayoutColumn:
    """A column: its header as published, what it means, and its value for a result (None = unknown)."""

    header: str
    meaning: str
    value: Callable[[ModelResult], Cell]


@dataclass(frozen=True)
class Layout:
    """A results table of a project: its name for `--layout`, and its columns in order."""

    name: str
    columns: tuple[LayoutColumn, ...]

    def cells(self, results: Sequence[ModelResult]) -> list[list[Cell]]:
        """The rows of the table, in its order: models that ran through first, then in part, then failed ones."""
        ordered = sorted(results, key=lambda result: _STATUS.index(status(result)))
        return [[column.value(result) for column in self.columns] for result in ordered]


_STATUS = ("✅", "🚧", "❌", UNKNOWN)


def status(result: ModelResult) -> str:
    """✅ passed and nothing left in torch, 🚧 passed with ops that still run in torch, ❌ failed."""
    if result.run_success is None:
        return UNKNOWN
    return "❌" if not result.run_success else "🚧" if _count(result.torch_ops_remain) else "✅"


def _figure(name: str, factor: float = 1.0) -> Callable[[ModelResult], Cell]:
    """A figure of a result; one that is impossible is unknown: a published table has no room for the reason."""

    def value(result: ModelResult) -> Cell:
        figure: Any = None if name in result.impossible else getattr(result, name)
        return figure if figure is None or isinstance(figure, int) else round(figure * factor, 12)

    return value


def _count(text: str | None) -> int | None:
    """70 of `70 (9)`."""
    match = re.match(r"\d+", text or "")
    return int(match[0]) if match else None


def _names(result: ModelResult) -> str:
    return clean(result.model)


def _yes_or_no(result: ModelResult) -> Cell:
    return None if result.run_success is None else "Yes" if result.run_success else "No"


# fmt: off
_SEED = (
    LayoutColumn("Model", "name of the model", _names),
    LayoutColumn("Run Success", "whether the test of the model passed", _yes_or_no),
    LayoutColumn("Torch Ops (Before)", "ops of the torch model", lambda result: _count(result.torch_ops_before)),
    LayoutColumn("Torch Ops (Remain)", "ops that still run in torch", lambda result: _count(result.torch_ops_remain)),
    LayoutColumn("To/From_Device Ops", "ops that move a tensor between host and device", _figure("to_from_device")),
    LayoutColumn("Original Run Time (s)", "one run of the torch model on the CPU, in seconds",
        _figure("inference_cpu_s")),
    LayoutColumn("Compiled Run Time(s)", "one run on the device with a warm program cache, in seconds",
        _figure("inference_s")),
    LayoutColumn("Accuracy", "Pearson correlation of the outputs with those of torch", _figure("pcc")),
)
_LATER = (
    LayoutColumn("Model", "name of the model", _names),
    LayoutColumn("Status", "✅ on the device end to end, 🚧 some ops run in torch, ❌ failed", status),
    LayoutColumn("Batch", "samples per run", _figure("batch")),
    LayoutColumn("Compiled First Run (ms)", "the first run on the device, which compiles, in milliseconds",
        _figure("first_run_s", 1e3)),
    LayoutColumn("Original Throughput (Inferences Per Second)", "samples per second of the torch model on the CPU",
        _figure("throughput_cpu")),
    LayoutColumn("Compiled Throughput (Inferences Per Second)", "samples per second on the device, caches warm",
        _figure("throughput")),
    LayoutColumn("Accuracy (%)", "Pearson correlation of the outputs with those of torch, in percent",
        _figure("pcc", 100)),
    LayoutColumn("Torch Ops Before (Unique Ops)", "ops of the torch model, and how many kinds of ops these are",
        lambda result: result.torch_ops_before),
    LayoutColumn("Torch Ops Remain (Unique Ops)", "ops that still run in torch, and how many kinds",
        lambda result: result.torch_ops_remain),
    LayoutColumn("To/From Device Ops", "ops that move a tensor between host and device", _figure("to_from_device")),
)
# fmt: on
LAYOUTS = (Layout("torch-ttnn", _SEED), Layout("torch-ttnn-2025", _LATER))
"""The results table of pytorch2.0_ttnn as of 2024, and as of 2025 and later."""
BY_HEADER = {column.header: column for layout in LAYOUTS for column in layout.columns}
"""Every known column: tables of either time, or of a mixture, can be updated."""


def layout(name: str) -> Layout:
    """The layout of this name. Raises PerfsheetError (exit status 2)."""
    found = next((layout for layout in LAYOUTS if layout.name == name), None)
    if found is None:
        raise usage(f"unknown layout {name!r}", f"choose from {', '.join(layout.name for layout in LAYOUTS)}")
    return found
