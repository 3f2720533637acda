"""Op signatures over the runs of a series: which got slower, since when, and every one of them run by run."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from perfsheet.capture.table import FloatArray
from perfsheet.errors import unusable
from perfsheet.history.engines import Engine
from perfsheet.history.metrics import BY_NAME
from perfsheet.history.schema import SIGNATURES
from perfsheet.history.series import Series
from perfsheet.history.steps import Steps, find_steps
from perfsheet.history.store import Contents
from perfsheet.history.trend import TIMES_OF, Change, Op, change_of, medians_of, names_of, of_ids
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
    before, after = _ends(len(with_ops))
    ends = [with_ops.runs[place].run_id for place in dict.fromkeys((*before, *after))]
    matching = _matching(engine, contents, with_ops, op) if op else None
    engine.open(contents, [SIGNATURES], of_ids(with_ops.rows, ends))
    by_run: dict[str, dict[str, float]] = {run_id: {} for run_id in ends}
    rows = engine.query(TIMES_OF)
    for run_id, signature, time in zip(*(rows[name].to_pylist() for name in rows.column_names), strict=True):
        if run_id in by_run:
            by_run[run_id][signature] = time or 0.0
    was, now = (medians_of([by_run[with_ops.runs[place].run_id] for place in places]) for places in (before, after))
    signatures = matching if matching is not None else {*was, *now}
    order = sorted(signatures, key=lambda one: (was.get(one, 0.0) - now.get(one, 0.0), one))
    return _followed(engine, contents, with_ops, order[:count], was, now)


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


def _followed(
    engine: Engine, contents: Contents, series: Series, ids: Sequence[str], was: dict[str, float], now: dict[str, float]
) -> list[OpTrend]:
    """These signatures, run by run."""
    engine.open(contents, [SIGNATURES], series.rows)
    names = names_of(engine, set(ids))
    if missing := [one for one in ids if one not in names]:
        raise unusable(f"no run of {series.key.name} has the signature {missing[0]}", "`history ops` shows their ids")
    engine.register("wanted", pa.table({"signature_id": pa.array(sorted(ids), pa.string())}))
    place_of = series.places
    values = {one: np.zeros(len(series)) for one in ids}
    counts = {one: np.zeros(len(series)) for one in ids}
    rows = engine.query(RUNS_OF_SIGNATURES)
    for run_id, signature, time, ops in zip(*(rows[name].to_pylist() for name in rows.column_names), strict=True):
        place = place_of.get(run_id)
        if place is not None:
            values[signature][place], counts[signature][place] = time or 0.0, ops
    found = []
    for one in ids:
        steps = find_steps(values[one])
        changes = tuple(change_of(series, step, BY_NAME["kernel"]) for step in steps.found)
        found.append(
            OpTrend(names[one], series, values[one], counts[one], was.get(one, 0.0), now.get(one, 0.0), steps, changes)
        )
    return found
