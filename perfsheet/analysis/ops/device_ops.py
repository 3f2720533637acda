"""The device ops of a window with the figures that all other steps work on, column by column."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, wraps
from typing import TypeVar, cast

import numpy as np

from perfsheet.analysis.ops.categories import category
from perfsheet.analysis.ops.grid import WorkerGrid, worker_grid
from perfsheet.analysis.ops.utilization import NO_MODEL_MAX_NS, utilization
from perfsheet.analysis.ops.variants import Variants, variants
from perfsheet.analysis.options import Options
from perfsheet.analysis.window import Window
from perfsheet.capture.table import BoolArray, FloatArray, IntArray, OpsTable, RowKind
from perfsheet.capture.texts import Texts

LONGEST_PLAUSIBLE_NS = 1e13
"""Almost three hours; a longer kernel duration is a corrupt marker (tt-metal#48043)."""


_NEARLY_ALL = 0.99
_SHORTEST_NS = 1e-3
"""A thousandth of a clock cycle; anything shorter, except 0, is not a measurement."""

Result = TypeVar("Result")


@dataclass(frozen=True, eq=False)
class Ops:
    """One entry per device op of the window, in execution order; unknown figures are NaN.

    `rows` are positions in `table`. `kernel_ns` is the usable DEVICE KERNEL DURATION; `raw_kernel_ns` the cell.
    `utilization` follows the documented formula with the options' reference core count, `utilization_grid` the same
    with the op's own worker grid; both are fractions. `pm_ideal_ns` is NaN where the profiler has no model.
    """

    table: OpsTable
    options: Options
    grid: WorkerGrid
    rows: IntArray
    codes: Texts
    device: IntArray
    kernel_ns: FloatArray
    raw_kernel_ns: FloatArray
    cores: FloatArray
    worker_cores: FloatArray
    pm_ideal_ns: FloatArray
    utilization: FloatArray
    utilization_grid: FloatArray

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def timed(self) -> BoolArray:
        """Ops with a usable kernel duration: those that are ranked and summed."""
        return np.isfinite(self.kernel_ns)

    @cached_property
    def total_ns(self) -> float:
        """Kernel time of the window over all its devices."""
        return float(np.nansum(self.kernel_ns))

    @cached_property
    def nearly_all_timed(self) -> bool:
        """Whether so few ops lack a usable duration that their time can be neglected."""
        return bool(len(self)) and float(self.timed.mean()) >= _NEARLY_ALL

    @cached_property
    def variants(self) -> Variants:
        """The distinct descriptions of these ops."""
        return variants(self.table, self.rows, self.codes)

    def number(self, name: str) -> FloatArray:
        """Another number column of the capture, for these ops."""
        if self._every_row:
            return self.table.number(name)
        if name not in self._numbers:
            self._numbers[name] = self.table.number(name)[self.rows]
        return self._numbers[name]

    @cached_property
    def _every_row(self) -> bool:
        """Whether these are all rows of the table in order, so that no copy is needed."""
        return len(self.rows) == len(self.table) and bool((self.rows == np.arange(len(self.table))).all())

    @cached_property
    def _numbers(self) -> dict[str, FloatArray]:
        return {}

    @cached_property
    def gap_ns(self) -> FloatArray:
        """OP TO OP LATENCY if plausible, else NaN (corrupt markers, tt-metal#48043)."""
        gap = self.number("op_to_op_latency_ns")
        return np.where((gap >= 0) & (gap <= LONGEST_PLAUSIBLE_NS), gap, np.nan)

    @cached_property
    def results_once(self) -> dict[str, object]:
        """Results of functions of these ops (see `once`)."""
        return {}

    def text(self, name: str) -> Texts:
        """Another text column of the capture, for these ops."""
        cells = self.table.text(name)
        return cells if self._every_row else cells.take(self.rows)

    def in_category(self, *names: str) -> BoolArray:
        """Ops of these categories (analysis/ops/categories.py)."""
        return self.where_code(lambda code: category(code) in names)

    def where_code(self, matches: Callable[[str], bool]) -> BoolArray:
        """Ops whose code matches; each distinct code is tested once."""
        return self.codes.where(matches)


def once(function: Callable[[Ops], Result]) -> Callable[[Ops], Result]:
    """Compute a function of the ops only once; the result lives as long as the ops."""
    name = f"{function.__module__}.{function.__qualname__}"

    @wraps(function)
    def cached(ops: Ops) -> Result:
        if name not in ops.results_once:
            ops.results_once[name] = function(ops)
        return cast(Result, ops.results_once[name])

    return cached


def device_ops(table: OpsTable, window: Window, options: Options) -> Ops:
    """The device ops of the window with their figures."""
    rows = window.rows[table.kind[window.rows] == RowKind.DEVICE]
    grid = worker_grid(table, options.board)
    raw = table.number("kernel_duration_ns")[rows]
    kernel = np.where((raw == 0) | ((raw >= _SHORTEST_NS) & (raw <= LONGEST_PLAUSIBLE_NS)), raw, np.nan)
    cores = table.number("core_count")[rows]
    cores = np.where((cores >= 1) & (cores == np.floor(cores)), cores, np.nan)
    worker_cores = grid.cores[rows]
    pm_ideal = table.number("pm_ideal_ns")[rows]
    pm_ideal = np.where((pm_ideal > NO_MODEL_MAX_NS) & (pm_ideal <= LONGEST_PLAUSIBLE_NS), pm_ideal, np.nan)
    reference = worker_cores if options.ref_cores == "grid" else np.full(len(rows), float(options.ref_cores))
    return Ops(
        table=table,
        options=options,
        grid=grid,
        rows=rows,
        codes=table.text("op_code").take(rows).mapped(lambda code: code.strip() or "(blank)"),
        device=table.device[rows],
        kernel_ns=kernel,
        raw_kernel_ns=raw,
        cores=cores,
        worker_cores=worker_cores,
        pm_ideal_ns=pm_ideal,
        utilization=utilization(pm_ideal, kernel, cores, reference),
        utilization_grid=utilization(pm_ideal, kernel, cores, worker_cores),
    )
