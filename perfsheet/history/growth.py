"""Op signatures over the runs of a series: which got slower, since when, and every one of them run by run."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from perfsheet.capture.table import FloatArray
from perfsheet.errors import unusable
from perfsheet.history.engines import Engine
from perfsheet.history.metrics import BY_NAME
from perfsheet.history.schema import SIGNATURES
from perfsheet.history.series import Series
from perfsheet.history.steps import Steps, find_steps
from perfsheet.history.store import Contents
from perfsheet.history.trend import TIMES_OF, Change, Op, by_urgency, change_of, medians_of, names_of, of_ids, trends_of
from perfsheet.light_dataclass import dataclass

_WINDOW = 10
"""Runs at each end of a series that are compared, a third of it at the most."""


@dataclass(frozen=True, eq=False)
class OpTrend:
    """A signature over the runs of a series: Σ kernel duration per run, 0 where a run does not have it.

    `before_ns` and `after_ns` are medians over the first and the last runs of the series; `counts` are ops per run.
    """

    op: Op
    series: Series
    values: FloatArray
    counts: FloatArray
    before_ns: float
    after_ns: float
    steps: Steps
    changes: tuple[Change, ...]

    @property
    def delta_ns(self) -> float:
        """Positive = slower."""
        return self.after_ns - self.before_ns

    @property
    def since(self) -> Change | None:
        """The last change."""
        return self.changes[-1] if self.changes else None


RUNS_OF_SIGNATURES = """
SELECT s.run_id, s.signature_id, sum(s.kernel_duration_ns) AS kernel_duration_ns, sum(s.count) AS ops
FROM signatures s JOIN wanted w ON s.signature_id = w.signature_id JOIN runs r ON s.run_id = r.run_id
GROUP BY s.run_id, s.signature_id
"""
MATCHING = """
SELECT DISTINCT s.signature_id
FROM signatures s JOIN runs r ON s.run_id = r.run_id
WHERE lower(s.op_code) LIKE :pattern ESCAPE '!' OR lower(s.signature) LIKE :pattern ESCAPE '!'
  OR lower(s.shape) LIKE :pattern ESCAPE '!' OR lower(s.source) LIKE :pattern ESCAPE '!'
"""


def growth(engine: Engine, contents: Contents, series: Series, count: int | None, op: str = "") -> list[OpTrend]:
    """The signatures of a series that grew most first, then those that shrank; `count` of them (None = all).

    `op`: only those whose op code, shapes, tensors or source contain this text, or the one with this id. Raises
    PerfsheetError (exit status 3) if there is none.
    """
    with_ops = series.kept(((series.values("signatures") > 0) & series.complete).tolist())
    if not len(with_ops):
        raise unusable(f"no run of {series.key.name} has ops", "benchmark records have none: choose captures")
    if not op:
        ids = _grown(engine, contents, with_ops)[:count]
    else:
        ids = sorted(_matching(engine, contents, with_ops, op))
        if count is not None and len(ids) > max(count, _AT_ONCE):
            wanted = set(ids)
            ids = [one for one in _grown(engine, contents, with_ops) if one in wanted][:count]
    found = sorted(_followed(engine, contents, with_ops, ids), key=lambda one: (-one.delta_ns, one.op.signature_id))
    return [_with_steps(one) for one in found[:count]]


_AT_ONCE = 64
"""Signatures that are followed to know which grew most, rather than looked up at both ends of the series."""


def _grown(engine: Engine, contents: Contents, series: Series) -> list[str]:
    """The signatures of the first and the last runs of a series, those that grew most first."""
    before, after = _ends(len(series))
    ends = [series.runs[place].run_id for place in dict.fromkeys((*before, *after))]
    engine.open(contents, [SIGNATURES], of_ids(series.rows, ends))
    by_run: dict[str, dict[str, float]] = {run_id: {} for run_id in ends}
    rows = engine.query(TIMES_OF)
    for run_id, signature, time in zip(*(rows[name].to_pylist() for name in rows.column_names), strict=True):
        if run_id in by_run:
            by_run[run_id][signature] = time or 0.0
    was, now = (medians_of([by_run[series.runs[place].run_id] for place in places]) for places in (before, after))
    return sorted({*was, *now}, key=lambda one: (was.get(one, 0.0) - now.get(one, 0.0), one))


_MOST_SERIES = 100


def worst_first(series: Sequence[Series]) -> list[Series]:
    """The series whose last change of kernel time is a loss first; beyond a hundred as they are."""
    trends = by_urgency(trends_of(series[:_MOST_SERIES], BY_NAME["kernel"])) if len(series) > 1 else []
    keys = [of.series.key for of in trends]
    by_key = {one.key: one for one in series}
    return [*(by_key[key] for key in keys), *(one for one in series if one.key not in set(keys))]


def _matching(engine: Engine, contents: Contents, series: Series, op: str) -> set[str]:
    """The signatures that contain a text, or the one with this id."""
    text = op.strip().lower()
    if re.fullmatch(r"[0-9a-f]{16}", text):
        return {text}
    engine.open(contents, [SIGNATURES], series.rows)
    text = re.sub(r"([!%_])", r"!\1", re.sub(r"(?<=\d)\s*[x×]\s*(?=\d)", "*", text))
    words = re.split(r"[*\s]+", text)
    found = set(engine.query(MATCHING, {"pattern": f"%{'%'.join(words)}%"})["signature_id"].to_pylist())
    if not found:
        raise unusable(f"no op of {series.key.name} contains {op!r}", "give a part of its op code, shape or source")
    return found


def _ends(count: int) -> tuple[range, range]:
    """The first and the last runs that are compared; they don't overlap unless there is one run only."""
    size = max(1, min(_WINDOW, count // 3))
    return range(size), range(count - size, count)


def _followed(engine: Engine, contents: Contents, series: Series, ids: Sequence[str]) -> list[OpTrend]:
    """These signatures, run by run, without their steps."""
    engine.open(contents, [SIGNATURES], series.rows)
    names = names_of(engine, set(ids))
    if missing := [one for one in ids if one not in names]:
        raise unusable(f"no run of {series.key.name} has the signature {missing[0]}", "`history ops` shows their ids")
    values = {one: np.zeros(len(series)) for one in ids}
    counts = {one: np.zeros(len(series)) for one in ids}
    rows = engine.query(RUNS_OF_SIGNATURES)
    for run_id, signature, time, ops in zip(*(rows[name].to_pylist() for name in rows.column_names), strict=True):
        place = series.places.get(run_id)
        if place is not None:
            values[signature][place], counts[signature][place] = time or 0.0, ops
    before, after = _ends(len(series))

    def median(one: str, places: range) -> float:
        return float(np.median(values[one][places.start : places.stop]))

    none = find_steps([])
    return [
        OpTrend(names[one], series, values[one], counts[one], median(one, before), median(one, after), none, ())
        for one in ids
    ]


def _with_steps(of: OpTrend) -> OpTrend:
    steps = find_steps(of.values)
    changes = tuple(change_of(of.series, step, BY_NAME["kernel"]) for step in steps.found)
    return replace(of, steps=steps, changes=changes)
