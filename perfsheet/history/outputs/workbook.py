"""Trends of a history as a workbook: the series, their changes, a chart each, and the figures of every run."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from perfsheet._version import __version__
from perfsheet.atomic_write import replace
from perfsheet.capture.table import FloatArray
from perfsheet.history import texts
from perfsheet.history.growth import OpTrend
from perfsheet.history.metrics import BY_NAME, Metric
from perfsheet.history.series import Series
from perfsheet.history.tables import CHANGES, OP_POINTS, OPS, POINTS, TRENDS, ChangeOf, op_points, points
from perfsheet.history.trend import Change, Trend
from perfsheet.outputs.workbook import MANY_OPS, opened
from perfsheet.outputs.workbook.charts import CHART_DATA, ChartData
from perfsheet.outputs.workbook.tables import write_table_sheet
from perfsheet.outputs.workbook.theme import BAR, FONT, INK, RULE_LINE, Styles
from perfsheet.tables import In
from perfsheet.text.safe import clean

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook

_CHARTS = "Charts"
_MOST_CHARTS = 20
_MOST_POINTS = 200_000
_FONT = {"name": FONT, "size": 9, "color": INK}
_WIDTH, _HEIGHT, _ROWS = 1100, 300, 16


def write_trend_workbook(trends: Sequence[Trend], path: Path, overwrite: bool) -> None:
    """Write the workbook of some trends. Raises PerfsheetError (exit status 7)."""
    changes = [ChangeOf(of, change) for of in trends for change in reversed(of.changes)]
    changes.sort(key=lambda one: one.change.at.time, reverse=True)
    drawn = [
        (f"{of.series.key.name} on {of.series.key.on}", of.metric, of.series, of.values, of.changes) for of in trends
    ]

    def write(book: Workbook, styles: Styles) -> None:
        write_table_sheet(book.add_worksheet(TRENDS.title), styles, TRENDS.columns_in(In.SHEET), trends, "model")
        write_table_sheet(book.add_worksheet(CHANGES.title), styles, CHANGES.columns_in(In.SHEET), changes, "model")
        _write_charts(book, styles, drawn)
        every = points(trends)[:_MOST_POINTS]
        write_table_sheet(book.add_worksheet("Runs"), styles, POINTS.columns_in(In.SHEET), every, "model")

    _write(path, overwrite, f"{trends[0].metric.title} over commits", write, sum(len(of.values) for of in trends))


def write_ops_workbook(ops: Sequence[OpTrend], path: Path, overwrite: bool) -> None:
    """Write the workbook of some op signatures. Raises PerfsheetError (exit status 7)."""
    drawn = [(of.op.name, BY_NAME["kernel"], of.series, of.values, of.changes) for of in ops]

    def write(book: Workbook, styles: Styles) -> None:
        write_table_sheet(book.add_worksheet(OPS.title), styles, OPS.columns_in(In.SHEET), ops, "op")
        _write_charts(book, styles, drawn)
        every = op_points(ops)[:_MOST_POINTS]
        write_table_sheet(book.add_worksheet("Runs"), styles, OP_POINTS.columns_in(In.SHEET), every, "op")

    _write(path, overwrite, "Ops over commits", write, sum(len(of.values) for of in ops))


def _write(path: Path, overwrite: bool, title: str, write: Callable[[Workbook, Styles], None], rows: int) -> None:
    def fill(sink: io.FileIO) -> None:
        with opened(sink, rows > MANY_OPS) as book:
            book.set_properties({"title": title, "author": f"perfsheet {__version__}"})
            write(book, Styles(book))
            book.worksheets()[0].activate()

    replace(path, fill, overwrite)


_Drawn = tuple[str, Metric, Series, FloatArray, Sequence[Change]]


def _write_charts(book: Workbook, styles: Styles, drawn: Sequence[_Drawn]) -> None:
    """A line per series over its runs, and its levels; the points are on sheet Chart Data."""
    sheet, data = book.add_worksheet(_CHARTS), ChartData()
    sheet.hide_gridlines(2)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    for place, (name, metric, series, values, changes) in enumerate(drawn[:_MOST_CHARTS]):
        scale, unit = texts.unit_of(metric, float(values.max()))
        labels = data.add(f"RUN: {clean(name)}", [f"{run.time:%Y-%m-%d}" for run in series.runs])
        figures = data.add(f"{metric.title}: {clean(name)} [{unit}]", (values / scale).tolist())
        on_level = [level / scale for start, end, level in texts.levels(values, changes) for _ in range(start, end)]
        levels = data.add(f"LEVEL: {clean(name)} [{unit}]", on_level)
        chart = book.add_chart({"type": "line"})
        assert chart is not None
        marker = {"type": "circle", "size": 3, "fill": {"color": BAR}, "border": {"none": True}}
        chart.add_series(
            {
                "name": metric.title,
                "categories": labels,
                "values": figures,
                "line": {"color": BAR, "width": 1},
                "marker": marker,
            }
        )
        chart.add_series(
            {"name": "level", "categories": labels, "values": levels, "line": {"color": "#D55E00", "width": 2}}
        )
        lowest = 0.9 * float(values.min()) / scale
        step = max(1, len(values) // 12)
        chart.set_x_axis(
            {
                "num_font": {**_FONT, "rotation": -30},
                "interval_unit": step,
                "interval_tick": step,
                "line": {"color": RULE_LINE},
            }
        )
        chart.set_y_axis(
            {
                "name": f"{metric.title} [{unit}]" if unit else metric.title,
                "name_font": _FONT,
                "num_font": _FONT,
                "min": _rounded_down(lowest),
                "line": {"none": True},
                "major_gridlines": {"visible": True, "line": {"color": "#E4E7EB"}},
            }
        )
        chart.set_title({"name": clean(name, 120), "name_font": {**_FONT, "size": 12, "bold": True}, "overlay": False})
        chart.set_legend({"position": "top", "font": _FONT})
        chart.set_size({"width": _WIDTH, "height": _HEIGHT})
        sheet.insert_chart(place * _ROWS, 0, chart)
    data.write(book.add_worksheet(CHART_DATA), styles)


def _rounded_down(value: float) -> float:
    from math import floor, log10

    if value <= 0:
        return 0.0
    size = 10.0 ** (floor(log10(value)) - 1)
    return floor(value / size) * size
