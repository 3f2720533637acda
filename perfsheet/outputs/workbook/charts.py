"""The charts of the workbook, and sheet Chart Data with their points."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from perfsheet.analysis import Analysis
from perfsheet.analysis.charts import REST as ALL_ELSE
from perfsheet.analysis.charts import Point, placed_names
from perfsheet.analysis.results import OpType
from perfsheet.outputs import chart_style as style
from perfsheet.outputs.chart_style import QUIET, REST, colours
from perfsheet.outputs.workbook.cells import Value
from perfsheet.outputs.workbook.sheet import Column, put_columns, set_up_page
from perfsheet.outputs.workbook.theme import BAR, FONT, INK, RULE_LINE, Styles
from perfsheet.text import formats
from perfsheet.text.words import planned

if TYPE_CHECKING:
    from xlsxwriter.chart import Chart
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

    from perfsheet.outputs.workbook.worksheet import LongWorksheet

_FONT = {"name": FONT, "size": 9, "color": INK}
_GRID_LINES = {"visible": True, "line": {"color": "#E4E7EB", "width": 0.5}}
_MARKERS = ("circle", "square", "diamond", "triangle", "x", "star", "plus", "short_dash")
_ROOF_DASHES = ("solid", "dash", "round_dot", "dash_dot")
_TYPES = 10


class BookCharts:
    """The charts of a workbook; their points are on sheet Chart Data."""

    def __init__(self, book: Workbook, analysis: Analysis, data: ChartData) -> None:
        self._book, self._analysis, self._data = book, analysis, data
        self._colours = colours(analysis.timeline.categories, ALL_ELSE)
        self._pareto: tuple[Range, Range, Range] | None = None
        self._words: Callable[[str], str] = str if analysis.plan is None else planned

    def shares(self, sheet: Worksheet, row: int, column: int, size: tuple[int, int], by_type: bool) -> None:
        """Share of kernel time by op code, or by category."""
        entries: Sequence[OpType] = self._analysis.op_types if by_type else self._analysis.categories
        entries = entries[:_TYPES]
        if not entries:
            return
        names = [entry.op_code if by_type else entry.category for entry in entries]
        what = "op code" if by_type else "category"
        chart = self._chart("bar")
        chart.add_series(
            {
                "name": self._words("share of kernel time"),
                "categories": self._data.add(f"{what.upper()} OF SUMMARY", names),
                "values": self._data.add(f"SHARE BY {what.upper()}", [entry.share for entry in entries]),
                "fill": {"color": BAR},
                "gap": 30,
                "data_labels": {"value": True, "num_format": "0.0%", "font": _FONT},
                **({} if by_type else {"points": [{"fill": {"color": self._colour(name)}} for name in names]}),
            }
        )
        chart.set_y_axis({"reverse": True, "num_font": _FONT, "line": {"color": RULE_LINE}})
        chart.set_x_axis({"visible": False, "major_gridlines": {"visible": False}, "min": 0})
        chart.set_legend({"none": True})
        self._place(sheet, row, column, chart, size, f"Share of kernel time by {what}")

    def time_split(self, sheet: Worksheet, row: int, column: int, size: tuple[int, int]) -> None:
        """One bar of the elapsed time, cut into its parts."""
        split = self._analysis.summary.time_split
        chart = self._chart("bar", "percent_stacked")
        for part in split.shown:
            name = f"{part.part} {formats.percent(part.share)}"
            values = self._data.add(f"ELAPSED: {part.part} [ns]", [part.ns])
            chart.add_series({"name": name, "values": values, "fill": {"color": style.PARTS[part.part]}, "gap": 10})
        chart.set_x_axis({"visible": False, "major_gridlines": {"visible": False}})
        chart.set_y_axis({"visible": False})
        chart.set_legend({"position": "bottom", "font": _FONT})
        self._place(sheet, row, column, chart, size, f"{style.SPLIT}: {formats.span_of_time(split.elapsed_ns)}")

    def timeline(self, sheet: Worksheet, row: int, column: int, size: tuple[int, int]) -> None:
        """Kernel time over the run, stacked by category."""
        timeline = self._analysis.timeline
        first = self._data.add("FIRST OP OF BIN", timeline.first.tolist())
        chart = self._chart("column", "stacked")
        for place, name in enumerate(timeline.categories):
            values = self._data.add(f"TIMELINE: {name} [ns]", timeline.kernel_ns[:, place].tolist())
            colour = self._colour(name)
            chart.add_series({"name": name, "categories": first, "values": values, "fill": {"color": colour}, "gap": 0})
        step = max(1, len(timeline.first) // 10)
        chart.set_x_axis(self._axis("op in run order", interval_unit=step, interval_tick=step))
        chart.set_y_axis(self._axis(style.timeline_axis(timeline), num_format="#,##0", major_gridlines=_GRID_LINES))
        chart.set_legend({"position": "bottom", "font": _FONT})
        self._place(sheet, row, column, chart, size, style.TIMELINE)

    def pareto(self, sheet: Worksheet, row: int, column: int, size: tuple[int, int] = (900, 420)) -> None:
        """Kernel time of the largest groups, and their cumulative share."""
        pareto = self._analysis.pareto
        if not pareto.bars:
            return
        if self._pareto is None:
            self._pareto = (
                self._data.add("GROUP", [style.bar(bar) for bar in pareto.bars]),
                self._data.add(self._words("GROUP: KERNEL TIME [ns]"), [bar.kernel_ns for bar in pareto.bars]),
                self._data.add("GROUP: CUMULATIVE", [bar.cumulative for bar in pareto.bars]),
            )
        names, times, cumulative = self._pareto
        chart = self._chart("column")
        chart.add_series(
            {
                "name": self._words("Σ kernel time [ns]"),
                "categories": names,
                "values": times,
                "fill": {"color": BAR},
                "gap": 40,
            }
        )
        line = self._book.add_chart({"type": "line"})
        assert line is not None
        line.add_series(
            {
                "name": "cumulative share",
                "categories": names,
                "values": cumulative,
                "y2_axis": True,
                "line": {"color": "#D55E00", "width": 2},
                "marker": {"type": "circle", "size": 4, "fill": {"color": "#D55E00"}, "border": {"none": True}},
            }
        )
        line.set_y2_axis(self._axis("", num_format="0%", min=0, max=1))
        chart.combine(line)
        chart.set_x_axis({"num_font": {**_FONT, "size": 8, "rotation": -45}, "line": {"color": RULE_LINE}})
        chart.set_y_axis(self._axis(self._words("kernel time [ns]"), num_format="#,##0", major_gridlines=_GRID_LINES))
        chart.set_legend({"position": "top", "font": _FONT})
        self._place(sheet, row, column, chart, size, style.pareto(pareto))

    def roofline(self, sheet: Worksheet, row: int, column: int, size: tuple[int, int]) -> None:
        """What ops do per ns over what they do per DRAM byte, under the chip's roofs."""
        roofline = self._analysis.roofline
        if not roofline.points:
            return
        chart = self._chart("scatter")
        self._add_points(chart, "ROOFLINE", roofline.points)
        for place, roof in enumerate(roofline.roofs):
            xs, ys = zip(*roofline.line(roof), strict=True)
            name = style.roof(roof)
            chart.add_series(
                {
                    "name": name,
                    "categories": self._data.add(f"ROOF {roof.fidelity}: FLOP/byte", xs),
                    "values": self._data.add(f"ROOF {roof.fidelity}: GFLOP/s", ys),
                    "line": {"color": QUIET, "width": 1.5, "dash_type": _ROOF_DASHES[place % len(_ROOF_DASHES)]},
                    "marker": {"type": "none"},
                }
            )
        low, high = roofline.span
        chart.set_x_axis(self._axis("FLOP per DRAM byte", log_base=10, min=low, max=high, crossing=low))
        bottom, top = roofline.height
        chart.set_y_axis(
            self._axis(
                "GFLOP/s",
                log_base=10,
                num_format="#,##0.###",
                major_gridlines=_GRID_LINES,
                min=bottom,
                max=top,
                crossing=bottom,
            )
        )
        chart.set_legend({"position": "bottom", "font": _FONT})
        self._place(sheet, row, column, chart, size, style.roofline(roofline))

    def core_use(self, sheet: Worksheet, row: int, column: int, size: tuple[int, int]) -> None:
        """Median duration of groups over the cores that they run on."""
        core_use = self._analysis.core_use
        if not core_use.points:
            return
        chart = self._chart("scatter")
        self._add_points(chart, "CORES", core_use.points)
        right = max(core_use.grid or 0, *(point.x for point in core_use.points))
        chart.set_x_axis(self._axis("cores", min=0, max=right, num_format="0", crossing=0))
        chart.set_y_axis(
            self._axis(
                self._words("median kernel duration of point op [ns]"),
                log_base=10,
                num_format="#,##0",
                major_gridlines=_GRID_LINES,
                crossing=1,
            )
        )
        chart.set_legend({"position": "bottom", "font": _FONT})
        self._place(sheet, row, column, chart, size, style.core_use(core_use))

    def areas(
        self,
        sheet: Worksheet,
        row: int,
        column: int,
        size: tuple[int, int],
        title: str,
        order: Points,
        areas: Sequence[tuple[str, Points]],
        limit: int | None = None,
    ) -> None:
        """Memory in use over the ops as stacked areas, each with its name, and `limit` (bytes) as a line above them.

        `order`: the places of the ops in execution order. The points are cells of a sheet.
        """
        chart = self._chart("area", "stacked")
        points = {"categories": order.cells, "categories_data": order.values}
        for name, values in areas:
            fill = {"color": style.MEMORY_COLOURS[name]}
            # The values are passed on as well: XlsxWriter looks for them only in cells that it wrote one by one.
            chart.add_series(
                {"name": name, **points, "values": values.cells, "values_data": values.values, "fill": fill}
            )
        if limit is not None:
            line = self._book.add_chart({"type": "line"})
            assert line is not None
            colour = {"color": style.MEMORY_COLOURS[style.BANK], "width": 1.5, "dash_type": "dash"}
            limits = self._data.add("L1 BANK [B]", [limit] * len(order.values))
            line.add_series({"name": style.BANK, **points, "values": limits, "line": colour})
            chart.combine(line)
        step = max(1, len(order.values) // 10)
        chart.set_x_axis(self._axis("op in run order", interval_unit=step, interval_tick=step))
        chart.set_y_axis(self._axis("bytes", num_format="#,##0", major_gridlines=_GRID_LINES, min=0))
        chart.set_legend({"position": "bottom", "font": _FONT})
        self._place(sheet, row, column, chart, size, title)

    def _add_points(self, chart: Chart, what: str, points: Sequence[Point]) -> None:
        """A series per category; the points with most kernel time carry their names."""
        named = {id(point): place for point, place in placed_names(points)}
        shown = {point.category: self._colour(point.category) for point in points}
        groups: dict[str, list[Point]] = {}
        for point in points:
            groups.setdefault(point.category if shown[point.category] != REST else ALL_ELSE, []).append(point)
        for place, (name, members) in enumerate(groups.items()):
            self._data.add(f"{what} {name}: OP", [f"{point.label} (× {point.count:,})" for point in members])
            colour = self._colours.get(name, REST)
            series: dict[str, Any] = {
                "name": name,
                "categories": self._data.add(f"{what} {name}: x", [point.x for point in members]),
                "values": self._data.add(f"{what} {name}: y", [point.y for point in members]),
                "marker": {
                    "type": _MARKERS[place % len(_MARKERS)],
                    "size": 7,
                    "fill": {"color": colour, "transparency": 25},
                    "border": {"color": colour},
                },
            }
            if sides := [named[id(point)] for point in members if id(point) in named]:
                # A blank first: no name can become a formula. A series has point side for all of its names.
                labels = [
                    {"value": f" {style.short_name(point.label)}"} if id(point) in named else {"delete": True}
                    for point in members
                ]
                series["data_labels"] = {"value": True, "custom": labels, "position": sides[0], "font": _FONT}
            chart.add_series(series)

    def _colour(self, category: str) -> str:
        return self._colours.get(category, REST)

    def _chart(self, kind: str, subtype: str = "") -> Chart:
        chart = self._book.add_chart({"type": kind, **({"subtype": subtype} if subtype else {})})
        assert chart is not None
        # A white background keeps dark letters legible on a dark screen.
        chart.set_chartarea({"border": {"color": RULE_LINE}, "fill": {"color": "#FFFFFF"}})
        return chart

    def _axis(self, name: str, **more: Any) -> dict[str, Any]:
        settings = {"major_gridlines": {"visible": False}, "line": {"color": RULE_LINE}, **more}
        return {"name": name, "name_font": {**_FONT, "bold": False}, "num_font": _FONT, **settings}

    def _place(self, sheet: Worksheet, row: int, column: int, chart: Chart, size: tuple[int, int], title: str) -> None:
        title = self._words(title)
        chart.set_title({"name": title, "name_font": {**_FONT, "size": 11, "bold": True}, "overlay": False})
        chart.set_size({"width": size[0], "height": size[1]})
        # Charts keep place and size when rows are filtered out beneath them.
        sheet.insert_chart(
            row, column, chart, {"x_offset": 4, "y_offset": 4, "object_position": 3, "description": title}
        )


CHART_DATA = "Chart Data"

Range = list[str | int]
"""What XlsxWriter calls the cells of a series: sheet, first row, first column, last row, last column."""


class Points(NamedTuple):
    """Cells of a sheet in a chart, and what they hold (None = an empty cell)."""

    cells: Range
    values: list[float | None]


class ChartData:
    """Collects the columns of sheet Chart Data, and writes them at the end."""

    def __init__(self) -> None:
        self._columns: list[tuple[str, list[Value]]] = []

    def add(self, header: str, values: Sequence[Value]) -> Range:
        """Add a column, and return its cells."""
        self._columns.append((header, list(values)))
        place = len(self._columns) - 1
        return [CHART_DATA, 1, place, max(1, len(values)), place]

    def write(self, sheet: LongWorksheet, styles: Styles) -> None:
        """Write the columns, and keep their points for the charts."""
        set_up_page(sheet)
        sheet.freeze_panes(1, 0)
        sheet.set_row(0, 32)
        rows = max((len(values) for _, values in self._columns), default=0)
        columns = []
        for place, (header, values) in enumerate(self._columns):
            sheet.set_column(place, place, 16)
            texts = any(isinstance(value, str) for value in values)
            padded = [*values, *[None] * (rows - len(values))]
            cells = padded if texts else np.array([math.nan if value is None else value for value in padded], float)
            columns.append(Column(header, cells, "text" if texts else "decimal"))
        put_columns(sheet, styles, columns, rows, 0)
        sheet.keep_points(1, [values for _, values in self._columns])
