"""Targets over all models of a store: measured, target, distance, direction, since when."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from perfsheet.analysis import Options
from perfsheet.analysis.ops.kinds import kind
from perfsheet.budget.check import kept
from perfsheet.budget.hardware import Hardware
from perfsheet.budget.model import Bound, Budget
from perfsheet.budget.quantities import Unit
from perfsheet.capture.table import FloatArray
from perfsheet.history.baseline import BY_OP_CODE, times_by
from perfsheet.history.engines import Engine
from perfsheet.history.metrics import MEASUREMENTS_OF
from perfsheet.history.rows import selection_text
from perfsheet.history.schema import MEASUREMENTS, SIGNATURES
from perfsheet.history.series import Run, Series
from perfsheet.history.steps import LEAST, find_steps
from perfsheet.history.store import Contents
from perfsheet.light_dataclass import dataclass
from perfsheet.models.targets import TargetEntry, TargetMetric, Targets, check_targets

_BEFORE = 10
"""Runs before the last one that tell the direction."""
BETTER, WORSE, STEADY = "better", "worse", "steady"


@dataclass(frozen=True)
class TargetRow:
    """A target and how the runs of a series keep it.

    `measured` is that of the last run, None = not measured (`problem` says why, if more is known). `low` and `high` are
    what is allowed, None = no limit on that side. `ok`: None = not measured. `direction`: the last run beside the
    median of those before it. `since`: the first run of the present state, kept or missed; `always`: that it is the
    first run of the series.
    """

    model: str
    board: str
    target: str
    source: str
    unit: str
    expected: float
    low: float | None
    high: float | None
    measured: float | None = None
    ok: bool | None = None
    direction: str = ""
    since: Run | None = None
    always: bool = False
    problem: str = ""

    @property
    def distance(self) -> float | None:
        """Measured / target − 1; None = unknown."""
        return None if self.measured is None or not self.expected else self.measured / self.expected - 1


def held(
    of: TargetRow, series: Series, values: FloatArray, ok: Callable[[float], bool], higher_is_better: bool
) -> TargetRow:
    """The row with what the runs of a series measured (NaN = not measured)."""
    known = np.flatnonzero(np.isfinite(values) & series.complete)
    if not known.size:
        return of
    runs = series.runs
    kept_in = [ok(float(values[place])) for place in known.tolist()]
    start = len(kept_in) - 1
    while start and kept_in[start - 1] == kept_in[-1]:
        start -= 1
    return replace(
        of,
        measured=float(values[known[-1]]),
        ok=kept_in[-1],
        direction=_direction(values[known], higher_is_better),
        since=runs[int(known[start])],
        always=start == 0,
    )


def _direction(values: FloatArray, higher_is_better: bool) -> str:
    """The last value beside the median of those before it; blank without any."""
    before = values[-1 - _BEFORE : -1]
    if not before.size:
        return ""
    middle = float(np.median(before))
    noise = find_steps(before).cv or 0.0
    if not middle or abs(values[-1] / middle - 1) <= max(LEAST, 2 * noise):
        return STEADY
    return BETTER if (values[-1] > middle) == higher_is_better else WORSE


def central_targets(
    engine: Engine, contents: Contents, series: Sequence[Series], targets: Targets, every: bool = True
) -> list[TargetRow]:
    """tt-metal's central targets beside the benchmark records of a store; with `every` those of no record, too."""
    rows: list[TargetRow] = []
    seen: set[TargetEntry] = set()
    for one in series:
        if one.key.kind != "record":
            continue
        batch = None if one.key.batch is None else int(one.key.batch)
        entry = targets.find(one.key.model, one.key.board, batch, one.key.sequence_length)
        if entry is not None and not entry.todo:
            seen.add(entry)
            rows += _of_entry(engine, contents, one, entry, targets.path)
    for entry in targets.entries if every else ():
        if entry not in seen:
            problem = "the file has a gap (TODO)" if entry.todo else "no record of it in the store"
            model = entry.name.replace(f"{entry.model} on {entry.sku}", entry.model)
            rows += [_row(model, entry.sku, metric, targets.path, problem) for metric in entry.metrics]
    return rows


def _row(model: str, board: str, metric: TargetMetric, path: str, problem: str = "") -> TargetRow:
    return TargetRow(model, board, metric.name, path, "", metric.expected, metric.low, metric.high, problem=problem)


def _of_entry(engine: Engine, contents: Contents, series: Series, entry: TargetEntry, path: str) -> Iterator[TargetRow]:
    engine.open(contents, [MEASUREMENTS], series.rows)
    by_run = _by_run(engine.query(MEASUREMENTS_OF))
    checks = [
        {check.metric.name: check for check in check_targets(entry, by_run.get(run_id, {}))} for run_id in series.places
    ]
    for metric in entry.metrics:
        values = np.array([_measured(of, metric.name) for of in checks], dtype=np.float64)
        row = _row(series.key.name, series.key.on, metric, path)
        yield held(
            row,
            series,
            values,
            lambda value, of=metric: of.low <= value <= of.high,  # type: ignore[misc]
            "time" not in metric.name and not metric.name.startswith("compile"),
        )


def _measured(checks: Mapping[str, object], name: str) -> float:
    measured = getattr(checks.get(name), "measured", None)
    return math.nan if measured is None else float(measured)


def _by_run(rows: pa.Table) -> dict[str, dict[tuple[str, str], float]]:
    found: dict[str, dict[tuple[str, str], float]] = {}
    columns = (rows[name].to_pylist() for name in ("run_id", "step", "name", "value"))
    for run_id, step, name, value in zip(*columns, strict=True):
        found.setdefault(run_id, {})[step or "", name] = value
    return found


_COLUMNS = {
    "kernel-time": "kernel_duration_ns",
    "fps": "fps",
    "gap-time": "idle_ns",
    "ops": "ops",
    "speed-of-light": "sol_pct",
    "reshards": "reshards",
    "reshard-time": "reshard_ns",
    "low-core-time": "low_core_ns",
    "host-ops": "host_ops",
    "pcc-tests": "pcc",
}
"""Limits of a budget that table `runs` has a column for."""


def budget_targets(engine: Engine, contents: Contents, series: Series, budget: Budget) -> Iterator[TargetRow]:
    """The limits of a budget beside the captures of a series."""
    problem = _of_another(budget, series)
    for bound in budget.bounds:
        values = None if problem else _values(engine, contents, series, bound)
        share = bound.limit.unit is Unit.SHARE
        scale = 100.0 if share else 1.0
        row = TargetRow(
            model=series.key.name,
            board=series.key.on,
            target=bound.name,
            source=budget.path,
            unit=bound.limit.unit.value,
            expected=scale * bound.value,
            low=scale * bound.allowed if bound.floor else None,
            high=None if bound.floor else scale * bound.allowed,
            problem=problem or ("" if values is not None else _NOT_STORED),
        )
        if values is None:
            yield row
            continue
        yield held(row, series, values, lambda value, of=row: _kept(value, of), bound.limit.floor)  # type: ignore[misc]


_NOT_STORED = "the store has no column for this limit; perfsheet check measures it"


def _of_another(budget: Budget, series: Series) -> str:
    """Why a budget says nothing about a series; blank if it does."""
    hardware = Hardware(boards=series.key.board, devices=series.key.devices or 0)
    if budget.hardware.differs(hardware):
        return f"the budget is of {budget.hardware.named}"
    selection = selection_text(budget.window(Options()))
    if selection != series.key.selection:
        return f"the budget is of {selection or 'the default window'}, the runs of {series.key.selection or 'that'}"
    return ""


def _kept(value: float, row: TargetRow) -> bool:
    above = row.low is None or kept(value, row.low, floor=True)
    return above and (row.high is None or kept(value, row.high, floor=False))


def _values(engine: Engine, contents: Contents, series: Series, bound: Bound) -> FloatArray | None:
    """What the runs measured, shares in percent; None if the store does not have it."""
    if bound.shape or bound.layout:
        return None
    if not bound.op_type:
        return series.values(_COLUMNS[bound.limit.key]) if bound.limit.key in _COLUMNS else None
    if bound.limit.key != "kernel-time":
        return None
    engine.open(contents, [SIGNATURES], series.rows)
    times = times_by(engine.query(BY_OP_CODE), series, kind)
    return times.get(kind(bound.op_type), np.zeros(len(series)))
