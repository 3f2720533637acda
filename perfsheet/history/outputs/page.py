"""Trends of a history as one HTML page: a chart per series, its changes, the tables."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from markupsafe import Markup

from perfsheet.atomic_write import replace_text
from perfsheet.capture.table import FloatArray
from perfsheet.history import texts
from perfsheet.history.growth import OpTrend
from perfsheet.history.metrics import BY_NAME, Metric
from perfsheet.history.series import Series
from perfsheet.history.tables import CHANGES, OPS, TRENDS, ChangeOf
from perfsheet.history.trend import Change, Trend
from perfsheet.outputs.html.charts import Drawing, horizontal, vertical
from perfsheet.outputs.html.document import Head, Section, document
from perfsheet.outputs.html.table import page_table

_MOST_CHARTS = 60
_GAIN, _LOSS, _RUN = "#2e7d4f", "#c0392b", "var(--bar)"
_MOST_DOTS = 600
"""Of longer series every so many runs have a dot."""


def write_trend_page(store: str, trends: Sequence[Trend], path: Path, overwrite: bool) -> None:
    """Write the page of some trends. Raises PerfsheetError (exit status 7)."""
    metric = trends[0].metric
    charts = [
        (f"{of.series.key.name} on {of.series.key.on}", _sentence(of), _chart(of.series, of.values, of.changes, metric))
        for of in trends[:_MOST_CHARTS]
    ]
    changes = [ChangeOf(of, change) for of in trends for change in reversed(of.changes)]
    changes.sort(key=lambda one: one.change.at.time, reverse=True)
    sections = [
        Section("charts", metric.title, "charts.html", charts),
        _table(
            "changes",
            "Changes",
            "" if changes else "No change that lasts.",
            [page_table("changes-table", CHANGES, changes)] if changes else [],
        ),
        _table("series", "Series", "", [page_table("series-table", TRENDS, trends)]),
    ]
    _write(store, f"{metric.title} over commits", _verdict(trends), sections, path, overwrite)


def write_ops_page(store: str, ops: Sequence[OpTrend], path: Path, overwrite: bool) -> None:
    """Write the page of some op signatures. Raises PerfsheetError (exit status 7)."""
    key = ops[0].series.key
    charts = [
        (of.op.name, of.op.source or of.op.layout, _chart(of.series, of.values, of.changes, BY_NAME["kernel"]))
        for of in ops[:_MOST_CHARTS]
    ]
    sections = [
        Section("charts", "Σ kernel duration per run", "charts.html", charts),
        _table("ops", OPS.title, "", [page_table("ops-table", OPS, ops)]),
    ]
    verdict = f"{key.name} on {key.on}: {texts.runs_of(ops[0].series)}"
    _write(store, "Ops over commits", verdict, sections, path, overwrite)


def _write(store: str, title: str, verdict: str, sections: Sequence[Section], path: Path, overwrite: bool) -> None:
    text = document(f"{title} · {store}", Head(verdicts=[verdict]), sections)
    replace_text(path, text, overwrite)


def _table(name: str, title: str, note: str, tables: Sequence[object]) -> Section:
    return Section(name, title, "tables.html", {"note": note, "tables": [("", table) for table in tables]})


def _verdict(trends: Sequence[Trend]) -> str:
    lost = [of for of in trends if of.changes and not of.changes[-1].gain]
    if not lost:
        return f"{len(trends):,} series; no last change is a loss."
    newest = lost[0]
    return (
        f"{len(lost):,} of {len(trends):,} series: the last change is a loss. The newest: {newest.series.key.name} on "
        f"{newest.series.key.on}, {texts.change_title(newest.metric, newest.changes[-1])}, "
        f"{texts.commit_range(newest.changes[-1])}."
    )


def _sentence(of: Trend) -> str:
    moved = (
        "no change that lasts"
        if not of.changes
        else f"{len(of.changes)} changes"
        if len(of.changes) > 1
        else "1 change"
    )
    return " · ".join((texts.runs_of(of.series), texts.noise(of.steps.cv), moved, *texts.nature(of)))


def _chart(series: Series, values: FloatArray, changes: Sequence[Change], metric: Metric) -> Markup:
    """A dot per run, a line per level, and a mark at each change."""
    low, high = float(values.min()), float(values.max())
    room = max(high - low, 0.1 * high) or 1.0
    unit = texts.unit_of(metric, high)
    top, bottom = high + 0.08 * room, max(0.0, low - 0.08 * room)
    drawing = Drawing(horizontal(1, max(2, len(values))), vertical(bottom, top, unit=unit[0]), metric.title)
    step = max(1, len(values) // _MOST_DOTS)
    for place in range(0, len(values), step):
        tip = f"{series.runs[place].label}: {texts.figure(metric, float(values[place]))}"
        drawing.dot(place + 1, float(values[place]), _RUN, "circle", tip)
    for start, end, level in texts.levels(values, changes):
        drawing.line([(start + 1, level), (end, level)], "cumulative")
    for change in changes:
        sign = texts.change_title(metric, change).partition(":")[0]
        colour = _GAIN if change.gain else _LOSS
        place = change.step.at + 1
        drawing.dot(place, change.step.after, colour, "diamond", f"{sign}, {texts.commit_range(change)}")
        drawing.label(place, top, sign, "middle", (0, 10))
    name = f"{metric.title} [{unit[1]}]" if unit[1] else metric.title
    return Markup(drawing.text("run, the oldest first", name))
