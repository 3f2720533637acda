"""A budget from history: what a series takes on this board, with its noise, in place of a fixed base."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from perfsheet.analysis import Analysis
from perfsheet.analysis.ops.categories import short_code
from perfsheet.analysis.ops.kinds import kind
from perfsheet.analysis.ops.shape import shape_of
from perfsheet.budget.check import kept, plan_notes, replay_notes, rows, whole
from perfsheet.budget.hardware import hardware_of
from perfsheet.budget.limits import BY_KEY, Scope, of_kind
from perfsheet.budget.model import Checked, Verdict
from perfsheet.budget.quantities import Unit, format_quantity, percentage
from perfsheet.capture.notes import rows as counted
from perfsheet.capture.table import FloatArray, IntArray
from perfsheet.errors import ExitStatus, PerfsheetError
from perfsheet.history.adding import content_of
from perfsheet.history.engines import Engine
from perfsheet.history.facts import Stated, identity_of
from perfsheet.history.rows import selection_text, signature_id
from perfsheet.history.schema import SIGNATURES
from perfsheet.history.series import Chosen, Key, Series, series_of
from perfsheet.history.steps import Step, Steps, find_steps
from perfsheet.history.store import Contents
from perfsheet.history.trend import TIMES_OF
from perfsheet.light_dataclass import dataclass
from perfsheet.text import formats


class TooFewRunsError(PerfsheetError):
    """A history with too few runs of what is checked (exit status 3)."""


FEWEST = 3
"""Runs that a baseline needs."""
_FLAKY = 0.05
"""Noise from which on a series is called flaky."""
_SMALLEST_SHARE = 0.01
"""Op types with a smaller share of the kernel time are not checked."""


@dataclass(frozen=True, eq=False)
class Baseline:
    """The last runs of a series: what kernel time they take, and how much it varies.

    They are those since the last gain: a loss does not become the base before most of them have it. `lost`: that loss
    of the few; None = there is none.
    """

    series: Series
    values: FloatArray
    steps: Steps
    lost: Step | None

    @property
    def level_ns(self) -> float:
        """The median; of a series with two levels the upper one."""
        levels = self.steps.bimodal
        return float(np.median(self.values)) if levels is None else levels.upper

    @property
    def cv(self) -> float:
        """Noise of its runs, as a fraction; around each level, if there are two."""
        levels = self.steps.bimodal
        return (self.steps.cv if levels is None else levels.cv) or 0.0

    @property
    def what(self) -> str:
        """`median of 20 runs, 2026-10-07 to 2026-10-27,`."""
        first, last = self.series.runs[0].time, self.series.runs[-1].time
        level = "median" if self.steps.bimodal is None else "upper level"
        return f"{level} of {counted(len(self.values), 'run')}, {first:%Y-%m-%d} to {last:%Y-%m-%d},"


@dataclass(frozen=True)
class Wanted:
    """Which runs are the base; None or blank = as the capture says, or any branch. `last`: so many, the newest."""

    model: str | None = None
    setting: str | None = None
    branch: str = ""
    last: int = 20


def baseline_for(contents: Contents, analysis: Analysis, wanted: Wanted) -> Baseline:
    """The baseline of a capture: of its model, setting, board, devices, batch and window, as `history add` has them.

    The runs of the capture itself are left out. Raises PerfsheetError (exit status 3) if the others are too few, or if
    the capture has no model.
    """
    path = Path(analysis.summary.paths[0])
    stated = Stated(model=wanted.model, setting=wanted.setting)
    known = identity_of(path, str(path), stated, analysis.provenance)
    hardware = hardware_of(analysis)
    own = {content_of(Path(one)).sha256 for one in analysis.summary.paths if Path(one).is_file()}
    others = contents.runs.filter(pa.array([run not in own for run in contents.runs["run_id"].to_pylist()], pa.bool_()))
    key = Key(
        kind="capture",
        model=known.model,
        setting=known.setting,
        board=known.board or hardware.boards,
        devices=hardware.devices,
        batch=known.batch or analysis.summary.batch,
        sequence_length=None,
        simulator=analysis.provenance.simulator or "",
        selection=selection_text(analysis.ops.options),
    )
    found = [of for of in series_of(others, Chosen(kind="capture", branch=wanted.branch)) if of.key.same_as(key)]
    if not found:
        what = f"the history has no run of {key.name} on {key.on}{_models(others, known.model)}"
        raise TooFewRunsError(ExitStatus.CAPTURE_UNUSABLE, what, _CHOOSE)
    return baseline_of(found[0], wanted.last)


_CHOOSE = "choose with --model, --setting, --board, --batch"


def _models(runs: pa.Table, model: str) -> str:
    """What the history has of a model, or which models it has."""
    same = [of for of in series_of(runs, Chosen(kind="capture")) if of.key.model.casefold() == model.casefold()]
    if same:
        return f"; of this model it has {'; '.join(f'{of.key.name} on {of.key.on}' for of in same[:5])}"
    models = sorted(set(runs["model"].to_pylist()))
    return f"; its models are {', '.join(models[:5])}" if models else ""


def baseline_of(series: Series, last: int) -> Baseline:
    """The baseline of the last runs of a series. Raises PerfsheetError (exit status 3) if these are too few."""
    values = series.values("kernel_duration_ns")
    usable = np.isfinite(values) & (values > 0) & series.complete
    series, values = series.kept(usable.tolist()), values[usable]
    steps = find_steps(values[-last:])
    start = max(0, len(values) - last)
    gains = [step.at for step in steps.found if step.size < 0]
    start += gains[-1] if gains else 0
    kept_series = series.kept([place >= start for place in range(len(series))])
    if len(kept_series) < FEWEST:
        what = f"the history has {counted(len(kept_series), 'run')} of {series.key.name} on {series.key.on}"
        hint = f"{FEWEST} are needed; --allow-new passes until then"
        raise TooFewRunsError(ExitStatus.CAPTURE_UNUSABLE, what, hint)
    steps = find_steps(values[start:])
    last_step = steps.found[-1] if steps.found else None
    few = last_step is not None and 2 * (len(values) - start - last_step.at) < len(values) - start
    return Baseline(kept_series, values[start:], steps, last_step if few else None)


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
    engine.open(contents, [SIGNATURES], baseline.series.rows)
    every = np.arange(len(analysis.ops))
    level = (baseline.level_ns, baseline.cv, baseline.what)
    checked = [_checked(analysis, "history.kernel-time", every, level, fail_over)]
    if fail_op_over is not None:
        checked += _op_types(analysis, baseline, fail_op_over, engine)
    notes = [*replay_notes(analysis.provenance.replayed), *plan_notes(analysis), *_notes(baseline)]
    if not all(limit.ok for limit in checked):
        notes += _moved(analysis, baseline, engine)
    return Verdict((*whole(analysis), *checked), tuple(notes))


def _op_types(analysis: Analysis, baseline: Baseline, fail_over: float, engine: Engine) -> Iterator[Checked]:
    by_kind = times_by(engine.query(BY_OP_CODE), baseline.series, kind)
    for entry in analysis.op_types:
        times = by_kind.get(kind(entry.op_code))
        if entry.share >= _SMALLEST_SHARE and times is not None:
            positions = of_kind(analysis, entry.op_code)
            level = (float(np.median(times)), find_steps(times).cv or 0.0, f"median of {counted(len(times), 'run')}")
            yield _checked(analysis, f"history.op-types.{entry.op_code}.kernel-time", positions, level, fail_over)


def times_by(rows: pa.Table, series: Series, name: Callable[[str], str] = str) -> dict[str, FloatArray]:
    """Times of the runs of a series by name, 0 where a run has none; `rows`: run, what is named, its time."""
    found: dict[str, FloatArray] = {}
    for run_id, of, time in zip(*(rows[column].to_pylist() for column in rows.column_names), strict=True):
        place = series.places.get(run_id)
        if place is not None:
            found.setdefault(name(of), np.zeros(len(series)))[place] += time or 0.0
    return found


def _checked(
    analysis: Analysis, name: str, positions: IntArray, level: tuple[float, float, str], fail_over: float
) -> Checked:
    """`level`: that of the history, its noise, and what it is."""
    measured = BY_KEY["kernel-time"].measure(Scope(analysis, positions))
    base, cv, what = level
    growth = max(fail_over, 2 * cv)
    allowed = base * (1 + growth)
    return Checked(
        limit=name,
        ok=not measured.missing and kept(measured.value, allowed, floor=False),
        value=base,
        allowed=allowed,
        measured=measured.value,
        unit=Unit.TIME,
        floor=False,
        why=f"{what} {format_quantity(base, Unit.TIME)} + {percentage(growth)}"
        f"{', twice the noise' if growth > fail_over else ''}",
        rows=rows(analysis, measured),
        row_count=len(measured.rows),
        missing=measured.missing,
    )


def _notes(baseline: Baseline) -> Iterator[str]:
    if levels := baseline.steps.bimodal:
        times = " and ".join(formats.span_of_time(value) for value in (levels.lower, levels.upper))
        yield f"flaky by nature: its runs alternate between {times}; the limit is that of the upper level"
    elif baseline.cv > _FLAKY:
        yield f"flaky by nature: its runs vary by {formats.percent(baseline.cv)} (CV); smaller losses are not seen"
    if lost := baseline.lost:
        runs, since = len(baseline.values) - lost.at, baseline.series.runs[lost.at].label
        yield (
            f"the last {counted(runs, 'run')}, since {since}, are {formats.percent(lost.size)} slower: "
            "that becomes the base once most runs have it"
        )
    if len(baseline.series.branches) > 1:
        yield f"the history has runs of {len(baseline.series.branches)} branches; --branch chooses one"


_NAMED = 3
_LEAST_PART = 0.1


def _moved(analysis: Analysis, baseline: Baseline, engine: Engine) -> Iterator[str]:
    """The op signatures that are slower than in the history, most first."""
    before = times_by(engine.query(TIMES_OF), baseline.series)
    slower = []
    for group in analysis.groups:
        was = float(np.median(before.get(signature_id(group.signature), np.zeros(1))))
        if group.kernel_ns > was:
            slower.append((group.kernel_ns - was, was, group))
    slower.sort(key=lambda one: -one[0])
    for delta, was, group in slower[:_NAMED]:
        if delta < _LEAST_PART * slower[0][0]:
            return
        shape = shape_of(analysis.ops, int(group.positions[0])).shape
        name = " ".join(filter(None, (short_code(group.signature.op_code), shape)))
        grown = (
            f"{formats.span_of_time(was)} → {formats.span_of_time(group.kernel_ns)}" if was else "not in the history"
        )
        yield f"slower than in the history by {formats.span_of_time(delta)}: {name} ({grown})"
