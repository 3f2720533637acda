"""A budget from history: what a series takes on this board, with its noise, in place of a fixed base."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from perfsheet.analysis import Analysis
from perfsheet.analysis.ops.kinds import kind
from perfsheet.budget.check import kept, plan_notes, replay_notes, rows, whole
from perfsheet.budget.hardware import hardware_of
from perfsheet.budget.limits import BY_KEY, Scope, of_kind
from perfsheet.budget.model import Checked, Verdict
from perfsheet.budget.quantities import Unit, format_quantity, percentage
from perfsheet.capture.notes import rows as counted
from perfsheet.capture.table import FloatArray, IntArray
from perfsheet.errors import unusable
from perfsheet.history.engines import Engine
from perfsheet.history.facts import Stated, facts_of
from perfsheet.history.schema import SIGNATURES
from perfsheet.history.series import Chosen, Series, series_of
from perfsheet.history.steps import Steps, find_steps
from perfsheet.history.store import Contents
from perfsheet.light_dataclass import dataclass
from perfsheet.provenance import input_file
from perfsheet.text import formats

FEWEST = 3
"""Runs that a baseline needs."""
_FLAKY = 0.05
"""Noise from which on a series is called flaky."""
_SMALLEST_SHARE = 0.01
"""Op types with a smaller share of the kernel time are not checked."""


@dataclass(frozen=True, eq=False)
class Baseline:
    """The last runs of a series, since its last change: what kernel time they take, and how much it varies.

    `changed`: how many runs ago it changed for good; None = not among those that were looked at.
    """

    series: Series
    values: FloatArray
    steps: Steps
    changed: int | None

    @property
    def median_ns(self) -> float:
        """The level: the upper one of a series with two levels."""
        levels = self.steps.bimodal
        return float(np.median(self.values)) if levels is None else levels.upper

    @property
    def cv(self) -> float:
        """Noise of its runs, as a fraction."""
        return self.steps.cv or 0.0


def baseline_of(
    contents: Contents, chosen: Chosen, run_id: str, last: int, batch: float | None = None, devices: int | None = None
) -> Baseline:
    """The baseline of the runs that are chosen, without the run `run_id` itself; `batch` and `devices`: None = any.

    Raises PerfsheetError (exit status 3) if these are too few, or several series.
    """
    others = contents.runs.filter(pa.compute.not_equal(contents.runs["run_id"], run_id))
    found = [
        series
        for series in series_of(others, chosen)
        if batch in (None, series.key.batch) and devices in (None, series.key.devices)
    ]
    if not found:
        on = f" on {chosen.board}" if chosen.board else ""
        raise unusable(f"no run of {chosen.model or 'any model'}{on} in the history", "--model chooses another model")
    if len(found) > 1:
        names = "; ".join(f"{series.key.name} on {series.key.on}" for series in found[:5])
        raise unusable(f"{len(found)} series of the history fit: {names}", "choose one with --model and --board")
    series = found[0]
    values = series.values("kernel_duration_ns")
    usable = np.isfinite(values) & (values > 0)
    series, values = series.kept(usable.tolist()), values[usable]
    start = max(0, len(values) - last)
    steps = find_steps(values[start:])
    changed = steps.found[-1].at if steps.found else None
    cut = start + (changed or 0)
    kept_series = series.kept([place >= cut for place in range(len(series))])
    if len(kept_series) < FEWEST:
        raise unusable(
            f"the history has {counted(len(kept_series), 'run')} of {series.key.name} on {series.key.on}",
            f"{FEWEST} are needed",
        )
    level = find_steps(values[cut:]) if changed else steps
    return Baseline(kept_series, values[cut:], level, None if changed is None else len(values) - cut)


def baseline_for(contents: Contents, analysis: Analysis, model: str | None, last: int) -> Baseline:
    """The baseline of a capture: of its model, board, devices and batch, as `history add` would have them.

    Raises PerfsheetError (exit status 3) as `baseline_of`, and if the capture has no model.
    """
    path = Path(analysis.summary.paths[0])
    facts = facts_of(path, str(path), Stated(model=model), analysis.provenance)
    hardware = hardware_of(analysis)
    chosen = Chosen(model=facts.model, setting=facts.setting, board=facts.board or hardware.boards, kind="capture")
    run_id = input_file(path).sha256 if path.is_file() else ""
    return baseline_of(contents, chosen, run_id, last, analysis.summary.batch, hardware.devices)


BY_OP_CODE = """
SELECT s.run_id, s.op_code, sum(s.kernel_duration_ns) AS kernel_duration_ns
FROM signatures s JOIN runs r ON s.run_id = r.run_id
GROUP BY s.run_id, s.op_code
"""


def check_history(
    analysis: Analysis,
    baseline: Baseline,
    fail_over: float,
    fail_op_over: float | None,
    engine: Engine,
    contents: Contents,
) -> Verdict:
    """Kernel time may exceed the baseline by the fraction `fail_over`, or by twice its noise, if that is more.

    The same for op types with `fail_op_over` (None = not checked), each with its own noise.
    """
    checked = list(_total(analysis, baseline, fail_over))
    if fail_op_over is not None:
        checked += _op_types(analysis, baseline, fail_op_over, engine, contents)
    notes = (*replay_notes(analysis.provenance.replayed), *plan_notes(analysis), *_notes(baseline))
    return Verdict((*whole(analysis), *checked), notes)


def _total(analysis: Analysis, baseline: Baseline, fail_over: float) -> Iterator[Checked]:
    every = np.arange(len(analysis.ops))
    yield _checked(
        analysis, "history.kernel-time", every, baseline.median_ns, baseline.cv, fail_over, len(baseline.values)
    )


def _op_types(
    analysis: Analysis, baseline: Baseline, fail_over: float, engine: Engine, contents: Contents
) -> Iterator[Checked]:
    engine.open(contents, [SIGNATURES], baseline.series.rows)
    place_of = baseline.series.places
    by_kind: dict[str, FloatArray] = {}
    found = engine.query(BY_OP_CODE)
    for run_id, op_code, time in zip(*(found[name].to_pylist() for name in found.column_names), strict=True):
        if run_id in place_of:
            times = by_kind.setdefault(kind(op_code), np.zeros(len(place_of)))
            times[place_of[run_id]] += time or 0.0
    for entry in analysis.op_types:
        if entry.share >= _SMALLEST_SHARE and kind(entry.op_code) in by_kind:
            times = by_kind[kind(entry.op_code)]
            steps = find_steps(times)
            positions = of_kind(analysis, entry.op_code)
            name = f"history.op-types.{entry.op_code}.kernel-time"
            yield _checked(analysis, name, positions, float(np.median(times)), steps.cv or 0.0, fail_over, len(times))


def _checked(
    analysis: Analysis, name: str, positions: IntArray, level: float, cv: float, fail_over: float, count: int
) -> Checked:
    measured = BY_KEY["kernel-time"].measure(Scope(analysis, positions))
    growth = max(fail_over, 2 * cv)
    allowed = level * (1 + growth)
    why = f"median of {counted(count, 'run')} {format_quantity(level, Unit.TIME)} + {percentage(growth)}"
    return Checked(
        limit=name,
        ok=not measured.missing and kept(measured.value, allowed, floor=False),
        value=level,
        allowed=allowed,
        measured=measured.value,
        unit=Unit.TIME,
        floor=False,
        why=f"{why}{', twice the noise' if growth > fail_over else ''}",
        rows=rows(analysis, measured),
        row_count=len(measured.rows),
        missing=measured.missing,
    )


def _notes(baseline: Baseline) -> Iterator[str]:
    runs = baseline.series.runs
    span = f"{runs[0].label} to {runs[-1].label}"
    since = "" if baseline.changed is None else ", all since its last change"
    key = baseline.series.key
    yield f"history: {counted(len(runs), 'run')} of {key.name} on {key.on}, {span}{since}"
    if levels := baseline.steps.bimodal:
        times = " and ".join(formats.span_of_time(value) for value in (levels.lower, levels.upper))
        yield f"flaky by nature: its runs alternate between {times}; the limit is that of the upper level"
    elif baseline.cv > _FLAKY:
        yield f"flaky by nature: its runs vary by {formats.percent(baseline.cv)} (CV); smaller losses are not seen"
