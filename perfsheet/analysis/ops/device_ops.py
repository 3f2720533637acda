"""The device ops of a window with the figures that all other steps work on, column by column."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from functools import cached_property, wraps
from typing import Any, TypeVar, cast

import numpy as np

from perfsheet.analysis.ops.categories import CATEGORIES, category
from perfsheet.analysis.ops.grid import WorkerGrid, worker_grid
from perfsheet.analysis.ops.utilization import NO_MODEL_MAX_NS, utilization
from perfsheet.analysis.ops.validity import after_contradicted, contradicted, exposed, overlapping
from perfsheet.analysis.ops.variants import Variants, variants
from perfsheet.analysis.options import Options
from perfsheet.analysis.window import Window
from perfsheet.capture.arrays import distinct, median
from perfsheet.capture.table import BoolArray, FloatArray, IntArray, OpsTable, RowKind
from perfsheet.capture.texts import Texts
from perfsheet.light_dataclass import dataclass

LONGEST_PLAUSIBLE_NS = 1e13
"""Almost three hours; a longer kernel duration is a corrupt marker (tt-metal#48043)."""


_NEARLY_ALL = 0.99
_SHORTEST_NS = 1e-3
"""A thousandth of a clock cycle; anything shorter, except 0, is not a measurement."""

Result = TypeVar("Result")


@dataclass(frozen=True, eq=False)
class Ops:
    """One entry per device op of the window, in execution order; unknown figures are NaN.

    `rows` are positions in `table`. `kernel_ns` is the usable DEVICE KERNEL DURATION; `raw_kernel_ns` the cell;
    `invalid`: the gaps contradict it. `gap_ns` is the plausible OP TO OP LATENCY. `sequence`: ops of the same number
    ran one after another: those of a device, or of the critical path over all devices; `clock`: their cycles are those
    of one clock, of a device in one of the captures of a file. `utilization` follows the documented formula with the
    options' reference core count, `utilization_grid` the same with the op's own worker grid; both are fractions.
    `pm_ideal_ns` is NaN where the profiler has no model. `source`: the ops that these were taken from, and their
    positions there.
    """

    table: OpsTable
    options: Options
    grid: WorkerGrid
    rows: IntArray
    codes: Texts
    device: IntArray
    sequence: IntArray
    clock: IntArray
    kernel_ns: FloatArray
    raw_kernel_ns: FloatArray
    invalid: BoolArray
    gap_ns: FloatArray
    cores: FloatArray
    worker_cores: FloatArray
    pm_ideal_ns: FloatArray
    utilization: FloatArray
    utilization_grid: FloatArray
    source: tuple[Ops, IntArray] | None = None

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def planned(self) -> bool:
        """Whether they were placed on a mock board and never ran: `kernel_ns` has their least times then."""
        return self.table.plan is not None

    @property
    def board(self) -> str | None:
        """The board as it is known: that of the options, or the one that a plan was made on."""
        return self.options.board or (self.table.plan.board if self.table.plan is not None else None)

    @cached_property
    def timed(self) -> BoolArray:
        """Ops with a usable kernel duration: those that are ranked and summed. Planned ops all are."""
        return np.ones(len(self), dtype=np.bool_) if self.planned else np.isfinite(self.kernel_ns)

    def fps(self, inference_ns: float) -> float | None:
        """Inferences per second at that time of one, times the batch; a least time makes no rate."""
        return 1e9 * self.options.batch / inference_ns if inference_ns > 0 and not self.planned else None

    def take(self, positions: IntArray, sequence: IntArray | None = None) -> Ops:
        """These ops only; `sequence` replaces theirs."""
        columns = rows_of(self, positions) | ({} if sequence is None else {"sequence": sequence})
        return replace(self, **columns, codes=self.codes.take(positions), source=(self, positions))

    @cached_property
    def total_ns(self) -> float:
        """Kernel time of these ops; where ops overlap, the time in which any of them runs."""
        return float(np.nansum(self.counted_ns))

    @property
    def counted_ns(self) -> FloatArray:
        """What each op adds to the time; with `per_device` its kernel duration, so that overlaps count twice."""
        return self.kernel_ns if self.options.per_device else self.exposed_ns

    @cached_property
    def exposed_ns(self) -> FloatArray:
        """The kernel duration of each op, less what runs beside a longer one; NaN = unknown."""
        if self.source is not None:
            return np.asarray(self.source[0].exposed_ns[self.source[1]])
        if not (self.number("op_to_op_latency_ns") < 0).any():
            return self.kernel_ns
        visible = self.kernel_ns.copy()
        for here in self.clocks:
            if self.overlaps[here].any():
                known = here[np.isfinite(self.kernel_ns[here])]
                visible[known] = np.round(exposed(self.start_ns[known], self.kernel_ns[known]), 3)
        return np.asarray(visible)

    @cached_property
    def clocks(self) -> tuple[IntArray, ...]:
        """Positions of the ops of each clock, in execution order."""
        return tuple(np.flatnonzero(self.clock == number) for number in distinct(self.clock))

    @cached_property
    def overlaps(self) -> BoolArray:
        """Ops that start while an earlier one of their device still runs."""
        if self.source is not None:
            return np.asarray(self.source[0].overlaps[self.source[1]])
        names = ("op_to_op_latency_ns", "fw_start_cycle", "fw_end_cycle")
        gap, start, end = (self.number(name) for name in names)
        result = np.zeros(len(self), dtype=np.bool_)
        if (gap < 0).any():
            for here in self.clocks:
                result[here] = overlapping(self.kernel_ns[here], gap[here], start[here], end[here])
        return result & ~self.invalid

    @property
    def hidden(self) -> BoolArray:
        """Ops that run beside longer ones all the time."""
        return np.asarray((self.counted_ns == 0) & (self.kernel_ns > 0))

    @cached_property
    def start_ns(self) -> FloatArray:
        """When each op starts, in ns after the first one of its clock; unknown gaps and durations count as 0.

        Where ops overlap, gaps do not say which op they follow: starts are those of the firmware, if known.
        """
        gap = np.where(self.overlaps, self.number("op_to_op_latency_ns"), np.nan_to_num(self.gap_ns))
        start = np.zeros(len(self))
        for here in self.clocks:
            cycle, clock = self.number("fw_start_cycle")[here], clock_ghz(self, here)
            if self.overlaps[here].any() and np.isfinite(cycle).all() and clock is not None:
                start[here] = (cycle - cycle.min()) / clock
                continue
            kernel = np.nan_to_num(self.kernel_ns[here])
            start[here] = np.cumsum(gap[here]) - gap[here[0]] + np.concatenate([[0.0], np.cumsum(kernel)[:-1]])
        return start

    @cached_property
    def nearly_all_timed(self) -> bool:
        """Whether so few ops lack a usable duration that their time can be neglected."""
        return bool(len(self)) and float(self.timed.mean()) >= _NEARLY_ALL

    @cached_property
    def variants(self) -> Variants:
        """The distinct descriptions of these ops."""
        if self.source is not None:
            return self.source[0].variants.take(self.source[1])
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
    def results_once(self) -> dict[str, object]:
        """Results of functions of these ops (see `once`)."""
        return {}

    def text(self, name: str) -> Texts:
        """Another text column of the capture, for these ops."""
        cells = self.table.text(name)
        return cells if self._every_row else cells.take(self.rows)

    def in_category(self, *names: str) -> BoolArray:
        """Ops of these categories (analysis/ops/categories.py)."""
        return np.asarray(np.isin(self._category, [CATEGORIES.index(name) for name in names]))

    @cached_property
    def _category(self) -> IntArray:
        """For each op the index of its category."""
        of_code = np.array([CATEGORIES.index(category(code)) for code in self.codes.values], dtype=np.int64)
        return of_code[self.codes.codes] if len(of_code) else np.zeros(len(self), dtype=np.int64)

    def where_code(self, matches: Callable[[str], bool]) -> BoolArray:
        """Ops whose code matches; each distinct code is tested once."""
        return self.codes.where(matches)


def rows_of(result: Any, positions: IntArray) -> dict[str, Any]:
    """The arrays among the fields of a result that has one entry per op, cut down to some ops."""
    arrays = ((field.name, getattr(result, field.name)) for field in fields(result))
    return {name: value[positions] for name, value in arrays if isinstance(value, np.ndarray)}


def clock_ghz(ops: Ops, here: IntArray) -> float | None:
    """The clock of the ops at these positions: the median of firmware cycles / ns; None = unknown."""
    start, end, zone = (ops.number(name)[here] for name in ("fw_start_cycle", "fw_end_cycle", "fw_duration_ns"))
    with np.errstate(divide="ignore", invalid="ignore"):
        each = (end - start) / zone
    each = each[np.isfinite(each) & (each > 0)]
    return median(each) if each.size else None


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
    device = table.device[rows]
    gap, sub_device = (table.number(name)[rows] for name in ("op_to_op_latency_ns", "sub_device_id"))
    clock = device * (table.runs + 1) + table.run[rows]
    invalid = contradicted(clock, raw, gap, sub_device)
    plausible = (raw == 0) | ((raw >= _SHORTEST_NS) & (raw <= LONGEST_PLAUSIBLE_NS))
    kernel = np.where(plausible & ~invalid, raw, np.nan)
    gap = np.where((gap >= 0) & (gap <= LONGEST_PLAUSIBLE_NS), gap, np.nan)
    if invalid.any():
        gap[invalid | after_contradicted(clock, invalid)] = np.nan
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
        device=device,
        sequence=device,
        clock=clock,
        kernel_ns=kernel,
        raw_kernel_ns=raw,
        invalid=invalid,
        gap_ns=gap,
        cores=cores,
        worker_cores=worker_cores,
        pm_ideal_ns=pm_ideal,
        utilization=utilization(pm_ideal, kernel, cores, reference),
        utilization_grid=utilization(pm_ideal, kernel, cores, worker_cores),
    )
