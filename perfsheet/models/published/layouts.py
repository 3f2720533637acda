"""The columns of published results tables, by their headers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from perfsheet.errors import usage
from perfsheet.light_dataclass import dataclass
from perfsheet.models.suite.model import ModelResult, plain_model
from perfsheet.text.safe import clean

UNKNOWN = "N/A"
BATCH = "Batch"
Cell = str | int | float | None


@dataclass(frozen=True)
class LayoutColumn:
    """A column: its header as published, what it means, its value for a result (None = unknown), the field behind it.

    `of_model`: it is of the model, whether its test passes or not.
    """

    header: str
    meaning: str
    value: Callable[[ModelResult], Cell]
    field: str = ""
    of_model: bool = False

    def cell(self, result: ModelResult) -> Cell:
        """The value; None also for a figure that is impossible, and for what a failed test measured."""
        if self.field in result.impossible or not (result.run_success or self.of_model):
            return None
        return self.value(result)

    def is_collected(self, result: ModelResult) -> bool:
        """Whether the result says anything of it, if only that it cannot be published."""
        unusable = self.field in result.impossible or not (result.run_success or self.of_model)
        measured = getattr(result, self.field) if self.field else self.value(result)
        return unusable or measured is not None


@dataclass(frozen=True)
class Layout:
    """A results table of a project: its name for `--layout`, and its columns in order."""

    name: str
    columns: tuple[LayoutColumn, ...]

    def cells(self, results: Sequence[ModelResult]) -> list[list[Cell]]:
        """The rows of the table, in its order: models that ran through first, then in part, then failed ones."""
        headers = {column.header for column in self.columns}
        ordered = sorted(with_names(results, BATCH in headers), key=_by_status if "Status" in headers else _by_success)
        return [[column.cell(result) for column in self.columns] for result in ordered]


RANKS = {"✅": 0, "🚧": 1, "❌": 2, UNKNOWN: 3}
"""The order of rows by their status."""


def _by_status(result: ModelResult) -> int:
    return RANKS[status(result)]


def _by_success(result: ModelResult) -> int:
    return (True, False, None).index(result.run_success)


def status(result: ModelResult) -> str:
    """✅ passed, and nothing runs in torch or on the host; 🚧 passed, and something does; ❌ failed; N/A unknown."""
    if result.run_success is None:
        return UNKNOWN
    if not result.run_success:
        return "❌"
    left = [count for count in (_count(result.torch_ops_remain), result.fallbacks) if count is not None]
    return UNKNOWN if not left else "🚧" if any(left) else "✅"


def _figure(name: str, factor: float = 1.0) -> Callable[[ModelResult], Cell]:
    def value(result: ModelResult) -> Cell:
        figure: Any = getattr(result, name)
        return figure if figure is None or isinstance(figure, int) else round(figure * factor, 12)

    return value


def _count(text: str | None) -> int | None:
    """70 of `70 (9)`."""
    match = re.match(r"\d+", text or "")
    return int(match[0]) if match else None


def with_names(results: Sequence[ModelResult], batches: bool) -> list[ModelResult]:
    """The results under the names that they are published with: `vit` for `vit (bare metal)`, more of it where a
    second result would have that name, and that batch if the table has batches."""

    def tells(name: str, result: ModelResult) -> tuple[str, int | None]:
        return name.casefold(), result.batch if batches else None

    plain = [replace(result, model=plain_model(result.model)) for result in results]
    names = [(one.model, one.name, whole.name) for one, whole in zip(plain, results, strict=True)]
    counts = [Counter(map(tells, level, results)) for level in zip(*names, strict=True)]
    named = []
    for result, (*shorter, whole) in zip(results, names, strict=True):
        clear = (name for name, count in zip(shorter, counts, strict=False) if count[tells(name, result)] == 1)
        named.append(replace(result, model=next(clear, whole)))
    return named


def _yes_or_no(result: ModelResult) -> Cell:
    return None if result.run_success is None else "Yes" if result.run_success else "No"


_FIRST_RUN = _figure("first_run_s", 1e3)

# fmt: off
_SEED = (
    LayoutColumn("Model", "name of the model", lambda result: clean(result.model), of_model=True),
    LayoutColumn("Run Success", "whether the test of the model passed", _yes_or_no, of_model=True),
    LayoutColumn("Torch Ops (Before)", "ops of the torch model", lambda result: _count(result.torch_ops_before),
        of_model=True),
    LayoutColumn("Torch Ops (Remain)", "ops that still run in torch", lambda result: _count(result.torch_ops_remain)),
    LayoutColumn("To/From_Device Ops", "ops that move a tensor between host and device", _figure("to_from_device")),
    LayoutColumn("Original Run Time (s)", "one run of the torch model on the CPU, in seconds",
        _figure("inference_cpu_s"), "inference_cpu_s"),
    LayoutColumn("Compiled Run Time(s)", "one run on the device with a warm program cache, in seconds",
        _figure("inference_s"), "inference_s"),
    LayoutColumn("Accuracy", "Pearson correlation of the outputs with those of torch", _figure("pcc"), "pcc"),
)
_LATER = (
    LayoutColumn("Model", "name of the model", lambda result: clean(result.model), of_model=True),
    LayoutColumn("Status", "✅ nothing runs in torch or on the host, 🚧 something does, ❌ failed", status,
        of_model=True),
    LayoutColumn(BATCH, "samples per run", _figure("batch"), of_model=True),
    LayoutColumn("Compiled First Run (ms)", "the first run on the device, which compiles, in milliseconds",
        lambda result: _FIRST_RUN(result) or None, "first_run_s"),  # 0.00 s is a short one
    LayoutColumn("Original Throughput (Inferences Per Second)", "samples per second of the torch model on the CPU",
        _figure("throughput_cpu"), "throughput_cpu"),
    LayoutColumn("Compiled Throughput (Inferences Per Second)", "samples per second on the device, caches warm",
        _figure("throughput"), "throughput"),
    LayoutColumn("Accuracy (%)", "Pearson correlation of the outputs with those of torch, in percent",
        _figure("pcc", 100), "pcc"),
    LayoutColumn("Torch Ops Before (Unique Ops)", "ops of the torch model, and how many kinds of ops these are",
        lambda result: result.torch_ops_before, of_model=True),
    LayoutColumn("Torch Ops Remain (Unique Ops)", "ops that still run in torch, and how many kinds",
        lambda result: result.torch_ops_remain),
    LayoutColumn("To/From Device Ops", "ops that move a tensor between host and device", _figure("to_from_device")),
)
# fmt: on
LAYOUTS = (Layout("torch-ttnn", _SEED), Layout("torch-ttnn-2025", _LATER))
"""The results table of pytorch2.0_ttnn as of 2024, and as of 2025 and later."""
_BY_HEADER = {column.header.casefold(): column for layout in LAYOUTS for column in layout.columns}


def known_column(header: str) -> LayoutColumn | None:
    """The column with this header, in upper or lower case; tables of either time, or of a mixture, can be updated."""
    return _BY_HEADER.get(header.casefold())


def layout(name: str) -> Layout:
    """The layout of this name. Raises PerfsheetError (exit status 2)."""
    found = next((layout for layout in LAYOUTS if layout.name == name), None)
    if found is None:
        raise usage(f"unknown layout {name!r}", f"choose from {', '.join(layout.name for layout in LAYOUTS)}")
    return found
