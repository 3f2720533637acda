"""Causes over the runs of a series: since when a thing to fix is there, and what became of it."""

from __future__ import annotations

import numpy as np

from perfsheet.capture.table import FloatArray
from perfsheet.history.engines import Engine
from perfsheet.history.schema import CAUSES
from perfsheet.history.series import Run, Series
from perfsheet.history.store import Contents
from perfsheet.light_dataclass import dataclass


@dataclass(frozen=True, eq=False)
class CauseTrend:
    """A cause over the runs of a series: its expected saving in each, 0 where it is not there (or unknown)."""

    rule: str
    title: str
    subject: str
    values: FloatArray
    runs: int
    first: Run
    last: Run
    there: bool
    expected_ns: float | None


CAUSES_OF = """
SELECT c.run_id, c.rule, c.title, c.subject, sum(c.expected_saving_ns) AS expected_saving_ns
FROM causes c JOIN runs r ON c.run_id = r.run_id
GROUP BY c.run_id, c.rule, c.title, c.subject
"""


def causes_over(engine: Engine, contents: Contents, series: Series) -> list[CauseTrend]:
    """The causes of a series: those of its last run first, each time most expected saving first."""
    series = series.kept(series.complete.tolist())
    engine.open(contents, [CAUSES], series.rows)
    place_of = series.places
    found: dict[tuple[str, str, str], dict[int, float | None]] = {}
    rows = engine.query(CAUSES_OF)
    for run_id, rule, title, subject, saving in zip(
        *(rows[name].to_pylist() for name in rows.column_names), strict=True
    ):
        if run_id in place_of:
            found.setdefault((rule, title, subject), {})[place_of[run_id]] = saving
    causes = [_cause(series, key, savings) for key, savings in found.items()]
    return sorted(causes, key=lambda one: (not one.there, -(one.expected_ns or 0.0), one.title, one.subject))


def _cause(series: Series, key: tuple[str, str, str], savings: dict[int, float | None]) -> CauseTrend:
    values = np.zeros(len(series))
    for place, saving in savings.items():
        values[place] = saving or 0.0
    first, last = min(savings), max(savings)
    rule, title, subject = key
    return CauseTrend(
        rule=rule,
        title=title,
        subject=subject,
        values=values,
        runs=len(savings),
        first=series.runs[first],
        last=series.runs[last],
        there=last == len(series) - 1,
        expected_ns=savings[last],
    )
