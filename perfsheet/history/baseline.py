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
from perfsheet.history.series import Chosen, Key, Run, Series, series_of
from perfsheet.history.steps import FROM_MAD, Levels, find_steps
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
    """The last runs of a series that are on one level: what kernel time they take, and how much it varies.

    They are those since the last gain; of a loss those before it, until half of the runs have it. `loss`: the last one,
    None = there is none. `left_out`: runs that tell a part of themselves only. `branches`: how many the last runs are
    of. `levels`: of a series with two.
    """

    series: Series
    values: FloatArray
    levels: Levels | None
    loss: Loss | None
    left_out: int
    branches: int

    @property
    def level_ns(self) -> float:
        """The median; of a series with two levels the upper one."""
        return float(np.median(self.values)) if self.levels is None else self.levels.upper

    @property
    def cv(self) -> float:
        """Noise of its runs, as a fraction: by the median absolute deviation, so that a few wild runs do not count.

        Around each level, if there are two.
        """
        if self.levels is not None:
            return self.levels.cv
        middle = float(np.median(self.values))
        return FROM_MAD * float(np.median(np.abs(self.values - middle))) / middle

    @property
    def what(self) -> str:
        """`median of 20 runs, 2026-10-07 to 2026-10-27,`."""
        first, last = self.series.runs[0].time, self.series.runs[-1].time
        level = "median" if self.levels is None else "upper of the two levels"
        return f"{level} of {counted(len(self.values), 'run')}, {first:%Y-%m-%d} to {last:%Y-%m-%d},"


@dataclass(frozen=True)
class Loss:
    """The last loss among the runs: its size, its first run, how many runs have it, whether it is the base by now."""

    size: float
    since: Run
    runs: int
    accepted: bool


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
        of_branch = f" of branch {wanted.branch}" if wanted.branch else ""
        what = f"the history has no run of {key.name} on {key.on}{of_branch}"
        there = "" if wanted.branch else _models(others, known.model)
        raise TooFewRunsError(ExitStatus.CAPTURE_UNUSABLE, f"{what}{there}", _CHOOSE)
    return baseline_of(found[0], wanted.last)


_CHOOSE = "choose with --model, --setting, --board, --batch, --branch; --allow-new passes while there is none"


def _models(runs: pa.Table, model: str) -> str:
    """What the history has of a model, or which models it has."""
    same = [of for of in series_of(runs, Chosen(kind="capture")) if of.key.model.casefold() == model.casefold()]
    if same:
        return f"; of this model it has {'; '.join(f'{of.key.name} on {of.key.on}' for of in same[:5])}"
    models = sorted(set(runs["model"].to_pylist()))
    return f"; its models are {', '.join(models[:5])}" if models else ""


_LOOKED_AT = 60
"""Runs by which it is told whether a series has two levels: few of them do not tell."""


def baseline_of(series: Series, last: int) -> Baseline:
    """The baseline of the last runs of a series. Raises TooFewRunsError if these are too few."""
    values = series.values("kernel_duration_ns")
    usable = np.isfinite(values) & (values > 0) & series.complete
    left_out = int((~series.complete[-last:]).sum())
    series, values = series.kept(usable.tolist()), values[usable]
    levels = find_steps(values[-max(last, _LOOKED_AT) :]).bimodal
    start, end = max(0, len(values) - last), len(values)
    steps = find_steps(values[start:]).found
    gains = [start + step.at for step in steps if step.size < 0]
    losses = [
        (start + step.at, step.size) for step in steps if step.size > 0 and start + step.at > max(gains, default=0)
    ]
    start = gains[-1] if gains else start
    loss = None
    if losses:
        at, size = losses[-1]
        before = losses[-2][0] if len(losses) > 1 else start
        accepted = 2 * (end - at) >= end - before
        loss = Loss(size, series.runs[at], end - at, accepted)
        start, end = (at, end) if accepted else (before, at)
    if end - start < FEWEST:
        what = f"the history has {counted(end - start, 'run')} of {series.key.name} on {series.key.on}"
        hint = f"{FEWEST} are needed; --allow-new passes until then"
        raise TooFewRunsError(ExitStatus.CAPTURE_UNUSABLE, what, hint)
    base = series.kept([start <= place < end for place in range(len(series))])
    branches = len({branch for branch in series.rows["branch"].to_pylist()[-last:] if branch})
    return Baseline(base, values[start:end], levels, loss, left_out, branches)


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
    notes = [*replay_notes(analysis.provenance.replayed), *plan_notes(analysis), *_notes(analysis, baseline)]
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


def _notes(analysis: Analysis, baseline: Baseline) -> Iterator[str]:
    if levels := baseline.levels:
        times = " and ".join(formats.span_of_time(value) for value in (levels.lower, levels.upper))
        yield f"flaky by nature: its runs alternate between {times}; the limit is that of the upper level"
    elif baseline.cv > _FLAKY:
        yield f"flaky by nature: its runs vary by {formats.percent(baseline.cv)} (CV); smaller losses are not seen"
    if loss := baseline.loss:
        became = "which is the base now" if loss.accepted else "which is the base once half of the runs have it"
        runs, slower = counted(loss.runs, "run"), formats.percent(loss.size)
        yield f"the last {runs}, since {loss.since.label}, are {slower} slower, {became}"
    if baseline.left_out:
        yield f"{counted(baseline.left_out, 'incomplete run')} of the history left out"
    if baseline.branches > 1:
        yield f"the history has runs of {baseline.branches} branches; --branch chooses one"
    counts = baseline.series.values("ops")
    known_counts = counts[np.isfinite(counts)]
    if known_counts.size and len(analysis.ops) not in known_counts:
        usual = int(np.median(known_counts))
        here = counted(len(analysis.ops), "op")
        yield f"{here}, and {usual:,} in the history: is the capture whole, and the model the same?"


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
