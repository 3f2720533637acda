"""How a figure of a series moved over its runs: where it steps for good, and which ops moved with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa

from perfsheet.analysis.ops.categories import short_code
from perfsheet.capture.table import FloatArray
from perfsheet.history.engines import Engine
from perfsheet.history.metrics import Metric, values_of
from perfsheet.history.schema import SIGNATURES
from perfsheet.history.series import Run, Series
from perfsheet.history.steps import Step, Steps, find_steps
from perfsheet.history.store import Contents
from perfsheet.light_dataclass import dataclass

_BESIDE = 10
"""Runs on each side of a change whose ops are compared."""
_LARGEST = 1e300
"""Beyond it squares are no numbers; no figure comes near."""
_LEAST_PART = 0.05
"""Of a change: ops that moved by less of it are not named."""


@dataclass(frozen=True)
class Op:
    """An op signature, as it is named."""

    signature_id: str
    op_code: str
    shape: str
    layout: str
    source: str

    @property
    def name(self) -> str:
        """`Matmul 512×768×3072`."""
        return " ".join(filter(None, (short_code(self.op_code), self.shape)))


@dataclass(frozen=True)
class Moved:
    """A signature that moved with a change: its median Σ kernel duration per run before and after, 0 = not there."""

    op: Op
    before_ns: float
    after_ns: float

    @property
    def delta_ns(self) -> float:
        """Positive = slower."""
        return self.after_ns - self.before_ns


@dataclass(frozen=True)
class Change:
    """A step of a series, with the runs around it.

    It came after `last_before` and not later than `first_after`, which are as far apart as the noise makes it unclear;
    `at` is the most likely first run on the new level. `moved`: the ops that moved with it, most first.
    """

    step: Step
    last_before: Run
    first_after: Run
    at: Run
    gain: bool
    moved: tuple[Moved, ...] = ()


@dataclass(frozen=True, eq=False)
class Trend:
    """A figure of a series over its runs: `values` of `series.runs`.

    Runs without it, and those that tell a part of themselves only, are left out: `unknown` of them.
    """

    series: Series
    metric: Metric
    values: FloatArray
    unknown: int
    steps: Steps
    changes: tuple[Change, ...]

    @property
    def level(self) -> float:
        """The median of the runs since the last change."""
        start = self.changes[-1].step.at if self.changes else 0
        return float(np.median(self.values[start:]))

    @property
    def first(self) -> float:
        """The median of the runs before the first change."""
        end = self.changes[0].step.at if self.changes else len(self.values)
        return float(np.median(self.values[:end]))

    @property
    def moved(self) -> float | None:
        """From the first level to the last, as a fraction; None if that was 0."""
        return (self.level - self.first) / abs(self.first) if self.first else None


def trend(series: Series, metric: Metric, measurements: pa.Table | None = None) -> Trend | None:
    """The trend of a series; None if no run has the figure."""
    values = values_of(metric, series, measurements)
    known = np.isfinite(values) & (np.abs(values) < _LARGEST) & series.complete
    if not known.any():
        return None
    kept = series if known.all() else series.kept(known.tolist())
    values = values[known]
    steps = find_steps(values)
    changes = tuple(change_of(kept, step, metric) for step in steps.found)
    return Trend(kept, metric, values, int((~known).sum()), steps, changes)


def trends_of(series: Sequence[Series], metric: Metric, measurements: pa.Table | None = None) -> list[Trend]:
    """The trends of the series that have the figure: of captures, or of benchmark records where no capture has it."""
    found = [of for one in series if (of := trend(one, metric, measurements)) is not None]
    return [of for of in found if of.series.key.kind == "capture"] or found


def by_urgency(trends: Sequence[Trend]) -> list[Trend]:
    """Series whose last change is a loss first, the newest of these first; then those that gained; then the rest."""

    def urgency(of: Trend) -> tuple[int, float, str, str]:
        if not of.changes:
            return 2, 0.0, of.series.key.name, of.series.key.on
        last = of.changes[-1]
        return int(last.gain), -last.at.time.timestamp(), of.series.key.name, of.series.key.on

    return sorted(trends, key=urgency)


def change_of(series: Series, step: Step, metric: Metric) -> Change:
    """A step with its runs, as a gain or a loss of the metric."""
    runs = series.runs
    return Change(
        step=step,
        last_before=runs[max(0, step.earliest - 1)],
        first_after=runs[step.latest],
        at=runs[step.at],
        gain=(step.size > 0) == metric.higher_is_better,
    )


TIMES_OF = """
SELECT s.run_id, s.signature_id, sum(s.kernel_duration_ns) AS kernel_duration_ns
FROM signatures s JOIN runs r ON s.run_id = r.run_id
GROUP BY s.run_id, s.signature_id
"""
NAMES_OF = """
SELECT s.signature_id, max(s.op_code) AS op_code, max(s.shape) AS shape, max(s.layout) AS layout,
  max(s.source) AS source
FROM signatures s JOIN runs r ON s.run_id = r.run_id JOIN wanted w ON s.signature_id = w.signature_id
GROUP BY s.signature_id
"""


def with_moved(engine: Engine, contents: Contents, trends: Sequence[Trend], most: int = 5) -> list[Trend]:
    """The trends with the ops that moved with each of their changes, `most` of each."""
    found = []
    for one in trends:
        if not one.changes or not any(one.series.values("signatures") > 0):
            found.append(one)
            continue
        moved = _moved(engine, contents, one, most)
        changes = tuple(
            Change(change.step, change.last_before, change.first_after, change.at, change.gain, moved[place])
            for place, change in enumerate(one.changes)
        )
        found.append(Trend(one.series, one.metric, one.values, one.unknown, one.steps, changes))
    return found


def _moved(engine: Engine, contents: Contents, of: Trend, most: int) -> list[tuple[Moved, ...]]:
    sides = [_sides(of, place) for place in range(len(of.changes))]
    wanted = {place for before, after in sides for place in (*before, *after)}
    ids = {of.series.runs[place].run_id: place for place in wanted}
    engine.open(contents, [SIGNATURES], of_ids(of.series.rows, list(ids)))
    by_run: dict[int, dict[str, float]] = {place: {} for place in wanted}
    rows = engine.query(TIMES_OF)
    for run_id, signature, time in zip(*(rows[name].to_pylist() for name in rows.column_names), strict=True):
        if run_id in ids:
            by_run[ids[run_id]][signature] = time or 0.0
    moved: list[list[tuple[str, float, float]]] = []
    for before, after in sides:
        was, now = (medians_of([by_run[place] for place in places]) for places in (before, after))
        moved.append(_largest(was, now, most))
    names = names_of(engine, {signature for one in moved for signature, _, _ in one})
    return [tuple(Moved(names[signature], was, now) for signature, was, now in one) for one in moved]


def _sides(of: Trend, place: int) -> tuple[range, range]:
    """The runs next to a change, up to the changes around it."""
    at = of.changes[place].step.at
    start = of.changes[place - 1].step.at if place else 0
    end = of.changes[place + 1].step.at if place + 1 < len(of.changes) else len(of.series)
    return range(max(start, at - _BESIDE), at), range(at, min(end, at + _BESIDE))


def medians_of(runs: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The median time of every signature over some runs; one that a run does not have takes it no time."""
    signatures = dict.fromkeys(signature for run in runs for signature in run)
    return {signature: float(np.median([run.get(signature, 0.0) for run in runs])) for signature in signatures}


def _largest(before: Mapping[str, float], after: Mapping[str, float], most: int) -> list[tuple[str, float, float]]:
    moved = [
        (signature, before.get(signature, 0.0), after.get(signature, 0.0))
        for signature in dict.fromkeys((*before, *after))
    ]
    moved.sort(key=lambda one: (-abs(one[2] - one[1]), one[0]))
    largest = abs(moved[0][2] - moved[0][1]) if moved else 0.0
    return [one for one in moved[:most] if abs(one[2] - one[1]) > _LEAST_PART * largest]


def names_of(engine: Engine, signatures: set[str]) -> dict[str, Op]:
    """The names of signatures of the runs that are open."""
    engine.register("wanted", pa.table({"signature_id": pa.array(sorted(signatures), pa.string())}))
    return {op.signature_id: op for op in _ops(engine.query(NAMES_OF))}


def _ops(rows: pa.Table) -> Iterator[Op]:
    columns = (rows[name].to_pylist() for name in ("signature_id", "op_code", "shape", "layout", "source"))
    for signature, op_code, shape, layout, source in zip(*columns, strict=True):
        yield Op(signature, op_code or "", shape or "", layout or "", source or "")


def of_ids(rows: pa.Table, ids: Sequence[str]) -> pa.Table:
    """The rows of these runs."""
    return rows.filter(pa.compute.is_in(rows["run_id"], pa.array(ids, pa.string())))
